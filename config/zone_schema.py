"""What may stand under ``destinations`` and its like, ``numbering``, ``exchange_rates`` and ``rate_decks``."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from config.issues import TextError
from config.quantity_text import Quantity
from config.tariff_text import Increments, Moment, parse_exchange_rate, parse_increments, parse_moment
from config.text_pieces import Currency, Piece, QuantityText, Text, Texts, one_text, text_schema, texts, unread

MomentText = Annotated[
    Moment,
    PlainValidator(lambda v: parse_moment(one_text(v))),
    text_schema("a date, or a date and a time, of the network's time zone", "2026-01-01", "2026-01-01 06:00"),
]
IncrementsText = Annotated[
    Increments,
    PlainValidator(lambda v: parse_increments(one_text(v))),
    text_schema("usage counts in steps; 60/1: at least 60, then in steps of 1", "60 s", "60/1", "1 KiB"),
]
Rounding = Annotated[Literal["up", "half up", "down"], BeforeValidator(one_text)]


def _digits(value: object) -> str:
    text = one_text(value)
    if not (text.isdecimal() and text.isascii() and len(text) <= 8):
        raise TextError(f"{text!r} is not a prefix that is dialled", "digits, such as 49 or 00")
    return text


def _prefix(value: object) -> str:
    return "" if one_text(value) == "none" else _digits(value)


def _lengths(value: object) -> frozenset[int]:
    found = set()
    for text in texts(value):
        if text not in _LENGTHS:
            raise TextError(f"{text!r} is not a number of digits", "between 4 and 14, such as 10 or [9, 10]")
        found.add(int(text))
    return frozenset(found)


_LENGTHS: Final = frozenset(str(length) for length in range(4, 15))
DigitsText = Annotated[str, PlainValidator(_digits), text_schema("digits", "49", "0", "00")]


NationalPrefixText = Annotated[str, PlainValidator(_prefix), text_schema("digits, or none", "0", "none")]
_LENGTH_SCHEMA: Final[dict[str, Any]] = {"type": "integer", "minimum": 4, "maximum": 14}
LengthsText = Annotated[
    frozenset[int],
    PlainValidator(_lengths),
    WithJsonSchema({"anyOf": [_LENGTH_SCHEMA, {"type": "array", "items": _LENGTH_SCHEMA, "minItems": 1}]}),
]


class ZonesText(Piece):
    """Zones by prefix; the longest prefix that fits wins. Groups name several zones."""

    decks: Texts = Field(default_factory=list, description="CSV files with the columns prefix,destination")
    prefixes: Annotated[Any, unread(dict[str, Texts])] = Field(default_factory=dict)
    groups: Annotated[Any, unread(dict[str, Texts])] = Field(default_factory=dict)


class NumberingText(Piece):
    """How numbers are dialled: 030..., 004930... and +4930... are one number."""

    country: DigitsText
    national_prefix: NationalPrefixText = "0"
    international_prefix: DigitsText = "00"
    national_digits: LengthsText = Field(
        frozenset(), description="numbers without a prefix that have so many digits are national too"
    )


class ExchangeRateText(Piece):
    """What one unit of a currency is in another, from a day on."""

    from_: Currency = Field(alias="from")
    to: Currency
    rate: Annotated[
        Fraction, PlainValidator(lambda v: parse_exchange_rate(one_text(v))), text_schema("exact", "0.92")
    ]
    valid_from: MomentText | None = None
    valid_until: MomentText | None = None


class RateDeckText(Piece):
    """Prices by prefix of the called number, in a CSV file."""

    file: Text
    currency: Currency
    per: QuantityText = Field(Quantity(2, 60), description="what the prices of the file are for")
    increment: IncrementsText | None = Field(None, description="of rows without one")
    rounding: Rounding = "up"
