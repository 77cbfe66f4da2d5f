"""Appending to the lake: rows that wait in DuckDB become files, which count by one commit of the manifest.

First the files get their names, then the manifest is committed. A crash between leaves files that nobody knows:
the next writer of the series removes them, under the series' lock, and makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
from sqlalchemy import Connection, Engine

from ocs.cdr.disk import Disk
from ocs.cdr.lake.columns import COLUMN_LIST, TABLE_COLUMNS, sql_text
from ocs.cdr.lake.files import LakeFolder, lake_path
from ocs.cdr.lake.manifest import NewFile, commit_files, lake_files, lock_manifest, next_sequence
from ocs.database import writing

ROWS: Final = "waiting_rows"
"""The table of DuckDB whose rows become files."""
_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1)
_MOST_WORDS: Final = 2000
"""So many texts of a column are worth a dictionary: it is given up early where all differ."""


class DayRows(NamedTuple):
    """The rows of a UTC day; ``number`` counts days since 1970, ``amounts`` are micros by currency.

    ``query`` gives them, in the order of sequence and line, with the columns of the lake in their order.
    """

    number: int
    rows: int
    records: int
    amounts: dict[str, int]
    query: str


class LakeAppender:
    """Writes one series into the lake; ``open`` first, ``close`` at the end.

    ``clock`` returns epoch milliseconds. Who uses it inserts rows into the table ROWS of ``connection``, by
    sequence and line, their records numbered from ``next_sequence`` on, or tells ``commit``, which makes them
    count, by which queries they come.
    """

    def __init__(
        self,
        directory: Path,
        engine: Engine,
        series: str,
        clock: Callable[[], int],
        disk: Disk | None = None,
        memory: str = "1GB",
    ) -> None:
        self.engine = engine
        self.series = series
        self.next_sequence = 0
        self.connection = duckdb.connect(config={"threads": 1, "memory_limit": memory})
        self._clock = clock
        self._disk = disk if disk is not None else Disk()
        self.folder = LakeFolder(directory, series, self._disk)

    def open(self) -> list[str]:
        """Take the series and clear away what a crash left; the paths that were cleared. SeriesBusyError."""
        self.folder.take()
        try:
            return self._recover()
        except BaseException:
            self.folder.release()
            raise

    def close(self) -> None:
        """Let go of the series."""
        self.connection.close()
        self.folder.release()

    def commit(
        self, last: int, also: Callable[[Connection], None] | None = None, days: list[DayRows] | None = None
    ) -> list[int]:
        """Make the waiting rows, or those of ``days``, count: files, then one transaction; the files' numbers.

        ``last`` is the number of the last record among them. ``also`` takes part in the transaction. After any
        exception nothing counts, and the appender is to be opened again.
        """
        first = self.next_sequence
        files = [self._write_day(first, last, day) for day in (self._days() if days is None else days)]
        if sum(file.records for file in files) != last - first + 1:
            raise ValueError(f"records {first} to {last} of {self.series} are not all there, or not each once")
        with writing(self.engine) as connection:
            numbers = commit_files(connection, self.series, first, last, files, self._clock())
            if also is not None:
                also(connection)
        self.next_sequence = last + 1
        self.empty()
        return numbers

    def empty(self) -> None:
        """Forget the rows that wait."""
        self.connection.execute(f"CREATE OR REPLACE TABLE {ROWS} ({TABLE_COLUMNS})")

    def _recover(self) -> list[str]:
        """Under the manifest's lock: a commit whose outcome was unknown has come or will never come."""
        with writing(self.engine) as connection:
            lock_manifest(connection)
            self.next_sequence = next_sequence(connection, self.series)
            known = {file.path for file in lake_files(connection, series=self.series)}
            cleared = self.folder.clear(known)
        self.empty()
        return cleared

    def _days(self) -> list[DayRows]:
        """What waits, by day, in as few passes as there are."""
        number = f"started_ms // {_DAY_MS}"
        counted = self.connection.execute(
            f"SELECT {number}, count(*), count(DISTINCT sequence) FROM {ROWS} GROUP BY ALL ORDER BY ALL"  # noqa: S608
        ).fetchall()
        days = {day: DayRows(day, rows, records, {}, _rows_of(day)) for day, rows, records in counted}
        sums = self.connection.execute(
            f"SELECT {number}, currency, sum(amount_micros) FROM {ROWS} "  # noqa: S608
            "WHERE currency IS NOT NULL GROUP BY ALL"
        ).fetchall()
        for day, currency, amount in sums:
            days[day].amounts[currency] = int(amount)
        return list(days.values())

    def _write_day(self, first: int, last: int, day: DayRows) -> NewFile:
        name = (_EPOCH + timedelta(days=day.number)).isoformat()
        path = lake_path(self.series, first, last, name)
        staged = self.folder.staging / Path(path).name
        self.connection.execute(
            f"COPY ({day.query}) TO {sql_text(str(staged))} "
            f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT {_MOST_WORDS})"
        )
        self.folder.publish(staged, path)
        return NewFile(self.series, first, last, name, path, day.rows, day.records, day.amounts)


def _rows_of(day: int) -> str:
    within = f"started_ms >= {day * _DAY_MS} AND started_ms < {(day + 1) * _DAY_MS}"
    return f"SELECT {COLUMN_LIST} FROM {ROWS} WHERE {within}"  # noqa: S608
