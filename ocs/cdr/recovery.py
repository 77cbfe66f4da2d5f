"""After a crash: make the record directory agree with the store's outbox again.

The outbox is the judge. A line whose number is still in the outbox was written but not yet acknowledged: it
is cut off, and comes again. A line whose number has left the outbox was on disk before: if it is not there,
records were lost or lie elsewhere, and that is said loudly.
"""

from pathlib import Path
from typing import NamedTuple

from ocs.cdr.disk import Disk
from ocs.cdr.files import list_record_files, sealed_name
from ocs.cdr.journal import RecordJournal
from ocs.cdr.lines import sequence_of


class RecordsAheadError(Exception):
    """The directory holds complete files of records that the store says it never wrote out."""


class Recovered(NamedTuple):
    """A journal to go on with, and the sequence numbers (first, last) that are missing, where any are."""

    journal: RecordJournal
    missing: tuple[int, int] | None


def recover(directory: Path, outbox_first: int, disk: Disk) -> Recovered:
    """Cut the open file to what left the outbox and open it for more.

    RecordsAheadError where complete files hold records that the outbox still counts as its own. Blocks for as
    long as reading one open file takes.
    """
    files = list_record_files(directory)
    sealed_to = max((file.last for file in files if file.last is not None), default=0)
    if sealed_to >= outbox_first:
        raise RecordsAheadError(
            f"{directory} holds records up to number {sealed_to}, but the store's next one is {outbox_first}: "
            "the store lost data or is another one; move the directory away or restore the store"
        )
    journal = RecordJournal(directory, disk, outbox_first)
    on_disk_to = sealed_to
    open_files = [file for file in files if file.last is None]
    for file in open_files:
        last, size = _valid_part(file.path, file.first, outbox_first)
        _cut(file.path, size, disk)
        if last < file.first:
            disk.remove(file.path)
        elif last == outbox_first - 1 and file is open_files[-1]:
            journal.resume(file.first, size, int(file.path.stat().st_mtime * 1000))
        else:
            disk.rename(file.path, directory / sealed_name(file.first, last))
        on_disk_to = max(on_disk_to, last)
    disk.sync_directory(directory)
    missing = (on_disk_to + 1, outbox_first - 1) if on_disk_to < outbox_first - 1 else None
    return Recovered(journal, missing)


def _valid_part(path: Path, first: int, end: int) -> tuple[int, int]:
    """The last number of the unbroken run of lines below ``end``, and the octets up to there."""
    expected = first
    size = 0
    with path.open("rb") as lines:
        for line in lines:
            if expected >= end or sequence_of(line) != expected:
                break
            expected += 1
            size += len(line)
    return expected - 1, size


def _cut(path: Path, size: int, disk: Disk) -> None:
    if path.stat().st_size == size:
        return
    descriptor = disk.open(path)
    try:
        disk.truncate(descriptor, size)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
