"""What may stand in an agreement: one model for each mapping."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from config.calendar_schema import CalendarText
from config.issues import TextError
from config.quantity_text import Price, Quantity, parse_duration_s, parse_price, parse_quantity
from config.tariff_text import (
    Increments,
    Money,
    parse_day,
    parse_exchange_rate,
    parse_increments,
    parse_money,
    parse_share,
)
from config.text_pieces import (
    Currency,
    Identifier,
    Piece,
    QuantityText,
    Text,
    Texts,
    one_text,
    text_schema,
    texts,
    unread,
)

_PREFIX: Final = re.compile(r"[0-9]{1,15}")
_DAY_S: Final = 86_400
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_DAY: Final = "first day, local; of valid_until: the first day on which it holds no more"


def parse_prefix(text: str) -> bytes:
    """The beginning of a number in international form."""
    if _PREFIX.fullmatch(text) is None:
        raise TextError(f"{text!r} is not the beginning of a number", "1 to 15 digits, with the country code")
    return text.encode()


def _prefixes(value: object) -> tuple[bytes, ...]:
    return tuple(parse_prefix(text) for text in texts(value))


def _prices(value: object) -> Price | dict[str, Price]:
    """One price, or one for each band of the calendar."""
    if isinstance(value, dict):
        if not value:
            raise TextError("a price for each band is expected here")
        return {band: parse_price(one_text(text)) for band, text in value.items()}
    return parse_price(one_text(value))


def _whole_days(value: object) -> int:
    seconds = parse_duration_s(one_text(value))
    if seconds % _DAY_S or seconds > 365 * _DAY_S:
        raise TextError(f"{value!r} is not a number of days up to 365", "write it such as '30 d'")
    return seconds // _DAY_S


def _language(value: object) -> str:
    text = one_text(value)
    if _LANGUAGE.fullmatch(text) is None:
        raise TextError(f"{text!r} is not a language", "write it such as de or pt-BR")
    return text


def _seconds(value: object) -> int:
    return parse_duration_s(one_text(value))


DayText = Annotated[int, PlainValidator(lambda v: parse_day(one_text(v))), text_schema(_DAY, "2026-01-01")]
MoneyText = Annotated[
    Money, PlainValidator(lambda v: parse_money(one_text(v))), text_schema("an amount", "0.01 EUR")
]
IncrementsText = Annotated[
    Increments,
    PlainValidator(lambda v: parse_increments(one_text(v))),
    text_schema("60/1 = a minimum of 60 and steps of 1; 60 s = steps of 60", "60/1", "1/1", "60 s"),
]
Prices = Annotated[Price | dict[str, Price], PlainValidator(_prices)]
Share = Annotated[Fraction, PlainValidator(lambda v: parse_share(one_text(v))), text_schema("a part", "10 %")]
Rounding = Annotated[Literal["up", "half up", "down"], BeforeValidator(one_text)]


class PartyText(Piece):
    """Who settles."""

    name: Text = Field(examples=["NorthTel AB"])
    address: Texts = Field([])
    email: Text | None = None


class PartnerText(PartyText):
    """The other side, and the language of its statements."""

    language: Annotated[str, PlainValidator(_language), text_schema("such as de or pt-BR", "de")] = ""


class TierText(Piece):
    """Units of the month up to a position (the last: without end), at a price or a discount on the first."""

    up_to: QuantityText | None = None
    price: Prices | None = None
    discount: Share | None = None


class RateText(Piece):
    """Prices of one service: out of a deck, for some prefixes, or for all numbers."""

    service: Identifier = "voice"
    name: Identifier | None = None
    deck: Text | None = Field(None, description="a CSV file beside this one")
    prefixes: Annotated[tuple[bytes, ...], PlainValidator(_prefixes)] | None = None
    destination: Text | None = None
    price: Prices | None = None
    calendar: Text | None = None
    per: Annotated[Quantity, PlainValidator(lambda v: parse_quantity(one_text(v)))] | None = None
    increment: IncrementsText | None = None
    connection_fee: MoneyText | None = None
    rounding: Rounding = "half up"
    tiers: Annotated[Any, unread(list[TierText])] = None
    tiers_of: Annotated[Literal["rate", "destination"], BeforeValidator(one_text)] = "rate"
    valid_from: DayText | None = None
    valid_until: DayText | None = None


class DirectionText(Piece):
    """One way of the traffic."""

    trunks: Texts
    currency: Currency | None = None
    rates: Annotated[Any, unread(list[RateText])]


class ExchangeRateText(Piece):
    """What one unit of a currency is in another, from a day on."""

    source: Currency = Field(alias="from")
    target: Currency = Field(alias="to")
    rate: Annotated[
        Fraction, PlainValidator(lambda v: parse_exchange_rate(one_text(v))), text_schema("a factor", "0.92")
    ]
    valid_from: DayText


class ReconciliationText(Piece):
    """What a reconciliation with this partner lets pass."""

    window: Annotated[
        int, PlainValidator(_seconds), text_schema("starts of one call differ by so much", "30 s")
    ] = 30
    duration: Annotated[int, PlainValidator(_seconds), text_schema("durations differ by so much", "1 s")] = 1
    rounding: MoneyText = Money(5_000, "")


class AgreementText(Piece):
    """An agreement: one version of it in each file."""

    partner: Identifier
    operator: Annotated[Any, unread(PartyText)]
    party: Annotated[Any, unread(PartnerText)]
    currency: Currency
    time_zone: Text = Field(examples=["Europe/Berlin"])
    valid_from: DayText
    valid_until: DayText | None = None
    payment_terms: Annotated[
        int, PlainValidator(_whole_days), text_schema("when statements are due", "30 d")
    ] = 30
    holidays: Annotated[Any, unread(dict[str, Texts])] = None
    calendars: Annotated[Any, unread(dict[str, CalendarText])] = None
    exchange_rates: Annotated[Any, unread(list[ExchangeRateText])] = None
    reconciliation: Annotated[Any, unread(ReconciliationText)] = None
    incoming: Annotated[Any, unread(DirectionText)] = None
    outgoing: Annotated[Any, unread(DirectionText)] = None
