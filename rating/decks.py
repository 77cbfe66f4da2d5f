"""Rate decks: prices by the longest prefix of the called number."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.calendar import FAR_MS
from rating.prefixes import PrefixTable
from rating.rates import ROUND_UP, Rate

LARGEST_INCREMENT: Final = 1 << 50


def check_counting(increment: i64, minimum: i64) -> None:
    """ValueError where units can not be counted like this."""
    if not 1 <= increment <= LARGEST_INCREMENT:
        raise ValueError(f"an increment is from 1 to {LARGEST_INCREMENT} units")
    if not 0 <= minimum <= LARGEST_INCREMENT:
        raise ValueError(f"a minimum is from 0 to {LARGEST_INCREMENT} units")


class DeckRow:
    """One line of a deck, for usage that starts in [``valid_from_ms``, ``valid_until_ms``).

    ``rate`` has increment 1; counted are ``minimum`` units and whole ``increment``s beyond (minimum 0 = one
    increment). ``line`` is the row's line in the deck's file. ``another`` is a row of the same prefix with
    another validity. Rows are equal that price alike, whatever their lines. ValueError where an increment or a
    minimum is out of range.
    """

    def __init__(
        self,
        destination: bytes,
        rate: Rate,
        increment: i64 = 1,
        minimum: i64 = 0,
        connection_fee_micros: int = 0,
        valid_from_ms: i64 = 0,
        valid_until_ms: i64 = FAR_MS,
        line: i64 = 0,
    ) -> None:
        check_counting(increment, minimum)
        self.destination = destination
        self.rate = rate
        self.increment = increment
        self.minimum = minimum
        self.connection_fee_micros = connection_fee_micros
        self.valid_from_ms = valid_from_ms
        self.valid_until_ms = valid_until_ms
        self.line = line
        self.another: DeckRow | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, DeckRow) and _content(self) == _content(other)

    def __hash__(self) -> int:
        return hash(_content(self))

    def valid_at(self, at_ms: i64) -> bool:
        """Whether the row prices usage that starts at the instant."""
        return self.valid_from_ms <= at_ms < self.valid_until_ms


def _content(row: DeckRow) -> tuple[object, ...]:
    rate = row.rate
    return (
        row.destination,
        (rate.unit_kind, rate.price_micros, rate.per_units, rate.increment, rate.rounding),
        (row.increment, row.minimum, row.connection_fee_micros),
        (row.valid_from_ms, row.valid_until_ms),
        id(row.another),
    )


NO_ROW: Final = DeckRow(b"", Rate(0, 0, 1, 1, ROUND_UP))


class RateDeck:
    """All rows by prefix; ``source`` is the file they were read from. Not changed once it is made."""

    def __init__(self, deck_id: str, rows: dict[bytes, DeckRow], source: str = "") -> None:
        self.deck_id = deck_id
        self.rows = rows
        self.source = source
        self._table = PrefixTable[DeckRow](rows, NO_ROW)

    def price_for(self, number: bytes, at_ms: i64) -> DeckRow | None:
        """The row of the longest prefix that has one valid at the instant, or another that prices alike.

        Few different prices stay in the processor's memory, however many prefixes there are.
        """
        row = self._table.find(number)
        if row.valid_from_ms <= at_ms < row.valid_until_ms:
            return None if row is NO_ROW else row
        return self.row_for(number, at_ms)

    def place_of(self, row: DeckRow) -> str:
        """``international.csv:17``; "" where the row has no line."""
        return f"{self.source}:{row.line}" if row.line else ""

    def row_for(self, number: bytes, at_ms: i64) -> DeckRow | None:
        """The very row of the longest prefix that has one valid at the instant, with its line."""
        size: i64 = len(number)
        for length in self._table.lengths:
            if length <= size:
                row = self.rows.get(number[:length])
                while row is not None:
                    if row.valid_at(at_ms):
                        return row
                    row = row.another
        return None


def add_row(rows: dict[bytes, DeckRow], prefix: bytes, row: DeckRow) -> DeckRow | None:
    """Put a row among those of its prefix; where the validity overlaps, that other row, and nothing is put."""
    first = rows.get(prefix)
    other = first
    while other is not None:
        if row.valid_from_ms < other.valid_until_ms and other.valid_from_ms < row.valid_until_ms:
            return other
        other = other.another
    row.another = first
    rows[prefix] = row
    return None
