"""What usage costs and what money buys: an inverse pair over the cumulative usage of one session line.

Usage counts in whole increments, the multiplication comes first and the result is rounded once. Because a price
is always that of the *cumulative* usage, the parts of a session never add up to more than its whole: what an
update costs is the price after it less the price before it.

Multiplying and dividing by one is left out: on large numbers the compiler calls the interpreter for either.
"""

from typing import Final

from mypy_extensions import i64

from rating.rates import ROUND_DOWN, ROUND_HALF_UP, Rate

MOST_UNITS: Final = 1 << 62
"""What is affordable where units cost nothing: no grant reaches it."""

_SHORT_OF_MOST: Final = 0x3FFFFFFFFFFFFFFF
"""One unit less: the largest number that compiled code compares without asking the interpreter."""


def price_micros_of(units: i64, rate: Rate) -> int:
    """The price in micros of that many used units; a Python int, because units times price may pass 64 bits.

    ``units`` is not negative. The price never falls when units grow.
    """
    price: int = rate.numerator
    if price == 0:
        return 0
    counted: int = units
    increment: int = rate.increment
    if increment != 1:
        counted = (counted + increment - 1) // increment * increment
    per_units: int = rate.denominator
    if per_units == 1:
        return counted if price == 1 else counted * price
    rounding: i64 = rate.rounding
    if rounding == ROUND_DOWN:
        return counted * price // per_units
    if rounding == ROUND_HALF_UP:
        return (2 * counted * price + per_units) // (2 * per_units)
    return (counted * price + per_units - 1) // per_units


def amount_of(units: int, numerator: int, denominator: int, rounding: i64) -> int:
    """``numerator`` micros for ``denominator`` units, for counted units, rounded once."""
    if denominator == 1:
        return units * numerator
    if rounding == ROUND_DOWN:
        return units * numerator // denominator
    if rounding == ROUND_HALF_UP:
        return (2 * units * numerator + denominator) // (2 * denominator)
    return (units * numerator + denominator - 1) // denominator


def most_units_of(amount_micros: int, numerator: int, denominator: int, rounding: i64) -> int:
    """The most counted units whose ``amount_of`` is within an amount (not negative); MOST_UNITS if free."""
    if numerator == 0:
        return MOST_UNITS
    if rounding == ROUND_DOWN:
        return ((amount_micros + 1) * denominator - 1) // numerator
    if rounding == ROUND_HALF_UP:
        return ((2 * amount_micros + 1) * denominator - 1) // (2 * numerator)
    return amount_micros * denominator // numerator


def affordable_units(money_micros: int, rate: Rate, used_units: i64) -> i64:
    """The most units that money buys after ``used_units``: price(used + units) - price(used) <= money.

    Whatever was used of a begun increment is paid, so its rest comes for nothing. 0 where the money is
    negative; at most ``MOST_UNITS``, which is also the answer where the rate is free.
    """
    if money_micros < 0:
        return 0
    price: int = rate.numerator
    if price == 0:
        return MOST_UNITS
    total: int = price_micros_of(used_units, rate) + money_micros
    per_units: int = rate.denominator
    rounding: i64 = rate.rounding
    counted: int = total
    if per_units == 1:
        if price != 1:
            counted = total // price
    elif rounding == ROUND_DOWN:
        counted = ((total + 1) * per_units - 1) // price
    elif rounding == ROUND_HALF_UP:
        counted = ((2 * total + 1) * per_units - 1) // (2 * price)
    else:
        counted = total * per_units // price
    increment: int = rate.increment
    used: int = used_units
    if increment != 1:
        counted = counted // increment * increment
    units: int = counted - used
    if units > _SHORT_OF_MOST:
        return MOST_UNITS
    return units
