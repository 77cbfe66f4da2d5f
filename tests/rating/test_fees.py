"""Fees and their parts, exchange rates, numbers as they are dialled, bonuses of events."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating.exchange import ExchangeRate, ExchangeRates
from rating.fees import Fee, prorate
from rating.numbering import Numbering
from rating.offers import REFERRAL, TOP_UP, Bonus, bonuses_of_event
from rating.periods import MONTH, first_day

FEBRUARY_2024 = 2024 * 12 + 1
MONTHLY = Fee("monthly", 29_000_000, MONTH, prorate=True)


@given(
    amount=st.integers(0, 1 << 53),
    length=st.integers(1, 400),
    cuts=st.lists(st.integers(-10, 410), max_size=6),
)
def test_parts_of_a_period_cost_the_whole(amount: int, length: int, cuts: list[int]) -> None:
    """Wherever a period is cut, its parts cost exactly the fee together, and no part less than nothing."""
    fee = Fee("fee", amount, MONTH, prorate=True)
    days = [-20, *sorted(cuts), 420]
    parts = [prorate(fee, 0, length, one, other) for one, other in pairwise(days)]
    assert sum(parts) == amount
    assert min(parts) >= 0


@pytest.mark.parametrize(
    ("first", "last", "micros"),
    [
        (0, 29, 29_000_000),
        (16, 29, 13_000_000),
        (28, 29, 1_000_000),
        (5, 5, 0),
        (29, 40, 0),
        (-9, 1, 1_000_000),
    ],
)
def test_a_leap_february_has_29_shares(first: int, last: int, micros: int) -> None:
    """Joining, leaving and changing in mid-month, by local days."""
    begin, end = first_day(MONTH, FEBRUARY_2024), first_day(MONTH, FEBRUARY_2024 + 1)
    assert end - begin == 29
    assert prorate(MONTHLY, begin, end, begin + first, begin + last) == micros


def test_a_fee_that_is_not_prorated_is_whole() -> None:
    """For one day of its period as for all; for none it is nothing."""
    whole = Fee("fee", 5, MONTH)
    assert [prorate(whole, 0, 30, 3, 4), prorate(whole, 0, 30, 0, 30), prorate(whole, 0, 30, 30, 31)] == [
        5,
        5,
        0,
    ]


def test_the_exchange_rate_that_began_last_holds() -> None:
    """Dated rates of a pair; there is none before the first, in the other direction, or for another pair."""
    rates = ExchangeRates([ExchangeRate("USD", "EUR", 9, 10, 100), ExchangeRate("USD", "EUR", 8, 10, 200, 300)])
    found = [rates.rate_at("USD", "EUR", at_ms) for at_ms in (99, 100, 200, 299, 300)]
    assert [None if rate is None else rate.numerator for rate in found] == [None, 9, 8, 8, 9]
    assert rates.rate_at("EUR", "USD", 150) is None
    assert rates.rate_at("USD", "CHF", 150) is None


@pytest.mark.parametrize(
    ("dialled", "international"),
    [
        (b"+49301234", b"49301234"),
        (b"0049301234", b"49301234"),
        (b"0301234", b"49301234"),
        (b"49301234", b"49301234"),
        (b"110", b"110"),
        (b"", b""),
    ],
)
def test_numbers_in_international_form(dialled: bytes, international: bytes) -> None:
    """As a German subscriber dials them."""
    assert Numbering(b"49", b"0", b"00").international(dialled) == international


@pytest.mark.parametrize(
    ("dialled", "international"),
    [
        (b"2125551234", b"12125551234"),
        (b"12125551234", b"12125551234"),
        (b"011442012345678", b"442012345678"),
        (b"442012345678", b"442012345678"),
        (b"911", b"911"),
        (b"*225#67890", b"*225#67890"),
    ],
)
def test_national_numbers_without_a_prefix(dialled: bytes, international: bytes) -> None:
    """As an American subscriber dials them: ten digits are a national number."""
    numbering = Numbering(b"1", b"1", b"011", frozenset([10]))
    assert numbering.international(dialled) == international


def test_bonuses_of_an_event() -> None:
    """A top-up brings what it is large enough for."""
    small = Bonus("small", TOP_UP, at_least_micros=5)
    large = Bonus("large", TOP_UP, at_least_micros=10)
    friend = Bonus("friend", REFERRAL)
    bonuses = [small, large, friend]
    assert bonuses_of_event(bonuses, TOP_UP, 4) == []
    assert bonuses_of_event(bonuses, TOP_UP, 5) == [small]
    assert bonuses_of_event(bonuses, TOP_UP, 10) == [small, large]
    assert bonuses_of_event(bonuses, REFERRAL) == [friend]
