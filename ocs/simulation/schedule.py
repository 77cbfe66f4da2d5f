"""When each request of an open loop is due: constant rates and ramps, one after the other.

HOT PATH: compiled.
"""

from math import sqrt

from mypy_extensions import i64

SECOND_NS = 1_000_000_000


class RateStep:
    """So many seconds at a rate that goes evenly from one number of requests a second to another."""

    def __init__(self, seconds: int, rate: int, rate_at_end: int) -> None:
        self.seconds = seconds
        self.rate = rate
        self.rate_at_end = rate_at_end


class Schedule:
    """The moment of every request, in nanoseconds from the start. ``count`` is how many there are at all.

    Requests are asked for in order: ``due_ns`` of a number must not go back by more than a step.
    """

    def __init__(self, steps: list[RateStep]) -> None:
        self.steps = steps
        self.seconds: i64 = sum([step.seconds for step in steps])
        self.count: i64 = 0
        self._firsts: list[int] = []
        self._starts_ns: list[int] = []
        self._at: i64 = 0
        start_ns = 0
        for step in steps:
            self._firsts.append(self.count)
            self._starts_ns.append(start_ns)
            self.count += step.seconds * (step.rate + step.rate_at_end) // 2
            start_ns += step.seconds * SECOND_NS
        self._firsts.append(self.count)

    def due_ns(self, number: i64) -> i64:
        """When the request with this number, from 0 on, is due; the end of the schedule for those behind it."""
        if number >= self.count:
            return self.seconds * SECOND_NS
        while number >= self._firsts[self._at + 1]:
            self._at += 1
        while number < self._firsts[self._at]:
            self._at -= 1
        step = self.steps[self._at]
        behind: int = number - self._firsts[self._at]
        start_ns: i64 = self._starts_ns[self._at]
        if step.rate == step.rate_at_end:
            return start_ns + i64(behind * SECOND_NS // step.rate)
        growth = (step.rate_at_end - step.rate) / step.seconds
        after_s = (sqrt(step.rate * step.rate + 2.0 * growth * behind) - step.rate) / growth
        return start_ns + i64(after_s * 1e9)
