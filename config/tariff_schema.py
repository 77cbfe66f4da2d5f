"""What may stand in a rule: conditions, prices, tiers, decks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from balance.quantity import SPECIFIC_UNITS
from config.issues import TextError
from config.quantity_text import Quantity, parse_quantity
from config.tariff_text import Money, parse_money
from config.text_pieces import (
    Piece,
    PriceText,
    QuantityText,
    RatingGroups,
    Text,
    Texts,
    one_text,
    text_schema,
    unread,
)

_USAGES: Final = re.compile(r"([1-9][0-9]{0,11}) (?:usages?|calls?)")
Direction = Literal["outgoing", "incoming", "forwarded"]

MoneyText = Annotated[
    Money, PlainValidator(lambda v: parse_money(one_text(v))), text_schema("an amount", "2.50 EUR")
]


def _units(value: object) -> Quantity | Money:
    text = one_text(value)
    if text.strip().lower() == "unlimited":
        raise TextError("'unlimited' is not a size", "what has no limit is a rule with 'price: free'")
    usages = _USAGES.fullmatch(text.strip())
    if usages is not None:
        return Quantity(SPECIFIC_UNITS, int(usages.group(1)))
    last = text.split()[-1]
    if len(last) == 3 and last.isupper():
        return parse_money(text)
    return parse_quantity(text)


def _priority(value: object) -> int:
    text = one_text(value)
    if not (text.removeprefix("-").isdecimal() and text.isascii() and len(text) <= 7):
        raise TextError(f"{text!r} is not a priority", "a whole number; the higher wins")
    return int(text)


Amount = Annotated[
    Quantity | Money, PlainValidator(_units), text_schema("a size or an amount of money", "1 GB", "5.00 EUR")
]
PriorityText = Annotated[int, PlainValidator(_priority), text_schema("a whole number; the higher wins", "5")]
PricesText = Annotated[Any, unread(PriceText | dict[str, PriceText])]
"""A price, or a price for each band of the calendar."""


class ConditionsText(Piece):
    """What a usage must have; of several values of one key any will do."""

    subscriber_group: Texts | None = Field(None, description="the group that the subscriber is in")
    called: Texts | None = Field(None, description="called numbers: short codes, single numbers")
    destination: Texts | None = Field(None, description="zones or groups of 'destinations'")
    network: Texts | None = Field(None, description="zones or groups of 'networks'")
    location: Texts | None = Field(None, description="zones or groups of 'locations', or a location's own text")
    apn: Texts | None = None
    slice: Texts | None = Field(None, description="S-NSSAI: SST, or SST-SD such as 1-000001")
    service_identifier: Texts | None = None
    rating_group: RatingGroups | None = None
    qos_class: Texts | None = Field(None, description="QCI or 5QI")
    rat_type: Texts | None = Field(None, description="eutran, nr, utran, geran, wlan, nb-iot, lte-m ...")
    direction: Texts | None = Field(None, description="outgoing, incoming or forwarded")


class ScopeText(ConditionsText):
    """Which usage a bundle, a discount, a cap or a counter is for."""

    service: Texts | None = None


class TierText(Piece):
    """A stretch of units and its price; the last has no end."""

    up_to: Amount | None = None
    price: PricesText


class TieredText(Piece):
    """The keys of a rule that make its price more than a rate."""

    calendar: Text | None = Field(None, description="whose bands have prices of their own")
    minimum: QuantityText | None = Field(None, description="the least that counts")
    connection_fee: MoneyText | None = Field(None, description="once for each usage")
    cap: MoneyText | None = Field(None, description="the most that one usage costs: 2.99 EUR per call")
    tiers: Annotated[Any, unread(list[TierText])] = None
    tiers_of: Text | None = Field(None, description="a counter of the plan, or usage: this usage alone")
    tier_mode: Annotated[Literal["graduated", "volume"], BeforeValidator(one_text)] = "graduated"
    deck: Annotated[Any, unread(Text | dict[str, Text])] = Field(
        None, description="a deck of 'rate_decks' with the price of each called number, or one for each band"
    )
    octets: Annotated[Literal["total", "input", "output"], BeforeValidator(one_text)] = "total"
    switch: Annotated[Literal["evenly", "at start", "at end"], BeforeValidator(one_text)] = Field(
        "evenly", description="when volume was used that was reported over a switch of bands"
    )
