"""The record writer: every record once, whatever fails between any two steps."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from balance.store import StoreError
from ocs.cdr.recovery import RecordsAheadError
from ocs.cdr.writer import MOST_PIECES, PIECE_RECORDS, CdrWriter, WriterSettings
from tests.ocs.cdr.crashing import (
    SETTINGS,
    CrashError,
    CrashingStore,
    Fuse,
    abandon,
    drain,
    event,
    file_names,
    records_in,
    writer_of,
)

RECORDS = 25
EXPECTED = [f"r{number}" for number in range(1, RECORDS + 1)]


async def test_records_become_files_with_the_names_of_their_content(tmp_path: Path) -> None:
    """Files hold the configured number of records and are named by the first and the last."""
    store = CrashingStore()
    await store.put_events(1, RECORDS)
    writer = writer_of(store, tmp_path)
    await drain(writer)
    await writer.stop()
    assert file_names(tmp_path) == [
        "cdr-p0-000000000001-000000000012.jsonl",
        "cdr-p0-000000000013-000000000024.jsonl",
        "cdr-p0-000000000025.jsonl.open",
    ]
    assert records_in(tmp_path) == EXPECTED
    first_line = (tmp_path / file_names(tmp_path)[0]).read_bytes().split(b"\n")[0]
    assert first_line == b'{"sequence":1,' + event(1)[1:]
    assert await store.outbox_first() == RECORDS + 1
    assert writer.metrics.written == RECORDS


async def test_a_crash_at_any_step_leaves_each_record_once(tmp_path: Path) -> None:
    """Whatever step of disk or store the process dies in, its successor completes the files."""
    at = 0
    while True:
        at += 1
        store = CrashingStore()
        await store.put_events(1, RECORDS)
        directory = tmp_path / str(at)
        fuse = Fuse(at)
        store.fuse = fuse
        writer = writer_of(store, directory, fuse)
        with suppress(CrashError):
            await drain(writer)
        abandon(writer)
        if not fuse.blown:
            break
        successor = writer_of(store, directory)
        await drain(successor)
        await successor.stop()
        assert records_in(directory) == EXPECTED, f"after a crash in step {at}"
        assert await store.outbox_first() == RECORDS + 1
        assert successor.metrics.missing == 0
    assert at > 60


async def test_a_crash_in_the_recovery_is_recovered(tmp_path: Path) -> None:
    """A process that dies while it recovers leaves nothing that its successor can not use."""
    for first in (5, 11, 17, 23):
        for second in range(1, 12):
            store = CrashingStore()
            await store.put_events(1, RECORDS)
            directory = tmp_path / f"{first}-{second}"
            for at in (first, second):
                fuse = Fuse(at)
                store.fuse = fuse
                writer = writer_of(store, directory, fuse)
                with pytest.raises(CrashError):
                    await drain(writer)
                abandon(writer)
            successor = writer_of(store, directory)
            await drain(successor)
            await successor.stop()
            assert records_in(directory) == EXPECTED


@pytest.mark.parametrize("error", [OSError, StoreError])
async def test_a_failing_disk_or_store_is_tried_again(tmp_path: Path, error: type[Exception]) -> None:
    """The same writer goes on after any step failed, the trim with a lost answer among them."""
    at = 0
    while True:
        at += 1
        store = CrashingStore()
        await store.put_events(1, RECORDS)
        fuse = Fuse(at, error)
        store.fuse = fuse
        writer = writer_of(store, tmp_path / str(at), fuse)
        try:
            await drain(writer)
        except (OSError, StoreError):
            await drain(writer)
        blown = fuse.blown
        store.fuse = Fuse(0)
        await writer.stop()
        assert records_in(tmp_path / str(at)) == EXPECTED, f"after a failure in step {at}"
        assert await store.outbox_first() == RECORDS + 1
        if not blown:
            break


async def test_the_background_task_writes_and_flushes(tmp_path: Path) -> None:
    """Stopping a started writer leaves nothing in the outbox."""
    store = CrashingStore()
    writer = writer_of(store, tmp_path)
    writer.start()
    await store.put_events(1, RECORDS)
    await writer.stop()
    assert records_in(tmp_path) == EXPECTED


async def test_a_failure_and_its_end_are_logged_once(tmp_path: Path) -> None:
    """However often it is tried, an operator reads once that records can not be written, once that they can."""
    store = CrashingStore()
    await store.put_events(1, 3)
    directory = tmp_path / "cdr"
    directory.write_text("a file is in the way")
    writer = writer_of(store, directory)
    with capture_logs() as logged:
        writer.start()
        while writer.metrics.failures < 2:  # noqa: ASYNC110  (a counter has no event)
            await asyncio.sleep(0.01)
        directory.unlink()
        while writer.metrics.written < 3:  # noqa: ASYNC110  (a counter has no event)
            await asyncio.sleep(0.01)
        await writer.stop()
    assert [line["event"] for line in logged] == ["records can not be written", "records are written again"]


async def test_a_second_process_does_not_write_into_the_same_directory(tmp_path: Path) -> None:
    """The directory's lock keeps two writers apart, and is free once the first has stopped."""
    store = CrashingStore()
    await store.put_events(1, RECORDS)
    first, second = writer_of(store, tmp_path), writer_of(store, tmp_path)
    assert await first.write_some() == 4
    assert await second.write_some() == 0
    assert "another process" in second.metrics.error
    await first.stop()
    await drain(second)
    await second.stop()
    assert records_in(tmp_path) == EXPECTED


async def test_another_machine_waits_for_the_lease_and_says_what_it_does_not_have(tmp_path: Path) -> None:
    """A writer with another directory takes over when the lease is given back, and reports what came before."""
    store = CrashingStore()
    await store.put_events(1, RECORDS)
    first, second = writer_of(store, tmp_path / "one"), writer_of(store, tmp_path / "two")
    assert await first.write_some() == 4
    assert await second.write_some() == 0
    await first.stop()
    store.now_ms += 10
    await store.put_events(RECORDS + 1, RECORDS + 3)
    await drain(second)
    assert second.metrics.missing == RECORDS
    assert file_names(tmp_path / "two") == ["cdr-p0-000000000026.jsonl.open"]


async def test_records_that_were_lost_are_reported(tmp_path: Path) -> None:
    """An open file that is shorter than the outbox's cursor says is an error, and writing goes on."""
    store = CrashingStore()
    await store.put_events(1, 6)
    writer = writer_of(store, tmp_path)
    await drain(writer)
    abandon(writer)
    path = tmp_path / "cdr-p0-000000000001.jsonl.open"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4])[:-3])
    await store.put_events(7, 9)
    successor = writer_of(store, tmp_path)
    await drain(successor)
    assert successor.metrics.missing == 3
    assert file_names(tmp_path) == ["cdr-p0-000000000001-000000000003.jsonl", "cdr-p0-000000000007.jsonl.open"]


async def test_a_store_that_lost_data_is_not_written_over(tmp_path: Path) -> None:
    """Where complete files are ahead of the outbox nothing is written, because numbers would come twice."""
    store = CrashingStore()
    await store.put_events(1, RECORDS)
    writer = writer_of(store, tmp_path)
    await drain(writer)
    await writer.stop()
    fresh = CrashingStore()
    await fresh.put_events(1, 3)
    with pytest.raises(RecordsAheadError, match="lost data"):
        await writer_of(fresh, tmp_path).write_some()


async def test_a_trim_by_somebody_else_takes_the_lines_back(tmp_path: Path) -> None:
    """Lines whose events another writer trimmed first are cut off again."""

    class Overtaken(CrashingStore):
        async def outbox_trim(self, first: int, count: int) -> bool:
            await super().outbox_trim(first, count)
            return False

    store = Overtaken()
    await store.put_events(1, 4)
    writer = writer_of(store, tmp_path)
    assert await writer.write_some() == 0
    assert records_in(tmp_path) == []


async def test_a_file_is_complete_after_its_time(tmp_path: Path) -> None:
    """A file is renamed when it is as old as configured, be it ever so short."""
    store = CrashingStore()
    await store.put_events(1, 3)
    now = [1_700_000_000_000]
    writer = CdrWriter(store, tmp_path, lambda: now[0], SETTINGS)
    await writer.write_some()
    assert file_names(tmp_path) == ["cdr-p0-000000000001.jsonl.open"]
    now[0] += 3_600_000
    await writer.write_some()
    assert file_names(tmp_path) == ["cdr-p0-000000000001-000000000003.jsonl"]
    await writer.stop()


async def test_lag_is_told_while_the_writer_is_behind(tmp_path: Path) -> None:
    """The lag is the time since the writer was last level with the outbox."""
    store = CrashingStore()
    await store.put_events(1, 9)
    now = [1_700_000_000_000]
    writer = CdrWriter(store, tmp_path, lambda: now[0], WriterSettings(chunk_records=4))
    now[0] += 500
    await writer.write_some()
    assert writer.metrics.lag_ms == 500
    await drain(writer)
    assert writer.metrics.lag_ms == 0
    await writer.stop()


async def test_a_chunk_is_read_in_pieces(tmp_path: Path) -> None:
    """More events than a piece holds become one chunk, whole and in order."""
    store = CrashingStore()
    count = 2 * PIECE_RECORDS + 7
    await store.put_events(1, count)
    writer = CdrWriter(store, tmp_path, lambda: 1_700_000_000_000, WriterSettings(chunk_records=1000))
    assert await writer.write_some() == count
    lines = (tmp_path / "cdr-p0-000000000001.jsonl.open").read_bytes().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, count + 1))
    await writer.stop()


class SlowStore(CrashingStore):
    """A store whose answers take a turn; it notes how many are waited for, and gets more when it runs out."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = 0
        self.most: list[int] = []
        self.number = 0
        self.more = 0

    async def put_next(self, count: int) -> None:
        """Put so many more records into the outbox."""
        await self.put_events(self.number + 1, self.number + count)
        self.number += count

    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """Read events."""
        self.waiting += 1
        self.most.append(self.waiting)
        events = await super().outbox_read(sequence, limit)
        if self.more and len(events) < limit:
            self.more -= 1
            await self.put_next(PIECE_RECORDS)
        await asyncio.sleep(0)
        self.waiting -= 1
        return events


async def test_a_writer_that_is_behind_reads_more_at_once(tmp_path: Path) -> None:
    """With each full chunk it waits for twice as many pieces, to a bound, and once it is level for one.

    Records that come between two pieces that were asked for together are neither lost nor out of order.
    """
    store = SlowStore()
    chunk = 2 * MOST_PIECES * PIECE_RECORDS
    await store.put_next(5 * chunk + 3 * PIECE_RECORDS // 2)
    store.more = 5
    writer = CdrWriter(store, tmp_path, lambda: 1_700_000_000_000, WriterSettings(chunk_records=chunk))
    await drain(writer)
    assert set(store.most) == set(range(1, MOST_PIECES + 1))
    assert store.most[-1] == 1
    assert store.more == 0
    assert records_in(tmp_path) == [f"r{number}" for number in range(1, store.number + 1)]
    await writer.stop()
