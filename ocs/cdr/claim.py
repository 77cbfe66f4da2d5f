"""Who may write records: one process in a directory, by a lock, and one directory at a store, by a lease."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from balance.store import StateStore, StoreError

LEASE: Final = b"cdr-writer"
LOCK_FILE: Final = ".writer"
_HOLDER_OCTETS: Final = 32


class WriterClaim:
    """The lock and the lease of one writer. The directory, not the process, holds the lease.

    So a writer that is started again after a crash goes on at once, while another machine waits for the end of
    the lease's life.
    """

    def __init__(self, store: StateStore, directory: Path, life_ms: int) -> None:
        self._store = store
        self._directory = directory
        self._life_ms = life_ms
        self._until_s = 0.0
        self._holder = b""
        self._lock = -1

    def take_lock(self) -> bool:
        """Take the directory; False while another process has it. OSError where it can not be written to."""
        if self._lock >= 0:
            return True
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._holder = os.pread(descriptor, 2 * _HOLDER_OCTETS, 0)
        if len(self._holder) != _HOLDER_OCTETS:
            self._holder = os.urandom(_HOLDER_OCTETS // 2).hex().encode()
            os.pwrite(descriptor, self._holder, 0)
            os.ftruncate(descriptor, _HOLDER_OCTETS)
        self._lock = descriptor
        return True

    async def hold_lease(self) -> bool:
        """Take the lease, or renew it in good time; False while another directory has it."""
        now_s = time.monotonic()
        if now_s < self._until_s - self._life_ms / 2000:
            return True
        if not await self._store.take_lease(LEASE, self._holder, self._life_ms):
            self._until_s = 0.0
            return False
        self._until_s = now_s + self._life_ms / 1000
        return True

    async def give_back(self) -> None:
        """Let others have the lease and the directory."""
        if self._lock < 0:
            return
        if self._until_s > 0:
            with suppress(StoreError):  # then it runs out by itself
                await self._store.take_lease(LEASE, self._holder, 1)
        self.drop()

    def drop(self) -> None:
        """Let go of the lock only, as the kernel does for a process that died."""
        os.close(self._lock)
        self._lock = -1
        self._until_s = 0.0
