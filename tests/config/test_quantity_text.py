"""The texts of a price list: what they mean, what is refused and in which words."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS
from config.issues import TextError
from config.quantity_text import (
    LIMIT_UNITS,
    Price,
    Quantity,
    format_price,
    format_quantity,
    parse_currency,
    parse_duration_s,
    parse_percent,
    parse_price,
    parse_quantity,
    parse_rating_group,
)


@pytest.mark.parametrize(
    ("text", "unit_kind", "units"),
    [
        ("1 octet", OCTETS, 1),
        ("1000000 octets", OCTETS, 1_000_000),
        ("1_000_000 octets", OCTETS, 1_000_000),
        ("1 MB", OCTETS, 1_000_000),
        ("1MB", OCTETS, 1_000_000),
        ("MB", OCTETS, 1_000_000),
        ("1.5 kB", OCTETS, 1500),
        ("1 GB", OCTETS, 1_000_000_000),
        ("1 MiB", OCTETS, 1_048_576),
        ("60 s", SECONDS, 60),
        ("1 min", SECONDS, 60),
        ("1 h", SECONDS, 3600),
        ("30 days", SECONDS, 2_592_000),
        ("1 unit", SPECIFIC_UNITS, 1),
        ("10 messages", SPECIFIC_UNITS, 10),
    ],
)
def test_quantity_means_units_of_a_kind(text: str, unit_kind: int, units: int) -> None:
    """A size is a whole number of octets, seconds or units."""
    assert parse_quantity(text) == Quantity(unit_kind, units)


@pytest.mark.parametrize(
    ("parse", "text", "message", "hint"),
    [
        (parse_quantity, "1 XYZ", "'XYZ' is not a unit", "known: B, GB"),
        (parse_quantity, "1 mb", "'mb' is not a unit", "did you mean 'MB'?"),
        (parse_quantity, "1", "'1' has no unit", "write a size such as"),
        (parse_quantity, "", "'' is not a quantity", "write a size such as"),
        (parse_quantity, "1,5 MB", "'1,5 MB' is not a quantity", "a point before the decimals"),
        (parse_quantity, "0.5 octets", "'0.5 octets' is not a whole number of octets", ""),
        (parse_quantity, "0 MB", "'0 MB' is not between 1 and 9007199254740991 octets", ""),
        (parse_quantity, "9999999 TB", "'9999999 TB' is not between 1 and 9007199254740991 octets", ""),
        (parse_duration_s, "1 MB", "'1 MB' is not a duration", "write it such as '60 s'"),
        (parse_price, "cheap", "'cheap' is not a price", "write a price such as"),
        (parse_price, "1,00 EUR per MB", "'1,00 EUR per MB' is not a price", "a point before the decimals"),
        (parse_price, "-1 EUR per MB", "'-1 EUR per MB' is below zero", ""),
        (
            parse_price,
            "0.0000001 EUR per MB",
            "'0.0000001' has more than six decimals",
            "for more or fewer units",
        ),
        (parse_price, "1 EUX per MB", "'EUX' is not a currency code of ISO 4217", "did you mean"),
        (parse_price, "1 EUR per bit", "'bit' is not a unit", ""),
        (parse_currency, "eur", "'eur' is not a currency code of ISO 4217", "did you mean 'EUR'?"),
        (parse_percent, "100 %", "'100 %' is not a percentage from 0 % to 99 %", "write it such as '20 %'"),
        (parse_percent, "20", "'20' is not a percentage from 0 % to 99 %", "write it such as '20 %'"),
        (parse_rating_group, "-1", "'-1' is not a rating group", "a number up to 4294967295"),
        (parse_rating_group, "4294967296", "'4294967296' is not a rating group", "a number up to 4294967295"),
    ],
)
def test_text_is_refused_with_a_hint(
    parse: Callable[[str], object], text: str, message: str, hint: str
) -> None:
    """What is no quantity, price or number is refused in words that help."""
    with pytest.raises(TextError) as caught:
        parse(text)
    assert str(caught.value) == message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("1.00 EUR per 1 MB", Price(1_000_000, "EUR", Quantity(OCTETS, 1_000_000))),
        ("1.00 EUR per 1000000 octets", Price(1_000_000, "EUR", Quantity(OCTETS, 1_000_000))),
        ("0.05 USD per minute", Price(50_000, "USD", Quantity(SECONDS, 60))),
        ("0.00 EUR per MB", Price(0, "EUR", Quantity(OCTETS, 1_000_000))),
        ("free", Price(0, "", Quantity(OCTETS, 1))),
        ("free per 1 s", Price(0, "", Quantity(SECONDS, 1))),
    ],
)
def test_price_means_micros_per_quantity(text: str, price: Price) -> None:
    """A price is exact micros of its currency for a quantity."""
    assert parse_price(text) == price


def test_duration_percent_and_rating_group_are_numbers() -> None:
    """The small texts mean their numbers; a duration may be nothing."""
    assert (parse_duration_s("0 s"), parse_duration_s("0"), parse_duration_s("2 h")) == (0, 0, 7200)
    assert (parse_percent("0 %"), parse_percent("20%")) == (0, 20)
    assert (parse_rating_group("0"), parse_rating_group("4294967295")) == (0, 4294967295)


QUANTITIES = st.builds(
    Quantity,
    st.sampled_from([OCTETS, SECONDS, SPECIFIC_UNITS]),
    st.one_of(st.integers(1, LIMIT_UNITS - 1), st.sampled_from([1, 1000, 3600, 1 << 20, 10**9])),
)


@given(QUANTITIES)
def test_quantity_reads_back_what_is_written(quantity: Quantity) -> None:
    """The written form of a quantity means that quantity."""
    assert parse_quantity(format_quantity(quantity)) == quantity


@given(st.integers(1, 1 << 52), QUANTITIES)
def test_price_reads_back_what_is_written(micros: int, per: Quantity) -> None:
    """The written form of a price means that price."""
    price = Price(micros, "EUR", per)
    assert parse_price(format_price(price)) == price
