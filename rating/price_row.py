"""Prices as numbers side by side, so that a rating finds them in one place of the memory."""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, read_i64_be, write_i64_be
from mypy_extensions import i64

from rating.rates import Rate

PRICE_OCTETS: Final = 16
"""Of each price: four times the micros, and how it is rounded; then the units that they are for."""
LARGEST: Final = 1 << 60
_ROUNDING: Final = 3


def write_prices(writer: BytesWriter, rates: list[Rate]) -> None:
    """The prices of rates, one after the other. ValueError where a number is too large for any money."""
    for rate in rates:
        if rate.price_micros >= LARGEST or rate.per_units >= LARGEST:
            raise ValueError(f"a price is less than {LARGEST} micros, for less than {LARGEST} units")
        write_i64_be(writer, rate.price_micros * 4 + rate.rounding)
        write_i64_be(writer, rate.per_units)


def price_micros_in(prices: bytes, at: i64) -> i64:
    """The micros of the price at a place."""
    return read_i64_be(prices, at) >> 2


def rounding_in(prices: bytes, at: i64) -> i64:
    """How amounts of it are rounded."""
    return read_i64_be(prices, at) & _ROUNDING


def per_units_in(prices: bytes, at: i64) -> i64:
    """The units that it is for."""
    return read_i64_be(prices, at + 8)
