"""A lake of trunk records, and a settlement on it whose documents are JSON alone."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Engine

from config.settings_schema import EXAMPLE_OPERATOR
from config.settlement_file import load_agreements
from config.settlement_terms import PartnerAgreements
from ocs.cdr.lake import Lake
from ocs.cdr.lake.appending import ROWS, LakeAppender
from ocs.cdr.lake.columns import COLUMNS
from ocs.settlement.folders import SettlementFolder
from ocs.settlement.run import Settlement
from ocs.settlement.statement import Statement, canonical_json

PARTNERS = EXAMPLE_OPERATOR / "partners"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
LONG_AFTER_MS = 1_900_000_000_000


def at(text: str, zone: str = "Europe/Stockholm") -> int:
    """The milliseconds of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def call(record_id: str, **fields: Any) -> dict[str, Any]:
    """A record of a voice call from NorthTel; ``fields`` say what is different."""
    record: dict[str, Any] = {
        "record_id": record_id,
        "line": 0,
        "payment": "settlement",
        "service": "voice",
        "direction": "incoming",
        "called": "447700000001",
        "calling": "4681234567",
        "partner": "northtel",
        "trunk": "NT-IN-1",
        "started_ms": at("2026-11-03 12:00:00"),
        "unit_kind": "seconds",
        "used_units": 60,
    }
    record |= fields
    record.setdefault("ended_ms", record["started_ms"] + 1000 * record["used_units"])
    return record


def append(
    folder: Path, engine: Engine, records: Iterable[dict[str, Any]], series: str = "import-trunk"
) -> None:
    """Put records into the lake, as one commit."""
    appender = LakeAppender(folder / "lake", engine, series, lambda: 1_790_000_000_000)
    appender.open()
    first = appender.next_sequence
    rows = [
        [{**record, "series": series, "sequence": first + number}.get(column) for column in COLUMNS]
        for number, record in enumerate(records)
    ]
    marks = f"({', '.join('?' * len(COLUMNS))})"
    for some in (rows[begin : begin + 100] for begin in range(0, len(rows), 100)):
        values = ", ".join([marks] * len(some))
        flat = [value for row in some for value in row]
        appender.connection.execute(f"INSERT INTO {ROWS} VALUES {values}", flat)  # noqa: S608 - our names
    appender.commit(first + len(rows) - 1)
    appender.close()


def json_only(statement: Statement, folder: Path) -> list[Path]:
    """The documents of a statement for tests that look at none."""
    path = folder / "statement.json"
    path.write_bytes(canonical_json(statement))
    return [path]


def settlement_of(folder: Path, engine: Engine) -> Settlement:
    """A settlement on the lake of a folder."""
    connection = duckdb.connect(config={"threads": 2})
    lake = Lake(folder / "lake", engine, connection)
    return Settlement(engine, lake, SettlementFolder(folder / "settlement"), json_only)


def example_agreements(partner: str = "northtel") -> PartnerAgreements:
    """Those of an example partner."""
    return load_agreements(PARTNERS)[partner]


def random_calls(seed: int, count: int, month: str = "2026-11", prefix: str = "r") -> Iterator[dict[str, Any]]:
    """NorthTel traffic of a month, both ways, every prefix of the deck, bands and tiers crossed."""
    rng = random.Random(seed)
    numbers = [
        "1555",
        "33123",
        "336",
        "33712",
        "4612",
        "467099",
        "4930",
        "4915",
        "4917",
        "49900",
        "5255",
        "8135",
    ]
    begin = at(f"{month}-01 00:00:00")
    for index in range(count):
        incoming = rng.random() < 0.5
        yield call(
            f"{prefix}-{index}",
            direction="incoming" if incoming else "outgoing",
            trunk=rng.choice(["NT-IN-1", "NT-IN-2"]) if incoming else "NT-OUT-1",
            called="4477" + str(rng.randrange(10**8))
            if incoming
            else rng.choice(numbers) + str(rng.randrange(10**6)),
            calling=str(rng.randrange(10**11)),
            started_ms=begin + rng.randrange(29 * 86_400_000),
            used_units=rng.choice([0, 1, 59, 60, 61, *[rng.randrange(7200) for _ in range(3)]]),
        )
