"""One row of a rate deck, as a value."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.calendar import FAR_MS
from rating.rates import Rate

LARGEST_INCREMENT: Final = 1 << 50
ALONE: Final = -1
"""No other price of the same prefix follows."""


def check_counting(increment: i64, minimum: i64) -> None:
    """ValueError where units can not be counted like this."""
    if not 1 <= increment <= LARGEST_INCREMENT:
        raise ValueError(f"an increment is from 1 to {LARGEST_INCREMENT} units")
    if not 0 <= minimum <= LARGEST_INCREMENT:
        raise ValueError(f"a minimum is from 0 to {LARGEST_INCREMENT} units")


@mypyc_attr(acyclic=True)
class DeckRow:
    """One line of a deck, for usage that starts in [``valid_from_ms``, ``valid_until_ms``).

    ``rate`` has increment 1; counted are ``minimum`` units and whole ``increment``s beyond (minimum 0 = one
    increment). ``line`` is the row's line in the deck's file, 0 where only the price was asked for;
    ``place`` is that of its price in a deck, ``following`` that of its prefix's price at another time.
    ValueError where an increment or a minimum is out of range.
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
        following: i64 = ALONE,
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
        self.following = following
        self.place: i64 = ALONE

    def valid_at(self, at_ms: i64) -> bool:
        """Whether the row prices usage that starts at the instant."""
        return self.valid_from_ms <= at_ms < self.valid_until_ms
