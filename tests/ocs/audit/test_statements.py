"""The audit of statements with partners: clean ones pass, whatever is tampered with is found and named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ocs.audit.offline.run import audit_offline
from ocs.cdr.lake import Lake
from ocs.database import migrate, open_database, writing
from tests.ocs.settlement.trunk_lake import (
    LONG_AFTER_MS,
    append,
    call,
    example_agreements,
    random_calls,
    settlement_of,
)

DAY = "2026-12-20"


def settle(folder: Path, engine: Engine) -> None:
    """Two months of one partner, one of another who is paid in another currency, and an agreed amount."""
    append(folder, engine, random_calls(7, 40))
    append(folder, engine, [call("y", partner="pacific", trunk="PV-OUT", direction="outgoing", called="8190")])
    settlement = settlement_of(folder, engine)
    for partner, month in (("northtel", "2026-11"), ("northtel", "2026-12"), ("pacific", "2026-11")):
        settlement.run(example_agreements(partner), month, LONG_AFTER_MS, issue_day=DAY)
    agreements = example_agreements()
    settlement.credit(agreements, "S-2026-000001", "incoming", -1_230_000, "dispute 7 settled", DAY)


def differences(folder: Path, engine: Engine) -> list[str]:
    """What the audit finds."""
    return audit_offline(engine, Lake(folder / "lake", engine)).differences


def test_clean_statements_pass(engine: Engine, tmp_path: Path) -> None:
    """Both databases; conversion, an empty month and an agreed amount included."""
    settle(tmp_path, engine)
    assert differences(tmp_path, engine) == []


@pytest.fixture(scope="module")
def settled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with statements, on SQLite."""
    folder = tmp_path_factory.mktemp("settled")
    engine = open_database(f"sqlite:///{folder / 'ocs.db'}")
    migrate(engine)
    settle(folder, engine)
    engine.dispose()
    return folder


@pytest.fixture
def settled(settled_folder: Path, tmp_path: Path) -> Iterator[tuple[Path, Engine]]:
    """A copy of it, to be tampered with."""
    folder = tmp_path / "copy"
    shutil.copytree(settled_folder, folder)
    engine = open_database(f"sqlite:///{folder / 'ocs.db'}")
    yield folder, engine
    engine.dispose()


_IN_CONTENT = (
    "UPDATE settlement_statement SET content = json_set(content, '{path}', "
    "json_extract(content, '{path}') + {more}) WHERE statement_id = {statement}"
)


def in_content(path: str, more: int, statement: int = 1) -> str:
    """A number of a document changed."""
    return _IN_CONTENT.format(path=f"$.{path}", more=more, statement=statement)


TAMPERED: list[tuple[str, str]] = [
    (
        (
            "UPDATE settlement_total SET usage_micros = usage_micros + 10000, "
            "total_micros = total_micros + 10000 WHERE statement_id = 1 AND direction = 'incoming'"
        ),
        "statement S-2026-000001: the totals in the database are not those of the document",
    ),
    (
        "UPDATE settlement_total SET due_micros = due_micros + 10000 WHERE statement_id = 1",
        "statement S-2026-000001: the totals in the database",
    ),
    (
        "DELETE FROM settlement_total WHERE statement_id = 1",
        "statement S-2026-000001: the totals in the database",
    ),
    (in_content("lines[0].amount_micros", 1000), "statement S-2026-000001: line 1 is"),
    (in_content("lines[0].amount_micros", 1), "statement S-2026-000001, incoming in EUR: its lines are"),
    (in_content("totals[0].due_micros", 10_000), "what is due is not the total less what was stated before"),
    (in_content("totals[0].total_micros", 10_000), "in whole coins"),
    (in_content("totals[0].rounding_micros", 1), "sum and rounding are not the total"),
    (in_content("net[0].net_micros", 10_000), "statement S-2026-000001: its net is not what is due both ways"),
    (in_content("conversions[0].converted_micros", 1_000_000, 3), "micros were converted at 149.75"),
    (in_content("conversions[0].due_micros", 10_000, 3), "what is converted is not what is due outgoing"),
    (
        "UPDATE settlement_statement SET unrated = 1 WHERE statement_id = 1",
        "statement S-2026-000001: unrated is 1, in its document 0",
    ),
    (
        "UPDATE settlement_statement SET issue_day = '2027-01-01' WHERE statement_id = 1",
        "statement S-2026-000001: issue_day is '2027-01-01', in its document '2026-12-20'",
    ),
    (
        "UPDATE settlement_run SET after_file = 0 WHERE run_id = 2",
        "statement S-2026-000002 does not follow the one before",
    ),
    (
        "UPDATE settlement_run SET lake_cut = lake_cut + 1 WHERE run_id = 1",
        "statement S-2026-000001: its run's lake_cut is",
    ),
    ("UPDATE settlement_statement SET content = '{' WHERE statement_id = 1", "its content can not be read"),
    (
        "UPDATE settlement_statement SET number = 'S-2026-000009' WHERE statement_id = 3",
        "series S-2026 has no number 3, 4, 5, 6, 7",
    ),
    (
        (
            "DELETE FROM settlement_counter WHERE statement_id = 3; "
            "DELETE FROM settlement_total WHERE statement_id = 3; "
            "DELETE FROM settlement_statement WHERE statement_id = 3"
        ),
        "the settlement of pacific for 2026-11 is committed, and has no statement",
    ),
    (
        (
            "DELETE FROM settlement_total WHERE statement_id = 4; "
            "DELETE FROM settlement_statement WHERE statement_id = 4"
        ),
        "series C-2026 was taken up to 1, 0 is the last that is there",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), TAMPERED)
def test_what_was_tampered_with_is_found(settled: tuple[Path, Engine], change: str, sentence: str) -> None:
    """One fact at a time."""
    folder, engine = settled
    with writing(engine) as connection:
        for statement in change.split("; "):
            connection.execute(text(statement))

    found = differences(folder, engine)

    assert any(sentence in one for one in found), found
