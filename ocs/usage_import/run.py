"""Importing a file: batch by batch, each with its records, standings, suspended lines and place in one commit.

A batch's files and suspended lines are on disk before its transaction; a process that dies leaves at most what
the next one cuts off and makes anew. Records are there once by their key; where a file goes on is for speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine

from config.usage_mapping import UsageMapping
from ocs.cdr.disk import Disk
from ocs.cdr.lake.appending import LakeAppender
from ocs.cdr.lake.manifest import LakeFile, lake_files
from ocs.customers.directory import Directory
from ocs.database import writing
from ocs.usage_import.conversion import Batch, Converter
from ocs.usage_import.duplicates import DAY_MS, in_lake, twice
from ocs.usage_import.imports import generation, move_on
from ocs.usage_import.rated_rows import Rated, rate
from ocs.usage_import.refusal import Refusal
from ocs.usage_import.staging import StagedDays, columns_of, settle
from ocs.usage_import.standings import read_standings, write_standings
from ocs.usage_import.tenures import Tenures
from rating.catalogue import Catalogue

SETTLEMENT: Final = "settlement"
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Surroundings:
    """Where imports go and what they ask: lake, suspense folder, database, catalogue, customers, clock."""

    lake: Path
    suspense: Path
    engine: Engine
    catalogue: Catalogue
    directory: Directory
    clock: Callable[[], int]
    disk: Disk


class Batches:
    """Rates batches of one mapping, and commits them. ``open`` first, ``close`` at the end.

    After any exception nothing of the batch counts, and all is to be opened again.
    """

    def __init__(self, around: Surroundings, name: str, mapping: UsageMapping) -> None:
        self.around = around
        self.name = name
        self.mapping = mapping
        self._appender = LakeAppender(around.lake, around.engine, f"import-{name}", around.clock, around.disk)
        self._tenures = Tenures(around.directory, around.catalogue, self._read_standings)
        self._staged = StagedDays(self._appender.folder.staging)
        self._generation = 0

    def open(self) -> None:
        """Take the series of the mapping. SeriesBusyError while another process imports by it."""
        self._appender.open()
        self._staged = StagedDays(self._appender.folder.staging)
        with self.around.engine.connect() as connection:
            self._generation = generation(connection)

    def close(self) -> None:
        """Let go of the series."""
        self._appender.close()

    def take_duplicates(self, batches: list[Batch]) -> int:
        """Leave out the records that are there already; how many they are."""
        days = self.mapping.duplicate_days
        keys = [key for batch in batches for key in batch.keys]
        if not keys:
            return 0
        started_ms = [start for batch in batches for start in batch.started_ms]
        found = twice(keys, started_ms, days) | in_lake(
            self._appender.connection,
            self._files_around(started_ms, days),
            self.around.lake,
            self._appender.folder.staging / "keys.csv",
            keys,
            started_ms,
            days,
        )
        if found:
            before = 0
            for batch in batches:
                count = len(batch.keys)
                batch.keep([before + index not in found for index in range(count)])
                before += count
        return len(found)

    def stage(
        self, batches: list[Batch], source: str, tell: Callable[[int, int], None] | None = None
    ) -> tuple[int, list[tuple[int, Refusal]]]:
        """Rate the records of a file; how many became rows that wait, and which lines no plan could rate.

        ``tell`` hears how many of how many batches are rated.
        """
        batches = [batch for batch in batches if batch.keys]
        if not batches:
            return 0, []
        settled = self.mapping.payment == SETTLEMENT
        if not settled:
            self._tenures.prepare(
                [msisdn for batch in batches for msisdn in batch.texts["msisdn"]],
                [start for batch in batches for start in batch.started_ms],
            )
        constants = {
            "series": self._appender.series,
            "source_file": source,
            "payment": self.mapping.payment,
            "catalogue": self.around.catalogue.version,
        }
        self._staged.begin(batches[0], constants)
        rated = Rated(self._appender.next_sequence, self._staged.days)
        for number, batch in enumerate(batches, 1):
            if settled:
                settle(batch, rated)
            else:
                rate(columns_of(batch), self._tenures.known, self._tenures.find, rated)
            self._staged.put_away()
            if tell is not None:
                tell(number, len(batches))
        return int(rated.next_sequence) - self._appender.next_sequence, rated.refused

    def commit(self, count: int, also: Callable[[Connection], None]) -> None:
        """Make the waiting rows count, with the standings they moved and what ``also`` does, or nothing."""
        changed = self._tenures.take_changed()

        def together(connection: Connection) -> None:
            move_on(connection, self._generation)
            write_standings(connection, changed)
            also(connection)

        if count:
            last = self._appender.next_sequence + count - 1
            self._appender.commit(last, together, self._staged.rows())
            self._staged.clear()
        else:
            with writing(self.around.engine) as connection:
                together(connection)
        self._generation += 1

    def _files_around(self, started_ms: list[int], days: int) -> list[LakeFile]:
        first, last = _day(min(started_ms), -days), _day(max(started_ms), days)
        with self.around.engine.connect() as connection:
            return lake_files(connection, series=self._appender.series, days=(first, last))

    def _read_standings(self, subscription_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        with self.around.engine.connect() as connection:
            return read_standings(connection, subscription_ids)


def converter_of(
    around: Surroundings, name: str, mapping: UsageMapping, header: list[str], place: str
) -> Converter:
    """What reads the fields of a file with this header. ConfigError where columns are not there."""
    return Converter(mapping, name, header, place, around.catalogue.numbering)


def _day(moment_ms: int, shift: int) -> str:
    return (_EPOCH + timedelta(days=moment_ms // DAY_MS + shift)).isoformat()
