"""Logs: subscriber numbers are hidden above debug, and lines are JSON where that is wished."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from ocs.logs import configure_logs, masked


@pytest.fixture(autouse=True)
def _structlog_as_before() -> Iterator[None]:
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # else configure_logs would close those of pytest
    yield
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    """The JSON lines that were logged."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_numbers_are_hidden_above_debug() -> None:
    """Fields that hold numbers show three digits, and so do numbers in any text, octets among them."""
    stream = io.StringIO()
    configure_logs("debug", "json", stream)
    log = structlog.get_logger(component="charging")
    log.info(
        "no plan for 447700000001", msisdn="447700000001", imsi=b"234150000000001", account="12345", tries=3
    )
    line = lines_of(stream)[0]
    assert line["event"] == "no plan for *********001"
    assert (line["msisdn"], line["imsi"], line["account"]) == ("*********001", "************001", "**345")
    assert (line["level"], line["component"], line["tries"]) == ("info", "charging", 3)


def test_numbers_are_shown_at_debug() -> None:
    """Who switches debug on wants to see them."""
    stream = io.StringIO()
    configure_logs("debug", "json", stream)
    structlog.get_logger().debug("seen", msisdn="447700000001")
    assert lines_of(stream)[0]["msisdn"] == "447700000001"


def test_record_files_keep_their_names() -> None:
    """The numbers of a file's name are no subscribers."""
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    structlog.get_logger().info("record file complete", file="cdr-p0-000000000001-000000100000.jsonl")
    assert lines_of(stream)[0]["file"] == "cdr-p0-000000000001-000000100000.jsonl"


def test_a_number_in_a_traceback_is_hidden() -> None:
    """Exceptions often name what they choked on."""
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    try:
        int("447700000001x")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "447700000001" not in stream.getvalue()
    assert "*********001" in stream.getvalue()


def test_the_standard_library_logs_the_same_way() -> None:
    """The store's client and asyncio, which know no structlog, write lines of JSON and hide numbers as well."""
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    logging.getLogger("balance.redis_store.client").warning("%s: lost 447700000001", "unix:/store")
    try:
        int("447700000001x")
    except ValueError:
        logging.getLogger("asyncio").exception("failed")
    logging.getLogger("asyncio").info("silent")
    lost, failed = lines_of(stream)
    assert lost["event"] == "unix:/store: lost *********001"
    assert (lost["level"], lost["component"]) == ("warning", "balance.redis_store.client")
    assert "timestamp" in lost
    assert "ValueError" in str(failed["exception"])
    assert "447700000001" not in stream.getvalue()


def test_levels_filter_and_console_lines_are_for_people() -> None:
    """Below the level nothing is written; the console style is one line an event."""
    stream = io.StringIO()
    configure_logs("warning", "console", stream)
    log = structlog.get_logger()
    log.info("silent")
    log.warning("heard", peer="pgw1")
    assert "silent" not in stream.getvalue()
    assert "heard" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_unknown_words_are_refused() -> None:
    """A level or style that does not exist is an error, not a default."""
    with pytest.raises(ValueError, match="loud"):
        configure_logs("loud", "json")
    with pytest.raises(ValueError, match="xml"):
        configure_logs("info", "xml")


def test_short_numbers_are_masked_too() -> None:
    """Three digits at most are seen."""
    assert [masked(text) for text in ("", "12", "1234")] == ["", "12", "*234"]
