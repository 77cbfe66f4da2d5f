"""``python -m bench.beat FILE serve ...``: ``ocs`` with an even beat in its event loop, and what came between.

A beat that comes late is a pause of the server. Each is written to FILE as a line of JSON with what it was made
of: CPU time of the loop's own thread, of it garbage collection, time in which the thread had no core (that is
the machine's, not the server's), and the rest, in which it was blocked: by another thread that had the
interpreter (and perhaps no core), or by the disk.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import uvloop

from bench.pauses import Pause, WaitingClock, WaitingThreads

T = TypeVar("T")
TICK_S: Final = 0.002
WORTH_TELLING_US: Final = 5_000


@dataclass
class Clocks:
    """All clocks at one beat, in microseconds; ``waited`` is time without a core, of the loop and of others."""

    wall: int
    own_cpu: int
    waited: int
    others_waited: int
    collecting: int


class CollectorClock:
    """CPU time that Python's collector has taken so far in this process."""

    def __init__(self) -> None:
        self.total_us = 0
        self._began_ns = 0
        gc.callbacks.append(self._called)

    def _called(self, phase: str, _about: dict[str, int]) -> None:
        if phase == "start":
            self._began_ns = time.thread_time_ns()
        else:
            self.total_us += (time.thread_time_ns() - self._began_ns) // 1000


class Beat:
    """Beats in the running event loop until the process ends."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._collector = CollectorClock()
        self._own = WaitingClock("thread-self")
        self._others = WaitingThreads()
        self._loop = asyncio.get_running_loop()
        self._last = self._clocks()
        self._loop.call_later(TICK_S, self._beat)

    def _clocks(self) -> Clocks:
        return Clocks(
            time.monotonic_ns() // 1000,
            time.thread_time_ns() // 1000,
            self._own.waited_us(),
            self._others.waited_us(),
            self._collector.total_us,
        )

    def _beat(self) -> None:
        now = self._clocks()
        pause = pause_between(self._last, now)
        if pause.late_us >= WORTH_TELLING_US:
            self._out.write(pause.as_line())
            now = self._clocks()
        self._last = now
        self._loop.call_later(TICK_S, self._beat)


def pause_between(last: Clocks, now: Clocks) -> Pause:
    """How late the second of two beats is, and why."""
    late = now.wall - last.wall - round(TICK_S * 1e6)
    own_cpu = now.own_cpu - last.own_cpu
    waited = now.waited - last.waited
    blocked = max(late - own_cpu - waited, 0)
    with_others = min(blocked, now.others_waited - last.others_waited)
    return Pause(
        now.wall, late, own_cpu, now.collecting - last.collecting, waited + with_others, blocked - with_others
    )


def main() -> None:
    """Run ``ocs`` with the remaining arguments, with a beat in its loop."""
    out = Path(sys.argv.pop(1)).open("w", buffering=1)  # noqa: SIM115  (open as long as the process is)
    run = uvloop.run

    async def with_beat(work: Coroutine[Any, Any, T]) -> T:
        Beat(out)
        return await work

    def run_with_beat(main: Coroutine[Any, Any, T], **how: Any) -> T:
        return run(with_beat(main), **how)

    uvloop.run = run_with_beat
    from ocs.cli import main as ocs  # noqa: PLC0415  (what it imports finds the loop with a beat)

    ocs()


if __name__ == "__main__":
    main()
