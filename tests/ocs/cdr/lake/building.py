"""Lakes for tests: rows as dictionaries, journals of records, and all that a lake holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ocs.cdr.files import sealed_name
from ocs.cdr.lake import Lake
from ocs.cdr.lake.appending import ROWS, LakeAppender
from ocs.cdr.lake.columns import COLUMNS
from ocs.charging.record import time_octets

NOW_MS = 1_795_824_000_000
"""2026-11-28 00:00 UTC."""
Row = dict[str, Any]


def put_rows(directory: Path, engine: Engine, series: str, rows: Sequence[Row]) -> list[int]:
    """Append rows to the lake as one commit; the numbers of its files.

    Rows of one record share ``record_id``; ``sequence``, ``line`` and ``series`` are given here. What a row
    does not name is NULL, but ``payment`` ('postpaid'), ``amount_micros`` (0) and ``currency`` ('EUR').
    """
    appender = LakeAppender(directory, engine, series, lambda: NOW_MS)
    appender.open()
    try:
        sequences: dict[str, int] = {}
        lines: dict[str, int] = {}
        for row in rows:
            record = row["record_id"]
            sequence = sequences.setdefault(record, appender.next_sequence + len(sequences))
            line = lines.get(record, -1) + 1
            lines[record] = line
            whole = {"payment": "postpaid", "amount_micros": 0, "currency": "EUR", **row}
            whole |= {"series": series, "sequence": sequence, "line": line}
            unknown = set(whole) - set(COLUMNS)
            assert not unknown, unknown
            values = [whole.get(name) for name in COLUMNS]
            marks = ", ".join("?" * len(values))
            appender.connection.execute(f"INSERT INTO {ROWS} VALUES ({marks})", values)  # noqa: S608 - our names
        return appender.commit(appender.next_sequence + len(sequences) - 1)
    finally:
        appender.close()


def record(sequence: int, started_ms: int = NOW_MS, **fields: Any) -> Row:
    """A record of the journal, as ``ocs serve`` writes it."""
    return {
        "sequence": sequence,
        "record_id": f"s{sequence}#1",
        "record_version": 1,
        "session_id": f"s{sequence}",
        "account": f"a{sequence % 3}",
        "msisdn": "447700000001",
        "plan": "payg",
        "service": "data",
        "apn": "internet",
        "rating_group": None,
        "opened_at": time_octets(started_ms).decode(),
        "closed_at": time_octets(started_ms + 5000).decode(),
        "unit_kind": "octets",
        "used_units": 100,
        "amount_micros": sum(charge["amount_micros"] for charge in fields.get("charges", [])),
        "currency": "EUR",
        "charges": [],
        "buckets": [],
        **fields,
    }


def write_journal(directory: Path, records: Iterable[Row]) -> None:
    """Put records, dense in their sequence, into one complete file of a journal."""
    lines = [json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in records]
    directory.mkdir(parents=True, exist_ok=True)
    first = json.loads(lines[0])["sequence"]
    (directory / sealed_name(first, first + len(lines) - 1)).write_bytes(b"".join(lines))


def lake_rows(directory: Path, engine: Engine, columns: str = "*") -> list[tuple[Any, ...]]:
    """What the lake holds, by series, sequence and line."""
    lake = Lake(directory, engine)
    found = lake.relation().order("series, sequence, line").project(columns).fetchall()
    lake.connection.close()
    return found
