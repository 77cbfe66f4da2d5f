"""CPU time of a call: the best of several rounds, each long enough for the clock."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

ROUND_NS: Final = 20_000_000
ROUNDS: Final = 7


def cpu_ns_of(call: Callable[[], object], rounds: int = ROUNDS, round_ns: int = ROUND_NS) -> float:
    """CPU nanoseconds of one call, in user and system, with the calling loop taken off."""
    count = _count_for(call, round_ns)
    was_on = gc.isenabled()
    gc.disable()
    try:
        best = min(_spent_ns(call, count) for _ in range(rounds))
        empty = min(_spent_ns(_nothing, count) for _ in range(rounds))
    finally:
        if was_on:
            gc.enable()
    return max(best - empty, 0) / count


def _count_for(call: Callable[[], object], round_ns: int) -> int:
    """How many calls fill a round."""
    count = 1
    while True:
        spent = _spent_ns(call, count)
        if spent >= round_ns // 4:
            return max(count * round_ns // spent, 1)
        count *= 4


def _spent_ns(call: Callable[[], object], count: int) -> int:
    start = time.process_time_ns()
    for _ in range(count):
        call()
    return time.process_time_ns() - start


def _nothing() -> None:
    """What the loop costs without a call worth measuring."""
