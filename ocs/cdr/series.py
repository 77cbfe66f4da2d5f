"""Series of CSV files for other systems: chosen columns of chosen records, numbered without gaps, each once.

A file is complete before it has its name, and downstream may take it away at once: SQL says which file is about
to be published, so that one that was taken is not made again.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, update

from balance.quantity import format_micros
from ocs.cdr.disk import Disk
from ocs.cdr.lake.feeding import JournalGapError
from ocs.cdr.lake.files import SeriesBusyError
from ocs.cdr.offline_settings import SeriesSettings
from ocs.cdr.reader import RecordReader
from ocs.cdr.selection import cell
from ocs.cdr.tables import LAKE_GAP, RECORD_SERIES
from ocs.database import writing

STAGING: Final = ".staging"


class SeriesFeeder:
    """Writes one series out of the journal. ``open`` first, ``close`` at the end; ``clock``: epoch ms."""

    def __init__(
        self,
        journal: Path,
        settings: SeriesSettings,
        engine: Engine,
        clock: Callable[[], int],
        *,
        skip_missing: bool = False,
        disk: Disk | None = None,
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self._skip_missing = skip_missing
        self._disk = disk if disk is not None else Disk()
        self._lock = -1
        self._next_number = 1
        self._reader = RecordReader(journal)
        self._records: list[dict[str, Any]] = []
        self._waiting_since_ms = 0

    def open(self) -> None:
        """Take the series, and finish what a crash interrupted. SeriesBusyError."""
        staging = self._settings.directory / STAGING
        staging.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(staging / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise SeriesBusyError(f"another process writes series {self._settings.name}") from None
        self._lock = descriptor
        try:
            self._recover(staging)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the series."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def feed(self, *, flush: bool) -> int:
        """Publish the files that are due, with ``flush`` also the last one; how many records they have.

        JournalGapError where records are missing, unless they are to be skipped.
        """
        published = 0
        while True:
            full = self._read()
            old = self._records and self._clock() - self._waiting_since_ms >= 1000 * self._settings.rotate_s
            if not (full or old or (flush and self._records)):
                return published
            published += len(self._records)
            self._publish()

    def _read(self) -> bool:
        """Take records from the journal until a file is full; whether it is."""
        wanted = frozenset(self._settings.services)
        expected = self._reader.next_sequence
        if len(self._records) >= self._settings.rotate_records:
            return True
        for sequence, line in self._reader.read():
            if sequence != expected:
                self._pass_over(expected, sequence - 1)
            expected = sequence + 1
            record = json.loads(line)
            if not wanted or record["service"] in wanted:
                if not self._records:
                    self._waiting_since_ms = self._clock()
                self._records.append(record)
                if len(self._records) >= self._settings.rotate_records:
                    return True
        return False

    def _pass_over(self, first: int, last: int) -> None:
        what = "; ".join(self._reader.problems)
        if not self._skip_missing:
            self._reader = RecordReader(self._journal, first)
            raise JournalGapError(f"{what}: bring them back, or go on without them by --skip-missing")
        gap = {
            "series": f"records/{self._settings.name}",
            "first_sequence": first,
            "last_sequence": last,
            "noted_ms": self._clock(),
        }
        with writing(self._engine) as connection:
            known = select(LAKE_GAP.c.series).where(
                LAKE_GAP.c.series == gap["series"], LAKE_GAP.c.first_sequence == first
            )
            if connection.execute(known).first() is None:
                connection.execute(insert(LAKE_GAP).values(gap))

    def _publish(self) -> None:
        settings = self._settings
        last = self._next_number + len(self._records) - 1
        name = f"{settings.name}-{self._next_number:012d}-{last:012d}.csv"
        staged = settings.directory / STAGING / name
        descriptor = self._disk.create(staged)
        try:
            self._disk.write_at(descriptor, [self._octets()], 0)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        with writing(self._engine) as connection:
            self._save(
                connection,
                publishing=name,
                publishing_number=last + 1,
                publishing_sequence=self._reader.next_sequence,
            )
        self._rename(staged, name)
        with writing(self._engine) as connection:
            self._published(connection, last + 1, self._reader.next_sequence)
        self._next_number = last + 1
        self._records = []

    def _octets(self) -> bytes:
        text = io.StringIO()
        table = csv.writer(text, delimiter=self._settings.delimiter, lineterminator="\n")
        if self._settings.header:
            table.writerow(self._settings.columns)
        for number, record in enumerate(self._records, self._next_number):
            table.writerow([_value(record, name, number) for name in self._settings.columns])
        return text.getvalue().encode()

    def _recover(self, staging: Path) -> None:
        table = RECORD_SERIES.c
        with writing(self._engine) as connection:
            query = select(RECORD_SERIES).where(table.series == self._settings.name).with_for_update()
            row = connection.execute(query).one_or_none()
            if row is None:
                connection.execute(
                    insert(RECORD_SERIES).values(series=self._settings.name, next_number=1, next_sequence=1)
                )
        number, sequence = (1, 1) if row is None else (row.next_number, row.next_sequence)
        if row is not None and row.publishing is not None:
            staged = staging / row.publishing
            if staged.exists():
                self._rename(staged, row.publishing)
            number, sequence = row.publishing_number, row.publishing_sequence
            with writing(self._engine) as connection:
                self._published(connection, number, sequence)
        for path in staging.iterdir():
            if path.name != ".lock":
                self._disk.remove(path)
        self._next_number = number
        self._reader = RecordReader(self._journal, sequence)
        self._records = []

    def _rename(self, staged: Path, name: str) -> None:
        self._disk.rename(staged, self._settings.directory / name)
        self._disk.sync_directory(self._settings.directory)

    def _published(self, connection: Connection, number: int, sequence: int) -> None:
        self._save(
            connection,
            next_number=number,
            next_sequence=sequence,
            publishing=None,
            publishing_number=None,
            publishing_sequence=None,
        )

    def _save(self, connection: Connection, **values: object) -> None:
        connection.execute(
            update(RECORD_SERIES).where(RECORD_SERIES.c.series == self._settings.name).values(values)
        )


def _value(record: dict[str, Any], name: str, number: int) -> str:
    if name == "number":
        return str(number)
    if name == "amount":
        return format_micros(record["amount_micros"])
    value: Any = record
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return cell(value)
