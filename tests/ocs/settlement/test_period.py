"""Months of a time zone: where they begin, how they are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.issues import TextError
from ocs.settlement.period import month_name, month_of, parse_period, period_of

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"]


@given(st.integers(1990 * 12, 2060 * 12), st.sampled_from(ZONES))
def test_months_follow_each_other(month: int, zone: str) -> None:
    """One ends where the next begins, and every moment of it is in it."""
    period = period_of(month, zone)
    assert period.to_ms == period_of(month + 1, zone).from_ms
    assert parse_period(month_name(month), zone) == period
    assert period.month == month_of(period.from_ms, zone) == month_of(period.to_ms - 1, zone) == month


def test_a_month_with_a_switch_of_clocks() -> None:
    """October 2026 has an hour more in Berlin, March one less."""
    hours = [
        (p.to_ms - p.from_ms) / 3_600_000
        for p in (parse_period(m, "Europe/Berlin") for m in ("2026-10", "2026-03"))
    ]
    assert hours == [31 * 24 + 1, 31 * 24 - 1]


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "2026", "11-2026", "2026-11-01", "0001-01", ""])
def test_what_is_no_month(text: str) -> None:
    """Refused with a hint."""
    with pytest.raises(TextError, match="is not a month"):
        parse_period(text, "UTC")
