"""Processes that kill themselves with SIGKILL at a chosen step of a disk or a database."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from ocs.cdr.disk import Disk
from ocs.database import open_database


class Killer:
    """Counts steps and kills this process at one of them; 0 = never."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self, *_: Any) -> None:
        """Pass a step, or die in it."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def database(self, url: str) -> Engine:
        """A database with a step before each statement and each commit."""
        engine = open_database(url)
        event.listen(engine, "before_cursor_execute", self.step)
        event.listen(engine, "commit", self.step)
        return engine


class KillingDisk(Disk):
    """A real disk with a step before and after each change; a write can stop half way."""

    def __init__(self, killer: Killer) -> None:
        self.killer = killer

    def create(self, path: Path) -> int:
        """Make a file."""
        self.killer.step()
        return super().create(path)

    def write_at(self, descriptor: int, pieces: Sequence[bytes], offset: int) -> None:
        """Write one half, then the other."""
        self.killer.step()
        octets = b"".join(pieces)
        half = len(octets) // 2
        super().write_at(descriptor, [octets[:half]], offset)
        self.killer.step()
        super().write_at(descriptor, [octets[half:]], offset + half)

    def sync(self, descriptor: int) -> None:
        """Sync a file."""
        self.killer.step()
        super().sync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file."""
        self.killer.step()
        super().truncate(descriptor, size)

    def rename(self, old: Path, new: Path) -> None:
        """Rename a file."""
        self.killer.step()
        super().rename(old, new)
        self.killer.step()

    def remove(self, path: Path) -> None:
        """Remove a file."""
        self.killer.step()
        super().remove(path)
        self.killer.step()


def in_killed_process(work: Callable[[Killer], None], at: int) -> bool:
    """Run some work in a process of its own that dies at a step; whether it did. Other failures are ours."""
    child = os.fork()
    if child == 0:
        try:
            killer = Killer(at)
            work(killer)
            killer.step()
        except BaseException:  # noqa: BLE001 - the parent is told by the exit code
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False
