"""Feeding the lake from the journal: record files that the server writes, each record once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from sqlalchemy import Engine

from ocs.cdr.disk import Disk
from ocs.cdr.files import PARTITION, list_record_files
from ocs.cdr.lake.appending import LakeAppender
from ocs.cdr.lake.columns import ONLINE
from ocs.cdr.lake.manifest import note_gap
from ocs.cdr.lake.record_rows import insert_records
from ocs.cdr.reader import RecordReader
from ocs.database import writing

ONLINE_SERIES: Final = f"{ONLINE}p{PARTITION}"
CHUNK_RECORDS: Final = 100_000
"""So many records, at most, become files at once."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="lake")


class JournalGapError(Exception):
    """Records are missing in the journal, or are no records."""


class Gap(NamedTuple):
    """Records that the journal lacks."""

    first: int
    last: int


class LakeFeeder:
    """Moves records from the journal into the lake. ``open`` first, ``close`` at the end.

    The manifest is the cursor. Records that are missing stop it, unless ``skip_missing``: then they are noted
    as a gap, and it goes on behind them.
    """

    def __init__(
        self,
        journal: Path,
        directory: Path,
        engine: Engine,
        clock: Callable[[], int],
        *,
        skip_missing: bool = False,
        disk: Disk | None = None,
        chunk_records: int = CHUNK_RECORDS,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._skip_missing = skip_missing
        self._chunk_records = chunk_records
        self._appender = LakeAppender(directory, engine, ONLINE_SERIES, clock, disk, memory="512MB")
        self._reader = RecordReader(journal)

    @property
    def next_sequence(self) -> int:
        """The number of the next record that the lake gets."""
        return self._appender.next_sequence

    def open(self) -> None:
        """Take the series. SeriesBusyError while another process feeds this lake."""
        cleared = self._appender.open()
        if cleared:
            _log.warning("files of an interrupted commit were removed", files=cleared)
        self._reader = RecordReader(self._journal, self._appender.next_sequence)

    def close(self) -> None:
        """Let go of the series."""
        self._appender.close()

    def waiting(self) -> int:
        """How many records the journal is ahead, by the names of its files; the open file's are not counted."""
        last = max((file.last or 0 for file in list_record_files(self._journal)), default=0)
        return max(0, last + 1 - self.next_sequence)

    def feed_some(self) -> int:
        """Move one chunk; how many records. JournalGapError where it can not go on."""
        lines, gap = self._read()
        if lines:
            self._store(lines)
        elif gap is not None:
            self._pass_over(gap)
            return self.feed_some()
        return len(lines)

    def _read(self) -> tuple[list[bytes], Gap | None]:
        """The next lines of an unbroken run, and the gap behind them where one is."""
        first = self.next_sequence
        self._reader = RecordReader(self._journal, first)
        lines: list[bytes] = []
        for sequence, line in islice(self._reader.read(), self._chunk_records):
            if sequence != first + len(lines):
                return lines, Gap(first + len(lines), sequence - 1)
            lines.append(line)
        return lines, None

    def _store(self, lines: list[bytes]) -> None:
        staged = self._appender.folder.staging / "records.jsonl"
        staged.write_bytes(b"".join(lines))
        self._appender.connection.execute(insert_records(staged, ONLINE_SERIES))
        staged.unlink()
        self._appender.commit(self.next_sequence + len(lines) - 1)

    def _pass_over(self, gap: Gap) -> None:
        what = "; ".join(self._reader.problems)
        if not self._skip_missing:
            raise JournalGapError(f"{what}: bring them back, or go on without them by --skip-missing")
        with writing(self._appender.engine) as connection:
            note_gap(connection, ONLINE_SERIES, gap.first, gap.last, self._clock())
        self._appender.next_sequence = gap.last + 1
        _log.error("records were given up", first=gap.first, last=gap.last, reason=what)
