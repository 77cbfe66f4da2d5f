"""All rows of a rate deck in columns of octets, by prefix and time. Compiled."""

from __future__ import annotations

import hashlib
from typing import Final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i32, i64

from config.deck_file import DeckFile
from rating.deck_prices import RECORD, DeckPrices
from rating.deck_row import DeckRow
from rating.deck_table import DeckTable, table_of
from rating.giving_way import OFTEN, give_way
from rating.prefix_list import PrefixList
from rating.sorting import in_order

MOST_DATES: Final = 100
"""Rows that one prefix may have, each for its time."""
TOO_MANY: Final = 0
HASHED: Final = 1 << 16
"""Octets that are hashed at once."""


class ReadRows:
    """All rows of a deck, ordered by prefix and time."""

    def __init__(
        self, deck: DeckFile, prefixes: list[bytes], lines: bytes, places: bytes, prices: DeckPrices
    ) -> None:
        self._deck = deck
        self._read_lines = lines
        self._read_places = places
        self._prices = prices
        self.count = len(prefixes)
        keys = in_order(_keys(prefixes))
        order: list[int] = []
        for index, key in enumerate(keys):
            if index % OFTEN == 0:
                give_way()
            order.append(int(read_i32_be(key, len(key) - 4)))
        self._arrange(order, prefixes)
        sorted_lines = BytesWriter()
        sorted_places = BytesWriter()
        ordered: list[bytes] = []
        for index, place in enumerate(order):
            if index % OFTEN == 0:
                give_way()
            ordered.append(prefixes[place])
            sorted_lines.write(lines[place * 4 : place * 4 + 4])
            sorted_places.write(places[place * 4 : place * 4 + 4])
        self.prefixes = PrefixList(ordered)
        self._lines: bytes = sorted_lines.getvalue()
        self._places: bytes = sorted_places.getvalue()

    def table(self) -> tuple[DeckTable, DeckPrices]:
        """What a deck is made of."""
        return table_of(self.prefixes, self._lines, self._places, self._prices)

    def digest(self) -> str:
        """A hash of what all rows say, whatever their order and spelling."""
        total = hashlib.sha256()
        records, destinations = self._prices.records, self._prices.destinations
        pending = BytesWriter()
        for index in range(self.count):
            prefix = self.prefixes.at(index)
            at: i64 = i64(read_i32_be(self._places, index * 4)) * RECORD
            destination = destinations[i64(read_i32_be(records, at))]
            write_i32_be(pending, i32(len(prefix)))
            pending.write(prefix)
            write_i32_be(pending, i32(len(destination)))
            pending.write(destination)
            pending.write(records[at + 8 : at + RECORD])
            if index % OFTEN == 0:
                give_way()
            if len(pending) > HASHED:
                total.update(pending.getvalue())
                pending = BytesWriter()
        total.update(pending.getvalue())
        return total.hexdigest()

    def levels(self) -> list[dict[int, int]]:
        """How often each price is there, for each destination."""
        found: list[dict[int, int]] = [{} for _ in self._prices.destinations]
        rows_at: list[int] = [0] * (len(self._prices.records) // RECORD)
        for index in range(self.count):
            if index % OFTEN == 0:
                give_way()
            rows_at[i64(read_i32_be(self._places, index * 4))] += 1
        for place, rows in enumerate(rows_at):
            if place % OFTEN == 0:
                give_way()
            counts = found[self._prices.destination_at(place)]
            level = self._prices.price_micros_at(place)
            counts[level] = counts.get(level, 0) + rows
        return found

    def destinations(self) -> list[bytes]:
        """Their names by number."""
        return self._prices.destinations

    def lines_of(self, strange: set[tuple[int, int]], most: int) -> list[tuple[int, int, int]]:
        """Line, destination and price of rows with certain of them, in the file's order, the first of them."""
        found: list[tuple[int, int, int]] = []
        for index in range(self.count):
            if index % OFTEN == 0:
                give_way()
            place = i64(read_i32_be(self._read_places, index * 4))
            key = (int(self._prices.destination_at(place)), int(self._prices.price_micros_at(place)))
            if key in strange:
                found.append((int(read_i32_be(self._read_lines, index * 4)), key[0], key[1]))
                if len(found) == most:
                    break
        return found

    def _arrange(self, order: list[int], prefixes: list[bytes]) -> None:
        """Bring rows of one prefix into the order of their times, and refuse those that overlap."""
        wrong: list[tuple[int, int]] = []
        first = 0
        count = len(order)
        while first < count:
            if first % OFTEN == 0:
                give_way()
            last = first + 1
            while last < count and prefixes[order[last]] == prefixes[order[first]]:
                last += 1
            if last > first + 1:
                order[first:last] = self._dated(order[first:last], wrong)
            first = last
        for place, other in sorted(wrong):
            line = int(read_i32_be(self._read_lines, place * 4))
            prefix = prefixes[place].decode()
            if other == TOO_MANY:
                self._deck.refuse(line, f"more than {MOST_DATES} rows for prefix {prefix}", code="T007")
            else:
                words = f"prefix {prefix} has a row at the same time in line {other}"
                self._deck.refuse(line, words, "a prefix has one price at a time", "T503")

    def _dated(self, places: list[int], wrong: list[tuple[int, int]]) -> list[int]:
        """The rows of a prefix by their times; what is too many or overlaps goes to ``wrong``."""
        kept: list[tuple[int, int]] = []
        rows: list[DeckRow] = []
        for place in places:
            row = self._row(place)
            if len(rows) == MOST_DATES:
                wrong.append((place, TOO_MANY))
                continue
            for other in rows:
                if row.valid_from_ms < other.valid_until_ms and other.valid_from_ms < row.valid_until_ms:
                    wrong.append((place, other.line))
                    break
            rows.append(row)
            kept.append((row.valid_from_ms, place))
        kept.sort()
        return [place for _, place in kept]

    def _row(self, index: int) -> DeckRow:
        """A row by its place in the file."""
        line = i64(read_i32_be(self._read_lines, index * 4))
        return self._prices.row(i64(read_i32_be(self._read_places, index * 4)), line)


def _keys(prefixes: list[bytes]) -> list[bytes]:
    """Texts in whose order the prefixes are in order, those of equal ones in the order of their places."""
    found: list[bytes] = []
    for index, prefix in enumerate(prefixes):
        if index % OFTEN == 0:
            give_way()
        key = BytesWriter()
        key.write(prefix)
        key.append(0)
        write_i32_be(key, i32(index))
        found.append(key.getvalue())
    return found
