"""Where the processor time of a run goes: functions are wrapped for it, each one's own time is its stage's."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any


def processor_s() -> float:
    """Processor time of this process, all its threads and the children that ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


class Stages:
    """Processor time by stage: that of the functions that stand for it, without those called from them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[str] = ["others"]
        self._since = 0.0
        self._undo: list[Callable[[], None]] = []

    def stands_for(self, stage: str, owner: Any, name: str) -> None:
        """From now on the time in ``owner``'s function or method ``name`` is the stage's."""
        inner = getattr(owner, name)

        @wraps(inner)
        def timed(*arguments: Any, **named: Any) -> Any:
            self._turn(stage)
            try:
                return inner(*arguments, **named)
            finally:
                self._turn(None)

        setattr(owner, name, timed)
        self._undo.append(lambda: setattr(owner, name, inner))

    def begin(self) -> None:
        """Count from here on."""
        self._since = processor_s()

    def end(self) -> float:
        """Count no more, and wrap nothing; all seconds together."""
        self._turn("end")
        while self._undo:
            self._undo.pop()()
        return sum(self.seconds.values())

    def shares(self, records: int) -> dict[str, float]:
        """Microseconds for each record by stage, the dearest first."""
        dearest = sorted(self.seconds.items(), key=lambda item: -item[1])
        return {stage: round(seconds / records * 1e6, 2) for stage, seconds in dearest}

    def _turn(self, stage: str | None) -> None:
        now = processor_s()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now
        if stage is None:
            self._running.pop()
        else:
            self._running.append(stage)
