"""A disk and a store that fail at a chosen step, and what the tests of the writer share."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from balance.changes import ChangeSet
from balance.memory import MemoryStore
from balance.store import commit_sets
from ocs.cdr.disk import Disk
from ocs.cdr.files import list_record_files
from ocs.cdr.reader import RecordReader
from ocs.cdr.writer import CdrWriter, WriterSettings

SETTINGS = WriterSettings(rotate_records=10, rotate_s=3600, poll_ms=1, chunk_records=4)


class CrashError(Exception):
    """The process died here."""


class Fuse:
    """Counts steps and raises ``error`` at one of them, once."""

    def __init__(self, at: int, error: Callable[[], Exception] = CrashError) -> None:
        self.at = at
        self.steps = 0
        self.error = error

    def step(self) -> None:
        """Pass a step, or fail in it."""
        self.steps += 1
        if self.steps == self.at:
            raise self.error()

    @property
    def blown(self) -> bool:
        """Whether it failed."""
        return self.steps >= self.at


class CrashingDisk(Disk):
    """A real disk with a fuse before and after each step; a write can stop half way."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse

    def create(self, path: Path) -> int:
        """Make a file."""
        self.fuse.step()
        descriptor = super().create(path)
        try:
            self.fuse.step()
        except Exception:
            self.close(descriptor)
            raise
        return descriptor

    def write_at(self, descriptor: int, pieces: Sequence[bytes], offset: int) -> None:
        """Write one half, then the other."""
        self.fuse.step()
        octets = b"".join(pieces)
        half = len(octets) // 2
        super().write_at(descriptor, [octets[:half]], offset)
        self.fuse.step()
        super().write_at(descriptor, [octets[half:]], offset + half)
        self.fuse.step()

    def sync(self, descriptor: int) -> None:
        """Sync a file."""
        super().sync(descriptor)
        self.fuse.step()

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file."""
        super().truncate(descriptor, size)
        self.fuse.step()

    def rename(self, old: Path, new: Path) -> None:
        """Rename a file."""
        self.fuse.step()
        super().rename(old, new)
        self.fuse.step()

    def remove(self, path: Path) -> None:
        """Remove a file."""
        super().remove(path)
        self.fuse.step()

    def sync_directory(self, directory: Path) -> None:
        """Sync the names."""
        super().sync_directory(directory)
        self.fuse.step()


class CrashingStore(MemoryStore):
    """A memory store whose outbox has a fuse before and after each step."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000
        super().__init__(lambda: self.now_ms)
        self.fuse = Fuse(0)

    async def outbox_first(self) -> int:
        """Ask for the oldest number."""
        self.fuse.step()
        return await super().outbox_first()

    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """Read events."""
        self.fuse.step()
        return await super().outbox_read(sequence, limit)

    async def outbox_trim(self, first: int, count: int) -> bool:
        """Forget events."""
        self.fuse.step()
        done = await super().outbox_trim(first, count)
        self.fuse.step()
        return done

    async def put_events(self, first: int, last: int) -> None:
        """Put the records of these numbers into the outbox."""
        change = ChangeSet()
        change.put(b"x:%d" % first, 0, b"\0" * 7 + b"\1", 0)
        change.events = [event(number) for number in range(first, last + 1)]
        await commit_sets(self, [change])


def event(number: int) -> bytes:
    """An event of some length that can be told from all others."""
    return json.dumps({"record_id": f"r{number}", "pad": "x" * (number % 7)}, separators=(",", ":")).encode()


def writer_of(
    store: MemoryStore, directory: Path, fuse: Fuse | None = None, settings: WriterSettings = SETTINGS
) -> CdrWriter:
    """A writer on a fixed clock; with a fuse its disk fails."""
    disk = CrashingDisk(fuse) if fuse is not None else None
    return CdrWriter(store, directory, lambda: 1_700_000_000_000, settings, disk=disk)


def abandon(writer: CdrWriter) -> None:
    """What the kernel does for a process that was killed: its files are closed, its locks are free."""
    if writer._journal is not None:
        writer._journal.close()
    if writer._claim._lock >= 0:
        writer._claim.drop()


async def drain(writer: CdrWriter) -> None:
    """Write until nothing is left."""
    while await writer.write_some():
        pass


def records_in(directory: Path) -> list[str]:
    """The ids of all records in the files, which must be dense in their sequence."""
    reader = RecordReader(directory)
    ids = [json.loads(line)["record_id"] for _, line in reader.read()]
    assert reader.problems == []
    return ids


def file_names(directory: Path) -> list[str]:
    """The names of the record files."""
    return [file.path.name for file in list_record_files(directory)]
