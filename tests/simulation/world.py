"""Simulated time: what happens next is what was planned soonest. No sockets, no sleeping."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

START_MS = 1_800_000_000_000
Result = TypeVar("Result")


class World:
    """A clock in microseconds and the things that are going to happen."""

    def __init__(self) -> None:
        self.now_us = 0
        self.steps = 0
        self._planned: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0

    def now_ms(self) -> int:
        """The time as epoch milliseconds."""
        return START_MS + self.now_us // 1000

    def after(self, delay_us: int, action: Callable[[], None]) -> None:
        """Plan something; things of the same time happen in the order of their planning."""
        self._sequence += 1
        heapq.heappush(self._planned, (self.now_us + delay_us, self._sequence, action))

    def step(self) -> bool:
        """Let the next thing happen; False where nothing is planned."""
        if not self._planned:
            return False
        self.now_us, _, action = heapq.heappop(self._planned)
        self.steps += 1
        action()
        return True


def at_once(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine that never waits, as those of the memory store."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    raise AssertionError("it waits")
