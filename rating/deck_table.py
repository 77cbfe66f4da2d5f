"""Where the rows of a deck lead: their prefixes, their lines, and the place of each one's price."""

from __future__ import annotations

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i32, i64

from rating.deck_prices import RECORD, DeckPrices
from rating.deck_row import ALONE
from rating.giving_way import OFTEN, give_way
from rating.intervals import MOST_DIGITS, NOTHING, Intervals
from rating.prefix_list import PrefixList


class DeckTable:
    """``lines`` and ``places`` have four octets for each of the ``prefixes``.

    ``leading`` has for the last of a prefix's rows the place of the price from which the others follow.
    """

    def __init__(self, prefixes: PrefixList, lines: bytes, places: bytes, leading: bytes) -> None:
        self.prefixes = prefixes
        self._lines = lines
        self._places = places
        self._intervals: Intervals | None = None
        if prefixes.digits and prefixes.longest <= MOST_DIGITS:
            self._intervals = Intervals(prefixes, leading)
        self._leading: bytes = b"" if self._intervals is not None else leading

    def share(self, other: DeckTable) -> None:
        """Take what another table has in common with this one, so that it is in memory once."""
        if self.prefixes.is_same(other.prefixes):
            self.prefixes = other.prefixes
        if self._lines == other._lines:
            self._lines = other._lines
        if self._places == other._places:
            self._places = other._places
        if self._leading == other._leading:
            self._leading = other._leading
        mine, theirs = self._intervals, other._intervals
        if mine is not None and theirs is not None:
            mine.share(theirs)

    def find(self, number: bytes) -> i64:
        """The place of the first price of the longest prefix that a number begins with, or NOTHING."""
        intervals = self._intervals
        if intervals is not None:
            return intervals.find(number)
        index = self.prefixes.find(number)
        return NOTHING if index < 0 else i64(read_i32_be(self._leading, index * 4))

    def line(self, index: i64) -> i64:
        """The line of the row at a place."""
        return i64(read_i32_be(self._lines, index * 4))

    def place(self, index: i64) -> i64:
        """The place of the price of the row at a place."""
        return i64(read_i32_be(self._places, index * 4))


def table_of(
    prefixes: PrefixList, lines: bytes, places: bytes, prices: DeckPrices
) -> tuple[DeckTable, DeckPrices]:
    """The table, and the prices with one more for each way in which rows of a prefix follow each other.

    Rows of one prefix are in the order of their times; the latest leads.
    """
    if prefixes.different == prefixes.count:
        return DeckTable(prefixes, lines, places, places), prices
    leading = BytesWriter()
    links: dict[tuple[int, int], int] = {}
    linked: list[bytes] = [prices.records]
    count: i64 = len(prices.records) // RECORD
    previous = b""
    first: i64 = ALONE
    for index in range(prefixes.count):
        if index % OFTEN == 0:
            give_way()
        prefix = prefixes.at(index)
        place = i64(read_i32_be(places, index * 4))
        if index > 0 and prefix == previous:
            key = (place, first)
            known = links.get(key)
            if known is None:
                known = count
                links[key] = known
                linked.append(prices.followed(place, first))
                count += 1
            place = known
        write_i32_be(leading, i32(place))
        first = place
        previous = prefix
    found = DeckPrices(prices.destinations, b"".join(linked))
    return DeckTable(prefixes, lines, places, leading.getvalue()), found
