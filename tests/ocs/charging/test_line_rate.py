"""Rates that lines share: one for equal ones, another for each that differs in anything."""

from __future__ import annotations

from itertools import product

from ocs.charging.line_rate import RATES_KEPT, LineRate, line_rate


def fields(rate: LineRate) -> tuple[object, ...]:
    """What was asked for."""
    numbers = (int(rate.price_micros), int(rate.per_units), int(rate.increment), int(rate.rounding))
    return (rate.rule_id, rate.catalogue, *numbers, rate.tax, rate.band)


def forget_all() -> None:
    """Ask for so many others that none is kept."""
    kept = line_rate("kept", "1", 0, 1, 1, 0)
    for price in range(RATES_KEPT):
        line_rate("other", "1", price, 1, 1, 0)
        if line_rate("kept", "1", 0, 1, 1, 0) is not kept:
            return


def test_equal_rates_are_one_and_others_are_not() -> None:
    """Whichever was asked for before, and in whatever order."""
    forget_all()
    asked = list(product(("a", "b"), ("1", "2"), (5, -5), (1, 60), (1, 2), (0, 1), ("", "t"), ("", "x")))
    rates = [line_rate(*each) for each in asked]
    assert [fields(rate) for rate in rates] == asked
    assert len({id(rate) for rate in rates}) == len(asked)
    assert len({rate.octets for rate in rates}) == len(asked) // 4
    for each, rate in reversed(list(zip(asked, rates, strict=True))):
        assert line_rate(*each) is rate
        assert line_rate(*each) is rate


def test_very_many_are_made_anew() -> None:
    """What is kept is bounded; a rate is right whether it was kept or not."""
    first = line_rate("many", "1", 0, 1, 1, 0)
    for price in range(1, 2 * RATES_KEPT):
        assert fields(line_rate("many", "1", price, 1, 1, 0)) == ("many", "1", price, 1, 1, 0, "", "")
    assert line_rate("many", "1", 0, 1, 1, 0) is not first
