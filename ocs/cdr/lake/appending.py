"""Appending to the lake: rows that wait in DuckDB become files, which count by one commit of the manifest.

First the files get their names, then the manifest is committed. A crash between leaves files that nobody knows:
the next writer of the series removes them, under the series' lock, and makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import Connection, Engine

from ocs.cdr.disk import Disk
from ocs.cdr.lake.columns import COLUMN_LIST, TABLE_COLUMNS, sql_text
from ocs.cdr.lake.files import LakeFolder, lake_path
from ocs.cdr.lake.manifest import NewFile, commit_files, lake_files, lock_manifest, next_sequence
from ocs.database import writing

ROWS: Final = "waiting_rows"
"""The table of DuckDB whose rows become files."""
_DAY_OF: Final = "CAST(make_timestamp_ms(started_ms) AS DATE)"


class LakeAppender:
    """Writes one series into the lake; ``open`` first, ``close`` at the end.

    ``clock`` returns epoch milliseconds. Who uses it inserts rows into the table ROWS of ``connection``, their
    records numbered from ``next_sequence`` on without gaps; ``commit`` makes them count.
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

    def commit(self, last: int, also: Callable[[Connection], None] | None = None) -> list[int]:
        """Make the waiting rows count: files, then one transaction; the files' numbers.

        ``last`` is the number of the last record among them. ``also`` takes part in the transaction. After any
        exception nothing counts, and the appender is to be opened again.
        """
        first = self.next_sequence
        files = [self._write_day(first, last, day) for day in self._days()]
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

    def _days(self) -> list[str]:
        found = self.connection.execute(f"SELECT DISTINCT {_DAY_OF} FROM {ROWS} ORDER BY ALL").fetchall()  # noqa: S608
        return [str(day) for (day,) in found]

    def _write_day(self, first: int, last: int, day: str) -> NewFile:
        path = lake_path(self.series, first, last, day)
        staged = self.folder.staging / Path(path).name
        of_day = f"FROM {ROWS} WHERE {_DAY_OF} = DATE '{day}'"
        self.connection.execute(
            f"COPY (SELECT {COLUMN_LIST} {of_day} ORDER BY sequence, line) TO {sql_text(str(staged))} "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
        self.folder.publish(staged, path)
        (counts,) = self.connection.execute(f"SELECT count(*), count(DISTINCT sequence) {of_day}").fetchall()
        sums = self.connection.execute(
            f"SELECT currency, sum(amount_micros) {of_day} AND currency IS NOT NULL GROUP BY ALL"
        ).fetchall()
        return NewFile(
            self.series, first, last, day, path, counts[0], counts[1], {row[0]: int(row[1]) for row in sums}
        )
