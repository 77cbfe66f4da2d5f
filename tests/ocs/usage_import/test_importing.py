"""From usage files to the lake: what is rated how, what is left out, what waits."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from config.column_texts import WordColumn
from config.issues import ConfigError
from config.usage_mapping import load_usage_mapping
from ocs.usage_import.file_import import FileImport, ImportFailedError
from ocs.usage_import.imports import list_imports
from ocs.usage_import.run import Batches
from ocs.usage_import.suspense import read_suspense
from tests.ocs.cdr.lake.building import lake_rows
from tests.ocs.usage_import.small_operator import (
    MAPPINGS,
    call,
    import_file,
    local,
    surroundings,
    voice_file,
)

TRUNK = "NT-IN-1"


def test_a_call_becomes_rows_of_the_lake(tmp_path: Path, engine: Engine) -> None:
    """A line is read by its mapping, priced by the caller's plan, and named by file, line and key."""
    around = surroundings(tmp_path, engine)
    path = voice_file(tmp_path / "calls.csv", call(7, 61, 12, called="0043 699 123"))

    report = import_file(around, path, "voice")

    assert (report.imported.accepted, report.imported.suspended, report.imported.duplicates) == (1, 0, 0)
    columns = (
        "record_id, line, series, sequence, source_file, source_line, payment, account, msisdn, plan, service, "
        "direction, called, calling, destination, network, apn, rating_group, partner, trunk"
    )
    assert lake_rows(around.lake, engine, columns) == [
        (
            "voice:M1/7", 0, "import-voice", 1, str(path), 2, "postpaid", "a12", "49170000012", "flat", "voice",
            "outgoing", "43699123", "49170000012", "austria", "26201", None, None, None, None,
        )
    ]  # fmt: skip
    columns = (
        "started_ms, ended_ms, unit_kind, used_units, rule, catalogue, band, units, price_micros, per_units, "
        "rounding, amount_micros, currency, tax, bucket"
    )
    start = local("2026-11-03 17:01:22")
    assert lake_rows(around.lake, engine, columns) == [
        (start, start + 61_000, "seconds", 61, "flat/calls", "c0ffee", None, 61, 60_000, 60, 0, 61_000, "EUR",
         "telecom", None)
    ]  # fmt: skip


def test_the_four_example_mappings(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Calls, messages, data and trunk records by the mappings that come along, each in its own series."""
    around = surroundings(tmp_path, sqlite_engine)
    started = local("2026-11-03 17:01:22")
    voice_file(tmp_path / "v.csv", call(1, 60, 12))
    (tmp_path / "s.txt").write_text(f"m1\t{started}\t0170000012\t+4369912\t3\n")
    (tmp_path / "d.psv").write_text(
        "CHARGING_ID|SEQUENCE|START|STOP|MSISDN|APN|RG|UPLINK|DOWNLINK|PLMN|RAT\n"
        "9|1|2026-11-03T18:01:22+01:00|2026-11-03T19:01:22+01:00|49170000012|web|10|1500000|500000|26201|NR\n"
    )
    (tmp_path / "t.csv").write_text(
        "RECORD;TRUNK;DIRECTION;SEIZED;ANSWERED_S;A;B\n"
        f"900001;{TRUNK};IN;03.11.2026 18:01:22;61;+43699123456;+491701234567\n"
    )
    for name, mapping in (("v.csv", "voice"), ("s.txt", "sms"), ("d.psv", "data"), ("t.csv", "trunk")):
        report = import_file(around, tmp_path / name, mapping)
        assert (report.imported.accepted, report.imported.suspended) == (1, 0), name

    columns = "series, payment, account, called, partner, trunk, unit_kind, used_units, rule, amount_micros"
    partner = load_usage_mapping(MAPPINGS / "trunk.yaml").partner
    assert isinstance(partner, WordColumn)
    assert lake_rows(around.lake, sqlite_engine, columns) == [
        ("import-data", "postpaid", "a12", None, None, None, "octets", 2_000_000, "flat/data", 2_000_000),
        ("import-sms", "postpaid", "a12", "4369912", None, None, "units", 3, "flat/messages", 150_000),
        (
            "import-trunk",
            "settlement",
            None,
            "491701234567",
            partner.values[TRUNK],
            TRUNK,
            "seconds",
            61,
            None,
            0,
        ),
        ("import-voice", "postpaid", "a12", "49301234567", None, None, "seconds", 60, "flat/calls", 60_000),
    ]
    assert {row[0] for row in lake_rows(around.lake, sqlite_engine, "started_ms")} == {started}


def test_a_key_is_the_same_whatever_lines_are_beside_it(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A part of a key with a sign that parts are told apart by is written so that each key is one record's."""
    around = surroundings(tmp_path, sqlite_engine)
    alone = import_file(around, voice_file(tmp_path / "a.csv", call("7%2F1", 60, 12)), "voice")
    beside = import_file(
        around, voice_file(tmp_path / "b.csv", call("7/1", 60, 12), call("7%2F1", 60, 12)), "voice"
    )
    assert (alone.imported.accepted, beside.imported.accepted, beside.imported.duplicates) == (1, 1, 1)
    assert [key for (key,) in lake_rows(around.lake, sqlite_engine, "record_id")] == [
        "voice:M1/7%252F1",
        "voice:M1/7%2F1",
    ]


def test_usage_moves_counters_and_bundles_in_the_order_of_the_file(tmp_path: Path, engine: Engine) -> None:
    """100 minutes are included, the next 100 cost 0.06, what is beyond costs half; each month begins anew."""
    around = surroundings(tmp_path, engine)
    first = [call(number, 3000, 3, f"2026-11-{number:02d} 10:00:00") for number in (1, 2, 3, 4, 5)]
    import_file(around, voice_file(tmp_path / "a.csv", *first), "voice")
    late = [call(8, 600, 3, "2026-10-30 10:00:00"), call(9, 600, 3, "2026-11-06 10:00:00")]
    import_file(around, voice_file(tmp_path / "b.csv", *late), "voice")

    assert lake_rows(around.lake, engine, "record_id, line, units, amount_micros, bucket") == [
        ("voice:M1/1", 0, 3000, 0, "talk/hundred"),
        ("voice:M1/2", 0, 3000, 0, "talk/hundred"),
        ("voice:M1/3", 0, 3000, 3_000_000, None),
        ("voice:M1/4", 0, 3000, 3_000_000, None),
        ("voice:M1/5", 0, 3000, 1_500_000, None),
        ("voice:M1/8", 0, 600, 0, "talk/hundred"),
        ("voice:M1/9", 0, 600, 300_000, None),
    ]


def test_a_call_over_the_end_of_a_month_uses_the_bundle_of_its_beginning(
    tmp_path: Path, sqlite_engine: Engine
) -> None:
    """Until it is used up: nobody pays for what the end of the month cut off, in whatever zone it ends."""
    around = surroundings(tmp_path, sqlite_engine)
    over = [call(1, 600, 3, "2026-11-01 00:59:30"), call(2, 600, 3, "2026-10-31 23:59:30")]
    long = call(3, 6060, 4, "2026-11-01 00:59:30")
    import_file(around, voice_file(tmp_path / "a.csv", *over, long), "voice")

    assert lake_rows(around.lake, sqlite_engine, "record_id, units, amount_micros, bucket") == [
        ("voice:M1/1", 600, 0, "talk/hundred"),
        ("voice:M1/2", 600, 0, "talk/hundred"),
        ("voice:M1/3", 60, 60_000, None),
        ("voice:M1/3", 6000, 0, "talk/hundred"),
    ]


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        ("M1,1,2026-11-03 18:01:22,60,0170000012,030123,MOC,26201\n", "fields", "8 fields, not 9"),
        (call("", 60, 12), "key", "CALL_ID, which makes a record unique, is empty"),
        (call(1, 60, 12, "2026-11-31 18:01:22"), "time", "'2026-11-31 18:01:22' is not a time such as"),
        (call(1, 60, 12, "2026-03-29 02:30:00"), "time", "was left out when Europe/Berlin changed its clocks"),
        (call(1, 60, 12, "2026-12-03 18:01:22"), "future", "it begins more than a day from now"),
        (call(1, -60, 12), "amount-of-use", "'-60' is not a duration"),
        (call(1, 60, 12, called="030x"), "number", "called '030x' is not a number"),
        (call(1, 60, 12, type="QQQ"), "word", "direction 'QQQ' is not in the mapping"),
        (call(1, 60, 99), "no-subscription", "nobody had the number 49170000099 then"),
        (call(1, 60, 12, "2025-11-03 18:01:22"), "no-subscription", "nobody had the number 49170000012 then"),
        (call(1, 60, 20), "prepaid-plan", "plan 'payg' is prepaid"),
        (call(1, 60, 3, type="CFW"), "not-rated", "no rule: talk/voice"),
        (call(1, 60, 3, type="MTC"), "no-subscription", "nobody had the number 49301234567 then"),
        ("M1,\x00," + call(1, 60, 12)[5:], "characters", "there is a control character in it"),
        ('M1,"1' + call(1, 60, 12)[4:], "quotes", "not CSV"),
    ],
)
def test_what_is_no_usage_waits_with_its_place_and_why(
    tmp_path: Path, sqlite_engine: Engine, line: str, code: str, reason: str
) -> None:
    """A line that can not be rated is in the suspense file with file, line, code and reason; others are not."""
    around = surroundings(tmp_path, sqlite_engine)
    path = voice_file(tmp_path / "calls.csv", call(7, 1, 12), line, call(8, 1, 12))

    report = import_file(around, path, "voice")

    assert (report.imported.accepted, report.imported.suspended) == (2, 1)
    (waiting,) = read_suspense(report.suspense)
    assert (waiting.import_id, waiting.line, waiting.file, waiting.text) == (1, 3, str(path), line.rstrip("\n"))
    assert waiting.refusal.code == code
    assert reason in waiting.refusal.reason
    assert lake_rows(around.lake, sqlite_engine, "record_id, source_line") == [
        ("voice:M1/7", 2),
        ("voice:M1/8", 4),
    ]


def test_progress_is_told_within_a_batch(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Octets go up while a batch is read and rated, up to those of the file; records count with a commit."""
    around = surroundings(tmp_path, sqlite_engine)
    path = voice_file(tmp_path / "a.csv", *(call(number, 60, 12) for number in range(4)))
    batches = Batches(around, "voice", load_usage_mapping(MAPPINGS / "voice.yaml"))
    batches.open()
    told: list[tuple[int, int, int]] = []
    FileImport(batches, path).run(lambda *done: told.append(done))
    batches.close()

    octets = path.stat().st_size
    assert [records for _, _, records in told] == [0, 0, 4]
    assert sorted(told) == told
    assert 0 < told[0][0] < told[1][0] < octets
    assert told[-1] == (octets, octets, 4)


def test_an_incoming_call_is_of_who_is_called(tmp_path: Path, sqlite_engine: Engine) -> None:
    """The mapping chooses the subscriber's column by the call's direction; who calls is the calling party."""
    around = surroundings(tmp_path, sqlite_engine)
    incoming = call(1, 60, 99, type="MTC", called="0170 000012")
    import_file(around, voice_file(tmp_path / "a.csv", incoming, call(2, 60, 13)), "voice")

    columns = "msisdn, account, direction, calling, called"
    assert lake_rows(around.lake, sqlite_engine, columns) == [
        ("49170000012", "a12", "incoming", "49170000099", "49170000012"),
        ("49170000013", "a13", "outgoing", "49170000013", "49301234567"),
    ]


def test_a_word_that_chooses_no_column_is_no_usage(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Without `otherwise`, a line whose word is not among `columns` waits, and the reason names both."""
    text = (MAPPINGS / "voice.yaml").read_text()
    chosen = text.replace(
        "columns: { MTC: B_NUMBER }, otherwise: A_NUMBER", "columns: { MOC: A_NUMBER, MTC: B_NUMBER }"
    )
    assert chosen != text
    (tmp_path / "voice.yaml").write_text(chosen)
    around = surroundings(tmp_path, sqlite_engine)
    batches = Batches(around, "voice", load_usage_mapping(tmp_path / "voice.yaml"))
    batches.open()
    path = voice_file(tmp_path / "a.csv", call(1, 60, 12, type="CFW"), call(2, 60, 12))
    report = FileImport(batches, path).run()
    batches.close()

    (waiting,) = read_suspense(report.suspense)
    assert (waiting.line, waiting.refusal.code) == (2, "word")
    assert waiting.refusal.reason == "msisdn is chosen by TYPE, whose 'CFW' is not in the mapping"
    assert report.imported.accepted == 1


def test_lines_that_are_not_wanted_are_counted(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Calls that never connected are left out by the mapping's `where`, neither rated nor suspended."""
    around = surroundings(tmp_path, sqlite_engine)
    report = import_file(
        around, voice_file(tmp_path / "a.csv", call(1, 0, 99, cause="17"), call(2, 9, 12)), "voice"
    )

    assert (report.imported.accepted, report.imported.ignored, report.imported.suspended) == (1, 1, 0)


def test_a_wrong_mapping_is_said_before_anything_is_suspended(tmp_path: Path, sqlite_engine: Engine) -> None:
    """A header without the mapping's columns, or a hundred lines of which none is usage, import nothing."""
    around = surroundings(tmp_path, sqlite_engine)
    (tmp_path / "a.csv").write_text("A,B\n1,2\n")
    with pytest.raises(ConfigError, match=r"a\.csv:1: there is no column 'SWITCH'"):
        import_file(around, tmp_path / "a.csv", "voice")
    path = voice_file(tmp_path / "b.csv", *(call(number, 1, 12, "03.11.2026 10:00") for number in range(120)))
    with pytest.raises(
        ImportFailedError, match=r"b\.csv:2: '03\.11\.2026 10:00' is not a time .* none of 120 lines"
    ):
        import_file(around, path, "voice")
    with sqlite_engine.connect() as connection:
        assert list_imports(connection) == []
    assert not around.suspense.exists()


def test_local_times_that_come_twice(tmp_path: Path, sqlite_engine: Engine) -> None:
    """Between two and three at night in October the first of two instants is meant; others are right."""
    around = surroundings(tmp_path, sqlite_engine)
    hours = ("01:59:59", "02:00:00", "02:59:59", "03:00:00")
    lines = [call(number, 1, 12, f"2026-10-25 {hour}") for number, hour in enumerate(hours)]
    import_file(around, voice_file(tmp_path / "a.csv", *lines), "voice")

    wanted = ("2026-10-24 23:59:59", "2026-10-25 00:00:00", "2026-10-25 00:59:59", "2026-10-25 02:00:00")
    assert lake_rows(around.lake, sqlite_engine, "started_ms") == [(local(text),) for text in wanted]
