"""The file that is being written: appends that can be repeated, and the rename that completes it."""

from pathlib import Path

from ocs.cdr.disk import Disk
from ocs.cdr.files import open_name, sealed_name


class RecordJournal:
    """Appends lines to ``.open`` files. ``next_sequence`` is the number of the next line. Every method blocks.

    An append that failed can be repeated: it writes the same octets to the same place, which also makes them
    dirty again after a failed sync. ``began_at_ms`` is the epoch millisecond when the open file began.
    """

    def __init__(self, directory: Path, disk: Disk, next_sequence: int) -> None:
        self.directory = directory
        self.disk = disk
        self.next_sequence = next_sequence
        self.first = next_sequence
        self.size = 0
        self.began_at_ms = 0
        self._descriptor = -1

    @property
    def records_in_file(self) -> int:
        """The number of lines in the open file."""
        return self.next_sequence - self.first

    @property
    def path(self) -> Path:
        """The open file; it exists once it has a line."""
        return self.directory / open_name(self.first)

    def resume(self, first: int, size: int, began_at_ms: int) -> None:
        """Go on with an open file that a former process left, cut to ``size`` octets."""
        self.first = first
        self.size = size
        self.began_at_ms = began_at_ms
        self._descriptor = self.disk.open(self.path)

    def append(self, pieces: list[bytes], records: int, now_ms: int) -> None:
        """Put the lines of so many records, in pieces, at the end of the open file, durably."""
        if self._descriptor < 0:
            self._begin(now_ms)
        self.disk.write_at(self._descriptor, pieces, self.size)
        self.disk.sync(self._descriptor)
        self.size += sum(len(piece) for piece in pieces)
        self.next_sequence += records

    def cut(self, size: int, next_sequence: int) -> None:
        """Take back the lines after ``size`` octets: another writer has them."""
        self.disk.truncate(self._descriptor, size)
        self.disk.sync(self._descriptor)
        self.size = size
        self.next_sequence = next_sequence

    def seal(self) -> Path:
        """Complete the open file under its final name, durably; the next append begins a new one."""
        sealed = self.directory / sealed_name(self.first, self.next_sequence - 1)
        if self.path.exists():
            self.disk.rename(self.path, sealed)
        self.disk.sync_directory(self.directory)
        self.close()
        self.first = self.next_sequence
        self.size = 0
        return sealed

    def close(self) -> None:
        """Let go of the file; what was appended stays."""
        if self._descriptor >= 0:
            self.disk.close(self._descriptor)
            self._descriptor = -1

    def _begin(self, now_ms: int) -> None:
        try:
            self._descriptor = self.disk.create(self.path)
        except FileExistsError:
            self._descriptor = self.disk.open(self.path)
        self.began_at_ms = now_ms
