"""What may stand under the keys of a plan beside its rules, and under ``addons``."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from config.issues import TextError
from config.quantity_text import parse_duration_s
from config.tariff_schema import Amount, MoneyText, PriorityText, ScopeText
from config.tariff_text import parse_share
from config.text_pieces import (
    Currency,
    Piece,
    QuantityText,
    RatingGroups,
    Text,
    Texts,
    bucket_life_s,
    one_text,
    text_schema,
    unread,
)


def _yes(value: object) -> bool:
    text = one_text(value).lower()
    if text not in {"true", "false", "yes", "no"}:
        raise TextError(f"{text!r} is neither true nor false")
    return text in {"true", "yes"}


def _life_s(value: object) -> int:
    seconds = parse_duration_s(one_text(value))
    if seconds == 0:
        raise TextError("a duration above 0 s is expected here")
    return seconds


def _nth(value: object) -> int:
    text = one_text(value)
    if not (text.isdecimal() and text.isascii() and len(text) <= 9 and int(text) > 1):
        raise TextError(f"{text!r} is not a number above 1", "10: every tenth usage")
    return int(text)


_LIFE = text_schema("a duration, or ever", "30 d")
Flag = Annotated[bool, PlainValidator(_yes), text_schema("true or false", "true", "false")]
Life = Annotated[int, PlainValidator(_life_s), text_schema("a duration", "30 d")]
Share = Annotated[Fraction, PlainValidator(lambda v: parse_share(one_text(v))), text_schema("a part", "20 %")]
Scope = Annotated[Any, unread(ScopeText)]
MEASURES = {"octets": 1, "seconds": 2, "units": 3, "money": 0, "usages": 0}


class RolloverText(Piece):
    """What of a recurring bundle stays when the next portion comes."""

    maximum: QuantityText
    periods: Annotated[Literal["1", "2", "3", "6", "12"], BeforeValidator(one_text)] = "1"


class BundleText(Piece):
    """Units that are used before money, given to an account when it is made, or anew every period."""

    units: Amount
    rating_group: RatingGroups | None = None
    valid_for: Annotated[int, PlainValidator(bucket_life_s), _LIFE] = 0
    for_: Scope = Field(None, alias="for")
    priority: PriorityText = 0
    recurs: Annotated[Literal["day", "week", "month"], BeforeValidator(one_text)] | None = None
    rollover: Annotated[Any, unread(RolloverText)] = None
    shared: Annotated[Literal["group", "no"], BeforeValidator(one_text)] = "no"
    given: Annotated[Literal["by plan", "by bonus"], BeforeValidator(one_text)] = "by plan"
    calendar: Text | None = None
    bands: Texts | None = Field(None, description="it pays in these bands of the calendar only")


class CounterText(Piece):
    """What is counted of usage; tiers and bonuses ask for it."""

    measure: Annotated[Literal["octets", "seconds", "units", "money", "usages"], BeforeValidator(one_text)]
    period: Annotated[Literal["day", "week", "month", "ever"], BeforeValidator(one_text)] = "ever"
    for_: Scope = Field(None, alias="for")


class CapText(Piece):
    """The most that usage costs in a day or month, or for one usage."""

    amount: MoneyText
    per: Annotated[Literal["usage", "day", "month"], BeforeValidator(one_text)]
    for_: Scope = Field(None, alias="for")


class DiscountText(Piece):
    """A part of prices off, or an amount off each usage."""

    percent: Share | None = None
    amount: MoneyText | None = None
    every: Annotated[int, PlainValidator(_nth), text_schema("only each nth usage", "10")] | None = None
    first: Life | None = Field(None, description="only so long after the activation")
    calendar: Text | None = None
    bands: Texts | None = Field(None, description="only in these bands of the calendar")
    for_: Scope = Field(None, alias="for")


class FeeText(Piece):
    """An amount every period, or once."""

    amount: MoneyText
    every: Annotated[Literal["day", "week", "month", "year"], BeforeValidator(one_text)] | None = None
    once: Annotated[Literal["activation", "termination", "plan_change"], BeforeValidator(one_text)] | None = (
        None
    )
    prorate: Flag = False
    in_advance: Flag = False
    unpaid: Annotated[Literal["suspend", "owe"], BeforeValidator(one_text)] | None = Field(
        None, description="prepaid: while the balance does not pay, recurring bundles wait, or the fee is owed"
    )
    tax: Text | None = None


class ReachedText(Piece):
    """When a counter of the plan reaches something."""

    counter: Text
    reaches: Amount


class ActiveForText(Piece):
    """So long after the subscription's activation."""

    active_for: Life


class GivenBundleText(Piece):
    """A portion of a bundle of the plan."""

    bundle: Text


class BonusText(Piece):
    """Credit, a part of a top-up, or a bundle for loyalty."""

    when: Annotated[Any, unread(Literal["activation", "top_up", "referral"] | ReachedText | ActiveForText)]
    give: Annotated[Any, unread(str | GivenBundleText)]
    at_least: MoneyText | None = Field(None, description="the least top-up that counts")
    to: Annotated[Literal["both", "referrer", "referred"], BeforeValidator(one_text)] | None = None
    valid_for: Life | None = None


class AddonText(Piece):
    """Bundles that a subscriber can buy."""

    name: Text
    currency: Currency
    fee: MoneyText | None = None
    fees: Annotated[Any, unread(dict[str, FeeText])] = None
    bundles: Annotated[Any, unread(dict[str, BundleText])] = None
    valid_for: Life | None = None
    plans: Texts | None = None
