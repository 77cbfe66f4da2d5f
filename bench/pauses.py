"""Pauses of a process and what they were made of, on the kernel's account."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

TASKS: Final = "/proc/self/task"
LOOK_AGAIN: Final = 100
"""After so many readings it is looked which threads there are."""


@dataclass
class Pause:
    """Something that came late. ``end_us`` is on the machine's monotonic clock; the parts make up the whole.

    ``machine_us`` is time without a core, ``collecting_us`` a part of ``cpu_us``.
    """

    end_us: int
    late_us: int
    cpu_us: int
    collecting_us: int
    machine_us: int
    blocked_us: int

    @property
    def own_us(self) -> int:
        """What the process has to answer for: all but the time for which there was no core."""
        return max(self.late_us - self.machine_us, 0)

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def read_pauses(path: Path) -> list[Pause]:
    """Pauses from a file of lines, in order; a line that is not whole yet is left out."""
    text = path.read_text()
    return [Pause(**json.loads(line)) for line in text[: text.rfind("\n") + 1].splitlines()]


class WaitingClock:
    """For how long a thread was ready to run and had no core; ``whose`` is its place under /proc."""

    def __init__(self, whose: str) -> None:
        self._file = os.open(f"/proc/{whose}/schedstat", os.O_RDONLY)

    def waited_us(self) -> int:
        """So far; OSError where the thread has ended."""
        return int(os.pread(self._file, 100, 0).split()[1]) // 1000

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


class WaitingThreads:
    """The same for all threads of this process but the one that runs Python's main thread."""

    def __init__(self) -> None:
        self._clocks: dict[str, WaitingClock] = {}
        self._ended_us = 0
        self._last: dict[str, int] = {}
        self._readings = 0

    def waited_us(self) -> int:
        """So far, of all threads that were seen."""
        if self._readings % LOOK_AGAIN == 0:
            self._look()
        self._readings += 1
        for thread, clock in list(self._clocks.items()):
            try:
                self._last[thread] = clock.waited_us()
            except OSError:
                self._clocks.pop(thread).close()
                self._ended_us += self._last.pop(thread, 0)
        return self._ended_us + sum(self._last.values())

    def _look(self) -> None:
        main = str(os.getpid())
        for thread in os.listdir(TASKS):  # noqa: PTH208  (only names, many times a second)
            if thread != main and thread not in self._clocks:
                try:
                    self._clocks[thread] = WaitingClock(f"self/task/{thread}")
                except OSError:
                    continue
                self._last[thread] = self._clocks[thread].waited_us()
