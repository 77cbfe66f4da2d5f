"""A price and how it is rounded."""

from math import gcd
from typing import Final

from mypy_extensions import i64, mypyc_attr

ROUND_UP: Final = 0
ROUND_HALF_UP: Final = 1
ROUND_DOWN: Final = 2


@mypyc_attr(acyclic=True)
class Rate:
    """A price: ``price_micros`` for ``per_units`` units of a kind; usage counts in whole ``increment``s.

    ``numerator`` micros for ``denominator`` units is the same price in lowest terms, for small products.
    """

    def __init__(
        self, unit_kind: i64, price_micros: int, per_units: int, increment: int, rounding: i64
    ) -> None:
        self.unit_kind = unit_kind
        self.price_micros = price_micros
        self.per_units = per_units
        self.increment = increment
        self.rounding = rounding
        common = gcd(price_micros, per_units)
        self.numerator = price_micros // common
        self.denominator = per_units // common
