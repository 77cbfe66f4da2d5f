"""The longest of many prefixes that a number begins with, and zones of numbers."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from mypy_extensions import i64

from rating.giving_way import OFTEN, give_way
from rating.intervals import MOST_DIGITS, NOTHING, Intervals
from rating.sorting import in_order

V = TypeVar("V")
NO_ZONE: Final = b""


class PrefixTable(Generic[V]):
    """Values by prefix. ``nothing`` is what a text gets that begins with none of them.

    Where all prefixes are digits, numbers are found in a table of intervals. Other texts are looked for by each
    of ``lengths``, the longest first.
    """

    def __init__(self, values: dict[bytes, V], nothing: V) -> None:
        self._by_prefix = values
        self._nothing = nothing
        self.lengths: list[int] = []
        self._values: list[V] = []
        self._intervals: Intervals | None = None
        if self._look_at_prefixes():
            self._intervals = self._make_intervals()

    def find(self, text: bytes) -> V:
        """The value of the longest prefix that the text begins with."""
        intervals = self._intervals
        if intervals is None:
            return self.find_shorter(text, len(text))
        found = intervals.find(text)
        if found < NOTHING:
            return self.find_shorter(text, len(text))
        return self._nothing if found == NOTHING else self._values[found]

    def find_shorter(self, text: bytes, most: i64) -> V:
        """The same among the prefixes of up to so many characters, without the intervals."""
        for length in self.lengths:
            if length <= most:
                value = self._by_prefix.get(text[:length])
                if value is not None:
                    return value
        return self._nothing

    def _look_at_prefixes(self) -> bool:
        """Note which lengths there are; whether all prefixes are digits that fit into intervals."""
        lengths: set[int] = set()
        fit = True
        for index, prefix in enumerate(self._by_prefix):
            if index % OFTEN == 0:
                give_way()
            lengths.add(len(prefix))
            if prefix and not prefix.isdigit():
                fit = False
        self.lengths = sorted(lengths, reverse=True)
        return fit and (not self.lengths or self.lengths[0] <= MOST_DIGITS)

    def _make_intervals(self) -> Intervals:
        """Intervals that lead to places in the list of different values."""
        places: dict[V, int] = {}
        prefixes = in_order(list(self._by_prefix))
        numbers: list[int] = []
        for prefix in prefixes:
            if len(numbers) % OFTEN == 0:
                give_way()
            value = self._by_prefix[prefix]
            place = places.get(value)
            if place is None:
                place = len(self._values)
                places[value] = place
                self._values.append(value)
            numbers.append(place)
        return Intervals(prefixes, numbers)


class PrefixZones:
    """Zones by prefix (digits of a number, MCC and MNC, text of a location); the longest prefix wins.

    ``groups`` names several zones at once, for people; what a rule asks for has the zones in its Condition.
    """

    def __init__(
        self, prefixes: dict[bytes, bytes], groups: dict[bytes, frozenset[bytes]] | None = None
    ) -> None:
        self.prefixes = prefixes
        self.groups: dict[bytes, frozenset[bytes]] = {} if groups is None else groups
        self._table = PrefixTable[bytes](prefixes, NO_ZONE)

    def zone_of(self, text: bytes) -> bytes:
        """The zone of a number; b"" where no prefix fits."""
        return self._table.find(text)
