"""Prices and affordable units: worked examples, then the properties that make them an inverse pair."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balance.quantity import OCTETS
from rating.catalogue import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Rate
from rating.pricing import MOST_UNITS, affordable_units, price_micros_of

RATES = st.builds(
    Rate,
    unit_kind=st.just(OCTETS),
    price_micros=st.one_of(st.integers(1, 1000), st.integers(1, 10**13)),
    per_units=st.one_of(st.integers(1, 100), st.integers(1, 10**12)),
    increment=st.one_of(st.just(1), st.integers(1, 100), st.integers(1, 10**9)),
    rounding=st.sampled_from([ROUND_UP, ROUND_HALF_UP, ROUND_DOWN]),
)
UNITS = st.one_of(st.integers(0, 1000), st.integers(0, 10**15))
MONEY = st.one_of(st.integers(0, 1000), st.integers(0, 1 << 53))

BY_THE_OCTET = Rate(OCTETS, 1_000_000, 1_000_000, 1, ROUND_UP)
THIRD_UP = Rate(OCTETS, 1, 3, 1, ROUND_UP)
THIRD_NEAREST = Rate(OCTETS, 1, 3, 1, ROUND_HALF_UP)
HALF_NEAREST = Rate(OCTETS, 1, 2, 1, ROUND_HALF_UP)
THIRD_DOWN = Rate(OCTETS, 1, 3, 1, ROUND_DOWN)
BY_THE_MINUTE = Rate(OCTETS, 90_000, 60, 60, ROUND_UP)


@pytest.mark.parametrize(
    ("rate", "units", "micros"),
    [
        (BY_THE_OCTET, 0, 0),
        (BY_THE_OCTET, 1, 1),
        (BY_THE_OCTET, 123_456_789, 123_456_789),
        (THIRD_UP, 1, 1),
        (THIRD_UP, 3, 1),
        (THIRD_UP, 4, 2),
        (THIRD_NEAREST, 1, 0),
        (THIRD_NEAREST, 2, 1),
        (HALF_NEAREST, 1, 1),
        (THIRD_DOWN, 2, 0),
        (THIRD_DOWN, 3, 1),
        (BY_THE_MINUTE, 0, 0),
        (BY_THE_MINUTE, 1, 90_000),
        (BY_THE_MINUTE, 60, 90_000),
        (BY_THE_MINUTE, 61, 180_000),
        (Rate(OCTETS, 10**13, 1, 1, ROUND_UP), (1 << 62), (1 << 62) * 10**13),
    ],
)
def test_price_of_worked_example(rate: Rate, units: int, micros: int) -> None:
    """Units cost what a person works out on paper, also past 64 bits."""
    assert price_micros_of(units, rate) == micros


@pytest.mark.parametrize(
    ("money", "rate", "used", "units"),
    [
        (10, BY_THE_OCTET, 0, 10),
        (10, BY_THE_OCTET, 10**9, 10),
        (0, BY_THE_OCTET, 5, 0),
        (-1, BY_THE_OCTET, 5, 0),
        (1, THIRD_UP, 0, 3),
        (0, THIRD_UP, 1, 2),
        (1, THIRD_DOWN, 0, 5),
        (89_999, BY_THE_MINUTE, 0, 0),
        (90_000, BY_THE_MINUTE, 0, 60),
        (0, BY_THE_MINUTE, 1, 59),
        (90_000, BY_THE_MINUTE, 1, 119),
        (0, Rate(OCTETS, 0, 1, 1, ROUND_UP), 0, MOST_UNITS),
        (1 << 52, Rate(OCTETS, 1, 10**12, 1, ROUND_UP), 0, MOST_UNITS),
    ],
)
def test_affordable_of_worked_example(money: int, rate: Rate, used: int, units: int) -> None:
    """Money buys what a person works out on paper, and never more than the cap."""
    assert affordable_units(money, rate, used) == units


@given(rate=RATES, used=UNITS, money=MONEY)
def test_affordable_is_maximal_and_never_over(rate: Rate, used: int, money: int) -> None:
    """What is affordable costs at most the money, and one unit more costs more than it."""
    units = affordable_units(money, rate, used)
    before = price_micros_of(used, rate)
    assert units >= 0
    if units < MOST_UNITS:
        assert price_micros_of(used + units, rate) - before <= money
        assert price_micros_of(used + units + 1, rate) - before > money


@given(rate=RATES, used=UNITS, money=MONEY, more=MONEY)
def test_affordable_grows_with_money(rate: Rate, used: int, money: int, more: int) -> None:
    """More money never buys less."""
    assert affordable_units(money + more, rate, used) >= affordable_units(money, rate, used)


@given(rate=RATES, used=UNITS, units=UNITS)
def test_price_of_units_buys_them_back(rate: Rate, used: int, units: int) -> None:
    """The money that units cost buys at least those units."""
    money = price_micros_of(used + units, rate) - price_micros_of(used, rate)
    assert affordable_units(money, rate, used) >= units


@given(rate=RATES, units=UNITS, more=UNITS)
def test_price_grows_with_units(rate: Rate, units: int, more: int) -> None:
    """More usage never costs less."""
    assert price_micros_of(units + more, rate) >= price_micros_of(units, rate)


@given(rate=RATES, parts=st.lists(UNITS, max_size=8))
def test_parts_of_a_session_cost_its_whole(rate: Rate, parts: list[int]) -> None:
    """However a session is cut into reports, the differences add up to the price of the whole."""
    charged = 0
    used = 0
    for part in parts:
        charged += price_micros_of(used + part, rate) - price_micros_of(used, rate)
        used += part
    assert charged == price_micros_of(sum(parts), rate)
