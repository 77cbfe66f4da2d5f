"""Zones by the longest of many prefixes that a text begins with."""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i32, i64

from rating.giving_way import OFTEN, give_way
from rating.intervals import MOST_DIGITS, Intervals
from rating.prefix_list import PrefixList
from rating.sorting import in_order

NO_ZONE: Final = b""


class PrefixZones:
    """Zones by prefix (digits of a number, MCC and MNC, text of a location); the longest prefix wins.

    ``groups`` names several zones at once, for people; what a rule asks for has the zones in its Condition.
    ``names`` are the zones; ``places`` has for each of the ``prefixes`` its zone's place there, in four octets.
    """

    def __init__(
        self,
        prefixes: PrefixList,
        names: list[bytes],
        places: bytes,
        groups: dict[bytes, frozenset[bytes]] | None = None,
    ) -> None:
        self.prefixes = prefixes
        self.names = names
        self.groups: dict[bytes, frozenset[bytes]] = {} if groups is None else groups
        self._places = places
        self._intervals: Intervals | None = None
        if prefixes.digits and prefixes.longest <= MOST_DIGITS:
            self._intervals = Intervals(prefixes, places)

    def share(self, other: PrefixZones) -> None:
        """Take what an earlier edition has in common with this one, so that it is in memory once."""
        if self.prefixes.is_same(other.prefixes):
            self.prefixes = other.prefixes
        if self.names == other.names:
            self.names = other.names
        if self.groups == other.groups:
            self.groups = other.groups
        if self._places == other._places:
            self._places = other._places
        mine, theirs = self._intervals, other._intervals
        if mine is not None and theirs is not None:
            mine.share(theirs)

    def zone_of(self, text: bytes) -> bytes:
        """The zone of a number; b"" where no prefix fits."""
        intervals = self._intervals
        if intervals is not None:
            place = intervals.find(text)
            return NO_ZONE if place < 0 else self.names[place]
        index = self.prefixes.find(text)
        return NO_ZONE if index < 0 else self.zone_at(index)

    def zone_at(self, index: i64) -> bytes:
        """The zone of the prefix that stands at a place among all."""
        return self.names[i64(read_i32_be(self._places, index * 4))]


def zones_of(zones: dict[bytes, bytes], groups: dict[bytes, frozenset[bytes]] | None = None) -> PrefixZones:
    """The zones of prefixes."""
    numbers: dict[bytes, int] = {}
    places = BytesWriter()
    prefixes = in_order(list(zones))
    for index, prefix in enumerate(prefixes):
        if index % OFTEN == 0:
            give_way()
        write_i32_be(places, i32(numbers.setdefault(zones[prefix], len(numbers))))
    return PrefixZones(PrefixList(prefixes), list(numbers), places.getvalue(), groups)
