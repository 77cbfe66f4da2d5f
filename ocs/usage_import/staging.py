"""The rows of a batch on their way to DuckDB: a text file for each day, of the columns that differ."""

from __future__ import annotations

from itertools import count, repeat
from pathlib import Path
from typing import Final

from ocs.cdr.lake.appending import DayRows
from ocs.cdr.lake.columns import COLUMNS, sql_text
from ocs.usage_import.conversion import Batch
from ocs.usage_import.rated_rows import RATED_COLUMNS, Columns, Rated
from ocs.usage_import.staged_day import StagedDay
from ocs.usage_import.tenure import PART

MOST_ROWS: Final = 4000
"""So many rows of a day wait in memory."""
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
    parts = [
        batch.keys,
        map(str, batch.lines),
        map(str, batch.started_ms),
        map(str, batch.ended_ms),
        *(batch.texts[name] for name in _varying(batch)),
    ]
    heads = list(map(PART.join, zip(*parts, strict=True)))
    measures = [batch.octets, batch.input_octets, batch.output_octets, batch.seconds, batch.units]
    columns = Columns(heads, batch.lines, batch.started_ms, batch.ended_ms, measures, batch.texts)
    return columns.look_at(batch.constants)


def settle(batch: Batch, rated: Rated) -> None:
    """One row for each trunk record: its units, and no price."""
    kind, used = next(
        ((kind, column) for name, kind in _MEASURES if (column := getattr(batch, name)) and column[0] >= 0),
        ("units", [0] * len(batch.lines)),
    )
    texts = list(map(str, used))
    empty = [""] * len(texts)
    columns = {
        "sequence": map(str, count(rated.next_sequence)),
        "unit_kind": repeat(kind),
        "used_units": texts,
        "line": repeat("0"),
        "units": texts,
        "amount_micros": repeat("0"),
    }
    behind = (columns.get(name, empty) for name in RATED_COLUMNS)
    rows = map(PART.join, zip(columns_of(batch).heads, *behind, strict=False))
    for row, started_ms in zip(rows, batch.started_ms, strict=True):
        day = rated.day_of(started_ms)
        day.rows.append(row)
        day.count_record(1, "", 0)
    rated.next_sequence += len(texts)


class StagedDays:
    """The rows of a batch by day, in files of the staging folder until ``clear``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.days: dict[int, StagedDay] = {}
        self._query = ""

    def begin(self, batch: Batch, constants: dict[str, str]) -> None:
        """Say what the rows to come have in common: the constants of their batch, and ``constants``."""
        self._query = rows_query(batch, constants)

    def put_away(self, most_rows: int = MOST_ROWS) -> None:
        """Write out the rows of each day that has more than so many in memory."""
        for number, day in self.days.items():
            if len(day.rows) > most_rows:
                with self._path(number).open("a", encoding="utf-8") as stream:
                    stream.write("\n".join(day.rows) + "\n")
                day.rows = []

    def rows(self) -> list[DayRows]:
        """Each day's rows as the lake wants them."""
        self.put_away(0)
        return [
            DayRows(
                number,
                int(day.count),
                int(day.records),
                day.amounts(),
                self._query.format(sql_text(str(self._path(number)))),
            )
            for number, day in sorted(self.days.items())
        ]

    def clear(self) -> None:
        """Forget them."""
        for number in self.days:
            self._path(number).unlink(missing_ok=True)
        self.days = {}

    def _path(self, number: int) -> Path:
        return self._folder / f"rows-{number}.csv"


def rows_query(batch: Batch, constants: dict[str, str]) -> str:
    """The query of a staged file's rows, whose path stands in for ``{}``; ``constants`` are texts of all rows.

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
            values.append(name if name in staged else f"NULL::{kind}")
    chosen = ", ".join(f"{value} AS {name}" for value, name in zip(values, COLUMNS, strict=True))
    head = f"SELECT {chosen} FROM read_csv(".replace("{", "{{").replace("}", "}}")  # noqa: S608 - quoted by sql_text
    return head + (
        f"{{}}, header = false, auto_detect = false, delim = '{PART}', quote = '', escape = '', nullstr = '', "
        f"strict_mode = true, columns = {{{{{types}}}}})"
    )


def _varying(batch: Batch) -> list[str]:
    """The texts that differ from record to record."""
    return [name for name in _HEAD_TEXTS if name not in batch.constants]
