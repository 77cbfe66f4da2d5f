"""Numbers and money are written as Babel writes them, in every language it knows, and exactly."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from babel.numbers import format_currency, format_decimal, format_percent, parse_pattern
from hypothesis import given
from hypothesis import strategies as st

from ocs.documents.number_text import NumberText, decimals_needed, write_plain

DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}
AMOUNTS = (0, 1, -1, 499, 5_000, 500_000, 999_999, 1_234_567_891_234, -1_234_567_891_234)


def plainly(text: str) -> str:
    """A text with one kind of minus."""
    return text.replace("\N{MINUS SIGN}", "-").replace("\N{LEFT-TO-RIGHT MARK}-", "-")


@pytest.mark.parametrize("currency", DIGITS)
def test_money_is_written_as_babel_does(currency: str) -> None:
    """In each of its locales: separators, groups, signs, the currency's place, its digits."""
    different = []
    for identifier in locale_identifiers():
        locale = Locale.parse(identifier)
        numbers = NumberText(locale)
        for micros in AMOUNTS:
            exact = Decimal(micros).scaleb(-6)
            value = exact.quantize(Decimal(1).scaleb(-DIGITS[currency]), ROUND_HALF_UP)
            expected = format_currency(value or abs(value), currency, locale=locale)
            found = numbers.money(micros, currency, DIGITS[currency])
            if plainly(found) != plainly(expected):
                different.append((identifier, found, expected))

    assert different == []


@pytest.mark.parametrize("language", ["en", "de", "el", "ja", "ar", "hi", "fr", "de_CH"])
@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_amounts_are_exact(language: str, micros: int, decimals: int) -> None:
    """Rounded half away from zero to the decimals asked for, as Decimal does; groups are the language's."""
    locale = Locale.parse(language)
    value = Decimal(micros).scaleb(-6).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    pattern = parse_pattern(locale.decimal_formats[None].pattern)
    pattern.frac_prec = (decimals, decimals)
    expected = pattern.apply(value or abs(value), locale)

    assert plainly(NumberText(locale).amount(micros, decimals)) == plainly(expected)


def test_whole_numbers_and_percents() -> None:
    """Groups of counts, rates with the decimals they have."""
    for language in ("en", "de", "ar", "hi"):
        locale = Locale.parse(language)
        numbers = NumberText(locale)
        assert numbers.whole(12_345_678) == format_decimal(12_345_678, locale=locale)
        assert numbers.percent(190_000) == format_percent(Decimal("0.19"), locale=locale)
    assert NumberText(Locale("en")).percent(75_500) == "7.55%"
    assert NumberText(Locale("de")).percent(0) == "0\N{NO-BREAK SPACE}%"


@given(st.integers(-(10**15), 10**15))
def test_plain_amounts_are_read_back(micros: int) -> None:
    """What CSV says is exactly the amount."""
    assert Decimal(write_plain(micros)).scaleb(6) == micros


def test_decimals_that_an_amount_needs() -> None:
    """As many as it has, and never fewer than asked for."""
    assert [decimals_needed(micros, 2) for micros in (0, 10_000, 1_000, 123_450, 1)] == [2, 2, 3, 5, 6]
    assert decimals_needed(5_000_000, 0) == 0
