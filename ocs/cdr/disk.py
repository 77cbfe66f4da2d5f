"""What the record writer asks of a disk; its own class so that a test can let any single step fail."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_PIECES_AT_ONCE: Final = 1024
"""IOV_MAX of Linux."""


class Disk:
    """The real disk. Every method blocks, and raises OSError where the disk does not obey."""

    def create(self, path: Path) -> int:
        """Make a new file for writing, known to its directory durably; the file descriptor."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            self.sync_directory(path.parent)
        except OSError:
            self.close(descriptor)
            raise
        return descriptor

    def open(self, path: Path) -> int:
        """Open an existing file for reading and writing; the file descriptor."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def write_at(self, descriptor: int, pieces: Sequence[bytes], offset: int) -> None:
        """Write all the pieces one after the other, beginning at an offset; mostly in one call."""
        left = [memoryview(piece) for piece in pieces]
        while left:
            written = os.pwritev(descriptor, left[:_PIECES_AT_ONCE], offset)
            offset += written
            while left and written >= len(left[0]):
                written -= len(left.pop(0))
            if written:
                left[0] = left[0][written:]

    def sync(self, descriptor: int) -> None:
        """Return when the file's content is on the disk."""
        os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file off at a size in octets."""
        os.ftruncate(descriptor, size)

    def close(self, descriptor: int) -> None:
        """Let go of a file; what was synced stays."""
        os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Rename in one step; durable after ``sync_directory``."""
        old.rename(new)

    def remove(self, path: Path) -> None:
        """Remove a file; durable after ``sync_directory``."""
        path.unlink()

    def sync_directory(self, directory: Path) -> None:
        """Return when the names in a directory are on the disk."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
