"""A log-linear histogram: sixteen steps to each doubling, so that a value is known to about six percent."""

from typing import Final

from mypy_extensions import i64

STEPS: Final = 16
"""Steps to a doubling; values below this have a place of their own."""
PLACES: Final = STEPS * 33
"""Room for values up to 2**36 (19 hours in microseconds); what is more counts there."""


class LatencyHistogram:
    """Counts of whole numbers, mostly microseconds. ``total`` is their exact sum, ``highest`` the largest."""

    def __init__(self) -> None:
        self.counts: list[int] = [0] * PLACES
        self.count: i64 = 0
        self.total: i64 = 0
        self.highest: i64 = 0

    def record(self, value: i64) -> None:
        """Count one value; a negative one (a clock that stepped back) counts as 0."""
        self.record_many(value, 1)

    def record_many(self, value: i64, times: i64) -> None:
        """Count a value several times, as for the requests of one batch."""
        value = max(value, 0)
        self.counts[place_of(value)] += times
        self.count += times
        self.total += value * times
        self.highest = max(self.highest, value)

    def quantile(self, per_ten_thousand: int) -> int:
        """The value that so many of ten thousand do not exceed (9990 = p99.9); 0 while nothing is counted."""
        wanted = -(-self.count * per_ten_thousand // 10_000)
        seen = 0
        for place, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return min(upper_bound(place), self.highest)
        return self.highest

    def add(self, other: "LatencyHistogram") -> None:
        """Take another histogram's counts in."""
        for place, count in enumerate(other.counts):
            self.counts[place] += count
        self.count += other.count
        self.total += other.total
        self.highest = max(self.highest, other.highest)


def place_of(value: i64) -> i64:
    """The index of the step a value falls in."""
    doublings: i64 = 0
    while value >= 2 * STEPS:
        value >>= 1
        doublings += 1
    place = doublings * STEPS + value
    return place if place < PLACES else PLACES - 1


def upper_bound(place: int) -> int:
    """The largest value of a step."""
    if place < 2 * STEPS:
        return place
    doublings = place // STEPS - 1
    return ((place - doublings * STEPS + 1) << doublings) - 1
