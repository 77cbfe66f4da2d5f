"""What units on a line cost: the written price of band and tier, in the plan's currency, less percentages."""

from __future__ import annotations

from math import gcd

from mypy_extensions import i64

from rating.charge import Line
from rating.meter import Meter
from rating.price_row import PRICE_OCTETS, per_units_in, price_micros_in, rounding_in
from rating.rates import Rate


def price_line(meter: Meter, line: Line) -> None:
    """Give a line its price."""
    rate = _rate_of_deck(meter, line)
    if rate is None:
        bands = meter.tariff.bands
        at = meter.plan.terms[meter.rule_number].price_at
        at += PRICE_OCTETS * (line.tier if bands == 1 else line.tier * bands + line.band_number)
        prices = meter.plan.prices
        line.rounding = rounding_in(prices, at)
        line.price_micros = price_micros_in(prices, at)
        line.per_units = per_units_in(prices, at)
    else:
        line.rounding = rate.rounding
        line.price_micros = rate.price_micros
        line.per_units = rate.per_units
    if line.mask != 0 or meter.exchange_numerator != meter.exchange_denominator:
        set_price(meter, line, line.price_micros, line.per_units)


def written_rate(meter: Meter, line: Line) -> Rate:
    """The price of a line's band and tier as it is written, for people."""
    rate = _rate_of_deck(meter, line)
    if rate is not None:
        return rate
    tariff = meter.rule.tariff
    return meter.rule.rate if tariff is None else tariff.rate_of(line.tier, line.band_number)


def _rate_of_deck(meter: Meter, line: Line) -> Rate | None:
    of_bands = meter.band_rates
    return meter.deck_rate if of_bands is None else of_bands[line.band_number]


def set_price(meter: Meter, line: Line, numerator: int, denominator: int) -> None:
    """A price in the plan's currency, less the percentages of the line, in lowest terms."""
    numerator *= meter.exchange_numerator
    denominator *= meter.exchange_denominator
    percentages = meter.percentages
    if percentages is not None:
        bit: i64 = 1
        for discount in percentages:
            if line.mask & bit:
                numerator *= discount.numerator
                denominator *= discount.denominator
            bit <<= 1
    common = gcd(numerator, denominator)
    line.price_micros = numerator // common
    line.per_units = denominator // common


def names_of(meter: Meter, mask: i64) -> str:
    """The names of the percentages in a mask, joined by +."""
    names = ""
    percentages = meter.percentages
    if percentages is not None:
        bit: i64 = 1
        for discount in percentages:
            if mask & bit:
                names = f"{names}+{discount.name}" if names else discount.name
            bit <<= 1
    return names
