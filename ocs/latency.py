"""A log-linear histogram: sixteen steps to each doubling, so that a value is known to about six percent."""

from typing import Final

from mypy_extensions import i64

STEPS: Final = 16
"""Steps to a doubling; values below this have a place of their own."""
PLACES: Final = 528
"""Room for values up to 2**36 (19 hours in microseconds), 33 times STEPS; what is more counts in the last."""


class LatencyHistogram:
    """Counts of whole numbers, mostly microseconds. ``total`` is their exact sum, ``highest`` the largest."""

    def __init__(self) -> None:
        self._counts: list[int] = [0] * PLACES
        self._run_value: i64 = 0
        self._run: i64 = 0
        self.count: i64 = 0
        self.total: i64 = 0
        self.highest: i64 = 0

    def record(self, value: i64) -> None:
        """Count one value; a negative one (a clock that stepped back) counts as 0."""
        self.record_many(value, 1)

    def record_many(self, value: i64, times: i64) -> None:
        """Count a value several times. Equal values in a row, as of one batch, cost next to nothing."""
        if value < 0:  # noqa: PLR1730 - max boxes
            value = 0
        if value != self._run_value:
            self._end_run()
            self._run_value = value
        self._run += times
        self.count += times
        self.total += value * times
        if value > self.highest:  # noqa: PLR1730
            self.highest = value

    def counts(self) -> list[int]:
        """How many values fell in each step."""
        self._end_run()
        return self._counts

    def _end_run(self) -> None:
        if self._run:
            self._counts[place_of(self._run_value)] += self._run
            self._run = 0

    def quantile(self, per_ten_thousand: int) -> int:
        """The value that so many of ten thousand do not exceed (9990 = p99.9); 0 while nothing is counted."""
        wanted = -(-self.count * per_ten_thousand // 10_000)
        seen = 0
        for place, count in enumerate(self.counts()):
            seen += count
            if count and seen >= wanted:
                return min(upper_bound(place), self.highest)
        return self.highest

    def add(self, other: "LatencyHistogram") -> None:
        """Take another histogram's counts in."""
        for place, count in enumerate(other.counts()):
            self._counts[place] += count
        self.count += other.count
        self.total += other.total
        self.highest = max(self.highest, other.highest)


def place_of(value: i64) -> i64:
    """The index of the step a value falls in."""
    doublings: i64 = 0
    while value >= 32:
        value >>= 1
        doublings += 1
    place = doublings * 16 + value
    return place if place < 528 else 527


def upper_bound(place: int) -> int:
    """The largest value of a step."""
    if place < 2 * STEPS:
        return place
    doublings = place // STEPS - 1
    return ((place - doublings * STEPS + 1) << doublings) - 1
