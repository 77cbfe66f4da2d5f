"""What may stand in a catalogue file: one model per mapping, from which the editor's JSON Schema is made too.

The files are checked piece by piece (``config.catalogue_file``), so that one bad rule hides no other mistake;
the nested models at the end describe the whole for editors.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator

from config.calendar_schema import CalendarText, HolidayText
from config.example_schema import ExampleText
from config.issues import TextError
from config.offer_schema import (
    AddonText,
    BonusText,
    BundleText,
    CapText,
    CounterText,
    DiscountText,
    FeeText,
)
from config.quantity_text import parse_duration_s, parse_percent
from config.tariff_schema import ConditionsText, MoneyText, PricesText, PriorityText, TieredText
from config.text_pieces import Currency, Identifier, Piece, Quantities, Text, Texts, one_text, text_schema
from config.zone_schema import (
    ExchangeRateText,
    IncrementsText,
    MomentText,
    NumberingText,
    RateDeckText,
    Rounding,
    ZonesText,
)
from protocol.messages import ABSENT


def _validity_time_s(value: object) -> int:
    seconds = parse_duration_s(one_text(value))
    if not 0 < seconds <= 30 * 86_400:
        raise TextError("a validity time is between 1 s and 30 d", "it returns what a vanished gateway held")
    return seconds


def _holding_time_s(value: object) -> int:
    return ABSENT if value == "client" else parse_duration_s(one_text(value))


class GrantText(Piece):
    """How much is granted at once; what is not said is inherited from the plan, then from the catalogue."""

    default: Quantities | None = Field(None, description="granted where a request names no size")
    maximum: Quantities | None = Field(None, description="the most that is granted at once")
    validity_time: Annotated[int, PlainValidator(_validity_time_s), text_schema("a duration", "1 h")] | None = (
        None
    )
    threshold: (
        Annotated[
            int,
            PlainValidator(lambda v: parse_percent(one_text(v))),
            text_schema("ask again when this share of a grant is left", "20 %"),
        ]
        | None
    ) = None
    quota_holding_time: (
        Annotated[
            int,
            PlainValidator(_holding_time_s),
            text_schema("return an idle quota after this time; 0 s = never, client = its default", "10 min"),
        ]
        | None
    ) = None


class RuleText(ConditionsText, TieredText):
    """What usage costs that has all that is asked for: a price, tiers, a deck, or an access."""

    price: PricesText = None
    access: (
        Annotated[
            Literal["not controlled", "denied"],
            BeforeValidator(one_text),
            Field(description="not controlled = free, answered 4011; denied = answered 4010"),
        ]
        | None
    ) = None
    increment: IncrementsText | None = None
    rounding: Rounding = "up"
    name: Identifier | None = None
    grant: GrantText | None = None
    priority: PriorityText = 0
    valid_from: MomentText | None = None
    valid_until: MomentText | None = Field(None, description="the first moment at which it does not hold")
    tax: Text | None = Field(None, description="a tax category")


class PlanHead(Piece):
    """What a plan is called, its currency, how it is paid, and whether overuse may go below zero."""

    name: Text
    currency: Currency
    overdraft: Annotated[Literal["allowed", "forbidden"], BeforeValidator(one_text)] = "allowed"
    payment: Annotated[Literal["prepaid", "postpaid", "hybrid"], BeforeValidator(one_text)] = "prepaid"
    credit_limit: MoneyText | None = None
    tax: Text | None = Field(None, description="the tax category of what does not say another")
    valid_from: MomentText | None = Field(None, description="when this version of the plan begins to hold")
    time_zone: Text | None = Field(None, description="where it is not the network's")


class PlanText(PlanHead):
    """A plan; every further key is a service with the list of its rules."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, list[RuleText]]

    grant: GrantText | None = None
    counters: dict[str, CounterText] = Field(default_factory=dict)
    caps: dict[str, CapText] = Field(default_factory=dict)
    bundles: dict[str, BundleText] = Field(default_factory=dict)
    discounts: dict[str, DiscountText] = Field(default_factory=dict)
    fees: dict[str, FeeText] = Field(default_factory=dict)
    bonuses: dict[str, BonusText] = Field(default_factory=dict)
    apns: dict[str, dict[str, list[RuleText]]] = Field(
        {}, description="rules that hold on one APN, asked first"
    )


class CatalogueText(Piece):
    """A catalogue: one file, or several in a folder that share these keys among them."""

    service_contexts: dict[str, Texts] = Field(
        {}, description="suffixes of Service-Context-Id for each service"
    )
    services: Texts = Field(default_factory=list, description="services without a Service-Context-Id")
    emergency_apns: Texts = Field(default_factory=list)
    time_zone: Text = Field("UTC", description="the network's")
    numbering: NumberingText | None = None
    holidays: dict[str, Texts | HolidayText] = Field(default_factory=dict)
    calendars: dict[str, CalendarText] = Field(default_factory=dict)
    destinations: ZonesText | None = None
    networks: ZonesText | None = None
    locations: ZonesText | None = None
    exchange_rates: list[ExchangeRateText] = Field(default_factory=list)
    rate_decks: dict[str, RateDeckText] = Field(default_factory=dict)
    grant: GrantText | None = None
    plans: dict[str, PlanText | list[PlanText]] = Field(default_factory=dict)
    addons: dict[str, AddonText] = Field(default_factory=dict)
    examples: list[ExampleText] = Field(default_factory=list)


PLAN_KEYS: Final = frozenset(PlanText.model_fields)


def catalogue_json_schema() -> str:
    """The JSON Schema that editors check catalogue files with, as text."""
    schema = CatalogueText.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        model["properties"] = {name: _as_written(entry) for name, entry in model["properties"].items()}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Catalogue of an online charging server"
    return json.dumps(_with_bare_values(schema), indent=2) + "\n"


_BARE: Final = {"string": ["string", "number", "boolean"], "integer": ["integer", "string"]}
"""What an editor takes a text without quotes for: ``49`` for a number, ``true`` for a truth value."""


def _with_bare_values(schema: Any) -> Any:
    """A schema whose texts need no quotes, and whose numbers may have some."""
    if isinstance(schema, list):
        return [_with_bare_values(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _with_bare_values(value) for key, value in schema.items()}
    words = found.get("enum", [])
    numbers = [int(word) for word in words if isinstance(word, str) and word.isdecimal()]
    if numbers:
        found["enum"] = [*words, *numbers]
    kind = found.get("type")
    if numbers or (isinstance(kind, str) and not {"enum", "const"} & found.keys()):
        found["type"] = _BARE.get(str(kind), kind)
    return found


def _as_written(entry: dict[str, Any]) -> dict[str, Any]:
    """A property as it is written in a file: without our inner defaults, and never null."""
    found = {key: value for key, value in entry.items() if key != "default"}
    choices = [choice for choice in found.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del found["anyOf"]
        return {**choices[0], **found}
    return {**found, "anyOf": choices} if choices else found
