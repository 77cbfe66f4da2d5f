"""The record writer: from the store's outbox to files, each record exactly once, whatever crashes in between.

Read events, append their lines, sync the file, and only then trim the outbox: a crash before the trim leaves
lines that ``recovery`` cuts off, because their events come again. One writer at a time: a lease in the store
keeps other machines out, a lock on the directory other processes.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from balance.store import StateStore, StoreError
from ocs.cdr.claim import WriterClaim
from ocs.cdr.disk import Disk
from ocs.cdr.journal import RecordJournal
from ocs.cdr.lines import numbered_lines
from ocs.cdr.recovery import RecordsAheadError, recover
from ocs.metrics import RecordMetrics

PIECE_RECORDS: Final = 100
"""Read at once: some 110 kB, so that what gateways wait for never queues behind a whole chunk."""

MOST_PIECES: Final = 8
"""Asked for together by a writer that is behind: a reply of a busy server takes a turn, however short it is."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="records")


@dataclass(frozen=True)
class WriterSettings:
    """When a file is complete, and how the writer works. ``chunk_records`` are written and synced at once."""

    rotate_records: int = 100_000
    rotate_s: int = 3600
    poll_ms: int = 200
    chunk_records: int = 2000
    lease_life_ms: int = 10_000
    flush_s: int = 30


class OvertakenError(Exception):
    """Another writer has trimmed the outbox: what this one believes of it no longer holds."""


class CdrWriter:
    """Writes the outbox of a store into record files until it is stopped.

    ``clock`` returns epoch milliseconds. What goes wrong is logged, counted and tried again: charging goes on
    meanwhile, and the records wait in the store.
    """

    def __init__(
        self,
        store: StateStore,
        directory: Path,
        clock: Callable[[], int],
        settings: WriterSettings,
        metrics: RecordMetrics | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._settings = settings
        self.metrics = metrics if metrics is not None else RecordMetrics()
        self._disk = disk if disk is not None else Disk()
        self._journal: RecordJournal | None = None
        self._trimmed_to = 0
        self._trim_unsure = False
        self._pieces_at_once = 1
        self._caught_up_ms = clock()
        self._claim = WriterClaim(store, directory, settings.lease_life_ms)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write in the background."""
        self._task = asyncio.create_task(self._run(), name="cdr-writer")
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Write what the outbox still holds and let go of everything."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task])
            self._task = None
        await self._flush()

    async def write_some(self) -> int:
        """Move one chunk of records from the outbox to the disk; how many there were.

        StoreError and OSError leave everything so that the next call does the rest.
        """
        journal = await self._ready_journal()
        if journal is None:
            return 0
        try:
            moved = await self._finish_trim(journal)
            await self._rotate(journal)
            moved += await self._move(journal)
            await self._rotate(journal)
        except OvertakenError as error:
            _log.warning("another writer was here, beginning anew", reason=str(error))
            self._forget_journal()
            return 0
        self._note_progress(moved)
        return moved

    async def _run(self) -> None:
        pause_s = self._settings.poll_ms / 1000
        while not self._stopping.is_set():
            moved = await self._try_some()
            if moved < self._settings.chunk_records:
                await self._sleep(pause_s if moved >= 0 else min(10 * pause_s, 2.0))

    async def _try_some(self) -> int:
        """``write_some`` with every expected failure logged; -1 after one."""
        try:
            moved = await self.write_some()
        except (StoreError, OSError, RecordsAheadError) as error:
            self.metrics.failures += 1
            self.metrics.lag_ms = self._clock() - self._caught_up_ms
            if self.metrics.error != str(error):
                _log.error("records can not be written", reason=str(error))
            self.metrics.error = str(error)
            return -1
        if self._journal is not None:
            if self.metrics.error:
                _log.warning("records are written again")
            self.metrics.error = ""
        return moved

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.metrics.error = f"the record writer broke: {task.exception()}"
            _log.critical("the record writer broke", exc_info=task.exception())

    async def _flush(self) -> None:
        end = time.monotonic() + self._settings.flush_s
        while await self._try_some() > 0 and time.monotonic() < end:
            pass
        self._forget_journal()
        await self._claim.give_back()

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    async def _ready_journal(self) -> RecordJournal | None:
        """The journal, recovered where needed; None while another writer is at work."""
        if not self._claim.take_lock():
            self.metrics.error = f"another process writes records into {self._directory}"
            return None
        if not await self._claim.hold_lease():
            self._forget_journal()
            return None
        if self._journal is None:
            first = await self._store.outbox_first()
            if first < self._trimmed_to + 1:
                raise RecordsAheadError(
                    f"the store's outbox went back from {self._trimmed_to + 1} to {first}: it lost data"
                )
            found = await asyncio.to_thread(recover, self._directory, first, self._disk)
            self._journal = found.journal
            self._trimmed_to = first - 1
            self._trim_unsure = False
            self.metrics.missing = 0
            if found.missing is not None:
                self.metrics.missing = found.missing[1] - found.missing[0] + 1
                _log.error(
                    "records are missing: lost, or in another server's directory",
                    first=found.missing[0],
                    last=found.missing[1],
                    directory=str(self._directory),
                )
        return self._journal

    async def _finish_trim(self, journal: RecordJournal) -> int:
        """Trim what an earlier call wrote and perhaps trimmed already: the answer was lost."""
        if not self._trim_unsure:
            return 0
        first = await self._store.outbox_first()
        if first <= self._trimmed_to or first > journal.next_sequence:
            raise OvertakenError(f"the outbox begins at {first}, not at {self._trimmed_to + 1}")
        waiting = journal.next_sequence - first
        try:
            mine = waiting == 0 or await self._store.outbox_trim(first, waiting)
        except ValueError as error:
            raise OvertakenError(f"records from {first} on are no longer in the store") from error
        if not mine:
            raise OvertakenError(f"record {first} was trimmed by somebody else")
        done = journal.next_sequence - 1 - self._trimmed_to
        self._trimmed_to += done
        self._trim_unsure = False
        return done

    async def _move(self, journal: RecordJournal) -> int:
        first = journal.next_sequence
        size = journal.size
        try:
            pieces, records = await self._read(first)
        except ValueError as error:
            raise OvertakenError(f"record {first} was trimmed by somebody else") from error
        if not records:
            return 0
        await asyncio.to_thread(journal.append, pieces, records, self._clock())
        self._trim_unsure = True
        if not await self._claim.hold_lease():
            await asyncio.to_thread(journal.cut, size, first)
            raise OvertakenError("the lease was lost while writing")
        if not await self._store.outbox_trim(first, records):
            await asyncio.to_thread(journal.cut, size, first)
            raise OvertakenError(f"record {first} was trimmed by somebody else")
        self._trim_unsure = False
        self._trimmed_to = first + records - 1
        return records

    async def _read(self, first: int) -> tuple[list[bytes], int]:
        """The lines of a chunk in pieces, and how many there are."""
        pieces: list[bytes] = []
        records = 0
        limit = self._settings.chunk_records
        while records < limit:
            begins = range(records, limit, PIECE_RECORDS)[: self._pieces_at_once]
            sizes = [min(limit - at, PIECE_RECORDS) for at in begins]
            reads = map(self._store.outbox_read, [first + at for at in begins], sizes)
            for wanted, events in zip(sizes, await asyncio.gather(*reads), strict=True):
                pieces.append(numbered_lines(first + records, events))
                records += len(events)
                if len(events) < wanted:
                    self._pieces_at_once = 1
                    return pieces, records
        self._pieces_at_once = min(2 * self._pieces_at_once, MOST_PIECES)
        return pieces, records

    async def _rotate(self, journal: RecordJournal) -> None:
        records = journal.records_in_file
        if records == 0:
            return
        old = self._clock() - journal.began_at_ms >= self._settings.rotate_s * 1000
        if records >= self._settings.rotate_records or old:
            sealed = await asyncio.to_thread(journal.seal)
            self.metrics.files_sealed += 1
            _log.info("record file complete", file=sealed.name, records=records)

    def _note_progress(self, moved: int) -> None:
        now = self._clock()
        self.metrics.written += moved
        if moved < self._settings.chunk_records:
            self._caught_up_ms = now
        self.metrics.lag_ms = now - self._caught_up_ms

    def _forget_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None
