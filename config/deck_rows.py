"""Rows of a rate deck into columns of octets: one pass, no object for each row. Compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from librt.strings import BytesWriter, write_i32_be
from mypy_extensions import i32

from config.deck_columns import ReadRows
from config.deck_file import MOST_DIGITS, DeckFile, digits_of, prefix_hint
from config.issues import TextError
from config.text_pieces import zone_name
from rating.deck_prices import MOST_REMEMBERED, PriceWriter

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
