"""The rows of a batch on their way to DuckDB: a text file, of the columns that differ from row to row."""

from __future__ import annotations

from itertools import count, repeat
from pathlib import Path
from typing import Final

from ocs.cdr.lake.appending import ROWS
from ocs.cdr.lake.columns import COLUMN_LIST, COLUMNS, sql_text
from ocs.usage_import.conversion import Batch
from ocs.usage_import.rated_rows import PART, RATED_COLUMNS, Columns

_HEAD: Final = ("record_id", "source_line", "started_ms", "ended_ms")
_HEAD_TEXTS: Final = (
    "msisdn",
    "service",
    "direction",
    "called",
    "calling",
    "network",
    "apn",
    "rating_group",
    "partner",
    "trunk",
)
_MEASURES: Final = (("seconds", "seconds"), ("octets", "octets"), ("units", "units"))


def columns_of(batch: Batch) -> Columns:
    """A batch as pricing wants it; the texts of its records that no price changes are put together here."""
    columns = [
        batch.keys,
        map(str, batch.lines),
        map(str, batch.started_ms),
        map(str, batch.ended_ms),
        *(batch.texts[name] for name in _varying(batch)),
    ]
    heads = list(map(PART.join, zip(*columns, strict=True)))
    measures = [batch.octets, batch.input_octets, batch.output_octets, batch.seconds, batch.units]
    return Columns(heads, batch.lines, batch.started_ms, batch.ended_ms, measures, batch.texts)


def settlement_rows(batch: Batch, first_sequence: int) -> list[str]:
    """One row for each trunk record: its units, and no price."""
    kind, used = next(
        ((kind, column) for name, kind in _MEASURES if (column := getattr(batch, name)) and column[0] >= 0),
        ("units", [0] * len(batch.lines)),
    )
    texts = list(map(str, used))
    empty = [""] * len(texts)
    columns = {
        "sequence": map(str, count(first_sequence)),
        "unit_kind": repeat(kind),
        "used_units": texts,
        "line": repeat("0"),
        "units": texts,
        "amount_micros": repeat("0"),
    }
    behind = (columns.get(name, empty) for name in RATED_COLUMNS)
    return list(map(PART.join, zip(columns_of(batch).heads, *behind, strict=False)))


def insert_rows_of(path: Path, batch: Batch, constants: dict[str, str]) -> str:
    """The statement that puts a staged file's rows among those that wait; ``constants`` are texts of all rows.

    ``catalogue`` stands only in rows that a rule priced.
    """
    staged = (*_HEAD, *_varying(batch), *RATED_COLUMNS)
    types = ", ".join(f"{sql_text(name)}: {sql_text(COLUMNS[name])}" for name in staged)
    same = {name: text for name, text in batch.constants.items() if text and name in COLUMNS} | constants
    values = []
    for name, kind in COLUMNS.items():
        if name == "catalogue":
            values.append(f"CASE WHEN rule IS NOT NULL THEN {sql_text(same[name])} END")
        elif name in same:
            values.append(f"{sql_text(same[name])}::{kind}")
        else:
            values.append(name if name in staged else "NULL")
    return f"""
        INSERT INTO {ROWS} ({COLUMN_LIST}) SELECT {", ".join(values)}
        FROM read_csv({sql_text(str(path))}, header = false, auto_detect = false, delim = '{PART}', quote = '',
            escape = '', nullstr = '', strict_mode = true, columns = {{{types}}})
    """  # noqa: S608 - quoted by sql_text


def _varying(batch: Batch) -> list[str]:
    """The texts that differ from record to record."""
    return [name for name in _HEAD_TEXTS if name not in batch.constants]
