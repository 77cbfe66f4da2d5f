"""Rows of a rate deck into columns of octets: one pass, no object for each row. Compiled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from librt.strings import BytesWriter, read_i32_be, write_i32_be
from mypy_extensions import i32, i64

from config.deck_file import MOST_DIGITS, DeckFile, digits_of, prefix_hint
from config.issues import TextError
from config.text_pieces import zone_name
from rating.deck_prices import MOST_REMEMBERED, RECORD, DeckPrices, PriceWriter
from rating.deck_row import DeckRow
from rating.deck_table import DeckTable, table_of
from rating.giving_way import OFTEN, give_way
from rating.prefix_list import PrefixList
from rating.sorting import in_order

DESTINATION: Final = 0
PRICE: Final = 1
CONNECTION_FEE: Final = 2
INCREMENT: Final = 3
MINIMUM: Final = 4
VALID_FROM: Final = 5
VALID_UNTIL: Final = 6
COLUMNS: Final = (
    *("destination", "price", "connection_fee", "increment", "minimum", "valid_from", "valid_until"),
)
"""Columns beside the prefix, in the order of their numbers."""
OWN: Final = 7
"""After the columns: whether a row says how it counts."""
REFUSED: Final = -1
MOST_DATES: Final = 100
"""Rows that one prefix may have, each for its time."""
TOO_MANY: Final = 0
HASHED: Final = 1 << 16
"""Octets that are hashed at once."""

_OF_A_TEXT: Final = "T104"
_OF_A_CELL: Final = "T502"
"""Where a text can not be read at all, the code says that it is a deck's."""

Parse = Callable[[int, str], tuple[int, int]]
"""Reads a cell of a column: its value, of an increment also the minimum. TextError where it is wrong."""


class RowReader:
    """Collects the rows of one deck. ``usual`` has a value for each column that is not there or empty.

    ``price`` is what all prices are for: kind of unit, number of units, and rounding.
    """

    def __init__(self, deck: DeckFile, parse: Parse, usual: list[int], price: tuple[int, int, int]) -> None:
        self._deck = deck
        self._parse = parse
        self._usual = usual
        self._kind, self._per, self._rounding = price
        self._width = len(deck.header)
        self._at = deck.header.index("prefix")
        names = [name for name in deck.header if name != "prefix"]
        self._columns: list[int] = [COLUMNS.index(name) for name in names]
        self._known: list[dict[str, tuple[int, int]]] = [{} for _ in names]
        self._tails: dict[tuple[str, ...], int] = {}
        self._prices = PriceWriter()
        self._prefixes: list[bytes] = []
        self._lines = BytesWriter()
        self._places = BytesWriter()

    def read(self, lines: Sequence[int], rows: list[list[str]]) -> None:
        """Take some rows that end at lines; DeckError after too many mistakes."""
        at, width = self._at, self._width
        tails, prefixes = self._tails, self._prefixes
        for index, row in enumerate(rows):
            if len(row) != width:
                self._deck.refuse_width(lines[index], row)
                continue
            text = row.pop(at)
            prefix = text.encode()
            size = len(prefix)
            if size == 0 or size > MOST_DIGITS or prefix[0] == 48 or not prefix.isdigit():
                plus = digits_of(text) if text else None
                if plus is None:
                    self._refuse_prefix(lines[index], text)
                    continue
                prefix = plus
            key = tuple(row)
            place = tails.get(key, REFUSED)
            if place < 0:
                place = self._place(lines[index], row)
                if place < 0:
                    continue
                if len(tails) < MOST_REMEMBERED:
                    tails[key] = place
            prefixes.append(prefix)
            write_i32_be(self._lines, i32(lines[index]))
            write_i32_be(self._places, i32(place))

    def _refuse_prefix(self, line: int, text: str) -> None:
        self._deck.refuse(line, f"{text!r} is not a prefix", prefix_hint(text), cell=self._at)

    def _place(self, line: int, cells: list[str]) -> int:
        """The place of what the cells beside the prefix say, or REFUSED."""
        found = self._usual.copy()
        counted_minimum = found[MINIMUM]
        own_minimum = REFUSED
        for index, cell in enumerate(cells):
            column = self._columns[index]
            if not cell and column > PRICE:
                continue
            known = self._known[index].get(cell)
            if known is None:
                known = self._read(line, index, cell)
                if known is None:
                    return REFUSED
            found[column] = known[0]
            if column == INCREMENT:
                counted_minimum = known[1]
                found[OWN] = 1
            elif column == MINIMUM:
                own_minimum = known[0]
                found[OWN] = 1
        if own_minimum == REFUSED:
            own_minimum = 0 if counted_minimum == found[INCREMENT] else counted_minimum
        if found[VALID_UNTIL] <= found[VALID_FROM]:
            self._refuse_cell(
                line, self._columns.index(VALID_UNTIL), TextError("the row ends before it begins")
            )
            return REFUSED
        return self._prices.add(
            found[DESTINATION],
            self._kind,
            found[PRICE],
            self._per,
            self._rounding,
            found[INCREMENT],
            own_minimum,
            found[CONNECTION_FEE],
            found[VALID_FROM],
            found[VALID_UNTIL],
            own=found[OWN] == 1,
        )

    def _read(self, line: int, index: int, cell: str) -> tuple[int, int] | None:
        """The value of a cell that was not seen before."""
        column = self._columns[index]
        try:
            if column == DESTINATION:
                found = (int(self._prices.destination(zone_name(cell).encode())), 0)
            else:
                found = self._parse(column, cell)
        except TextError as error:
            self._refuse_cell(line, index, error)
            return None
        if len(self._known[index]) < MOST_REMEMBERED:
            self._known[index][cell] = found
        return found

    def _refuse_cell(self, line: int, index: int, error: TextError) -> None:
        name = COLUMNS[self._columns[index]]
        code = _OF_A_CELL if error.code == _OF_A_TEXT else error.code
        self._deck.refuse(line, f"{name}: {error}", error.hint, code, self._deck.header.index(name))

    def finish(self) -> ReadRows:
        """The rows in their order; DeckError where too many are for one prefix at one time."""
        return ReadRows(
            self._deck, self._prefixes, self._lines.getvalue(), self._places.getvalue(), self._prices.prices()
        )


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
