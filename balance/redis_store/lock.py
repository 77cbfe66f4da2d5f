"""One owner of a data directory at a time, by a lock that the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SERVER: Final = "server"
TOOL: Final = "tool"


@dataclass(frozen=True)
class Holder:
    """Who has the lock: its role and process id; role "" while it has not said yet."""

    role: str
    process_id: int

    def __str__(self) -> str:
        return f"{self.role or 'somebody'} with process id {self.process_id}" if self.process_id else "somebody"


class DataLock:
    """The lock on a data directory, made if absent. OSError where the directory can not be written."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = data_dir / "lock"
        self._file = -1

    def take(self, role: str) -> bool:
        """Try to get the lock and say who we are; False where another process has it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, f"{role} {os.getpid()}\n".encode(), 0)
        self._file = file
        return True

    def holder(self) -> Holder:
        """What the present holder said of itself."""
        role, _, process_id = self._path.read_text().strip().partition(" ")
        return Holder(role, int(process_id) if process_id.isdigit() else 0)

    def release(self) -> None:
        """Let others have it."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1
