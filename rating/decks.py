"""Rate decks: prices by the longest prefix of the called number.

A deck is a few rows of octets, however many rows it has: found through in a few steps, and gone at once.
"""

from __future__ import annotations

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32, i64

from rating.deck_prices import DeckPrices, PriceWriter
from rating.deck_row import LARGEST_INCREMENT, DeckRow, check_counting
from rating.deck_table import DeckTable, table_of
from rating.giving_way import OFTEN, give_way
from rating.prefix_list import PrefixList
from rating.sorting import in_order

__all__ = ["LARGEST_INCREMENT", "DeckRow", "RateDeck", "add_row", "check_counting", "deck_of"]


class RateDeck:
    """All rows by prefix; ``source`` is the file they were read from. Not changed once it is in use."""

    def __init__(self, deck_id: str, table: DeckTable, prices: DeckPrices, source: str = "") -> None:
        self.deck_id = deck_id
        self.source = source
        self.prefixes: PrefixList = table.prefixes
        self._table = table
        self._prices = prices

    def share(self, other: RateDeck) -> None:
        """Take what an earlier edition has in common with this one, so that it is in memory once."""
        self._table.share(other._table)
        self._prices.share(other._prices)
        self.prefixes = self._table.prefixes

    def price_for(self, number: bytes, at_ms: i64) -> DeckRow | None:
        """What the row of the longest prefix costs that has one valid at the instant; it has no line."""
        place = self._table.find(number)
        if place < 0:
            return None
        while place >= 0:
            row = self._prices.price(place)
            if row.valid_from_ms <= at_ms < row.valid_until_ms:
                return row
            place = row.following
        return self.row_for(number, at_ms)

    def row_for(self, number: bytes, at_ms: i64) -> DeckRow | None:
        """The very row of the longest prefix that has one valid at the instant, with its line."""
        index = self.prefixes.find(number)
        while index >= 0:
            row = self.row_at(index)
            if row.valid_at(at_ms):
                return row
            index = self.prefixes.before(index)
        return None

    def row_at(self, index: i64) -> DeckRow:
        """The row of the prefix that stands at a place among all."""
        return self._prices.row(self._table.place(index), self._table.line(index))

    def place_of(self, row: DeckRow) -> str:
        """``international.csv:17``; "" where the row has no line."""
        return f"{self.source}:{row.line}" if row.line else ""

    def counted(self, increment: i64, minimum: i64) -> RateDeck:
        """The same deck, counted otherwise where its rows do not say how they count."""
        return RateDeck(self.deck_id, self._table, self._prices.counted(increment, minimum), self.source)


def deck_of(deck_id: str, rows: dict[bytes, list[DeckRow]], source: str = "") -> RateDeck:
    """A deck of rows by prefix."""
    writer = PriceWriter()
    prefixes: list[bytes] = []
    lines = BytesWriter()
    places = BytesWriter()
    for index, prefix in enumerate(in_order(list(rows))):
        if index % OFTEN == 0:
            give_way()
        for row in sorted(rows[prefix], key=_begin):
            prefixes.append(prefix)
            write_i32_be(lines, i32(row.line))
            write_i32_be(places, i32(writer.add_row(row)))
    listed = PrefixList(prefixes)
    table, prices = table_of(listed, lines.getvalue(), places.getvalue(), writer.prices())
    return RateDeck(deck_id, table, prices, source)


def add_row(rows: dict[bytes, list[DeckRow]], prefix: bytes, row: DeckRow) -> DeckRow | None:
    """Put a row among those of its prefix; where the validity overlaps, that other row, and nothing is put."""
    others = rows.setdefault(prefix, [])
    for other in others:
        if row.valid_from_ms < other.valid_until_ms and other.valid_from_ms < row.valid_until_ms:
            return other
    others.append(row)
    return None


def _begin(row: DeckRow) -> int:
    return row.valid_from_ms
