"""What may stand in an example: whose usage it is, and what it costs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from config.quantity_text import Quantity, parse_quantity
from config.tariff_schema import MoneyText
from config.text_pieces import Piece, Text, one_text, text_schema, unread
from config.zone_schema import MomentText

UsedText = Annotated[
    Quantity,
    PlainValidator(lambda value: parse_quantity(one_text(value), 0)),
    text_schema("how much was used, if only nothing: a number and a unit", "5 min", "0 s"),
]


class ExampleUsageText(Piece):
    """One usage: its service, when it began, how much it was, and whatever rules may ask for."""

    service: Text
    at: MomentText = Field(description="local time of the network", examples=["2026-11-24 19:58"])
    until: MomentText | None = Field(None, description="the end of the interval in which volume was used")
    duration: UsedText | None = None
    volume: UsedText | None = Field(None, description="octets in both directions")
    input: UsedText | None = Field(None, description="octets to the subscriber's device's network")
    output: UsedText | None = None
    units: UsedText | None = Field(None, description="messages, events", examples=["1 message"])
    called: Text | None = None
    network: Text | None = Field(None, description="MCC and MNC of the serving network", examples=["26201"])
    location: Text | None = None
    apn: Text | None = None
    slice: Text | None = None
    service_identifier: Text | None = None
    rating_group: Text | None = None
    qos_class: Text | None = None
    rat_type: Text | None = None
    direction: Annotated[Literal["outgoing", "incoming", "forwarded"], BeforeValidator(one_text)] | None = None


class ExampleStateText(Piece):
    """Where the subscriber stood before; without a word nothing was counted and all bundles are used up."""

    counters: Annotated[Any, unread(dict[str, str])] = None
    buckets: Annotated[Any, unread(Literal["full"] | dict[str, str])] = None
    activated: MomentText | None = None
    time_zone: Text | None = None
    subscriber_group: Text | None = None
    usages: Text | None = Field(None, description="how many usages there were before")


class ExampleText(Piece):
    """What a usage costs, so that every check proves it."""

    name: Text
    plan: Text
    usage: Annotated[Any, unread(ExampleUsageText)]
    state: Annotated[Any, unread(ExampleStateText)] = None
    costs: MoneyText | None = None
    refused: Text | None = Field(
        None, description="instead of costs: why it is not charged", examples=["denied"]
    )
    uses: Annotated[Any, unread(dict[str, str])] = Field(None, description="what it takes of bundles")
    rule: Text | None = Field(None, description="the rule that prices it")
