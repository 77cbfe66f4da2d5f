"""What may stand in a catalogue file: one model per mapping, from which the editor's JSON Schema is made too.

The files are checked piece by piece (``config.catalogue_file``), so that one bad rule hides no other mistake;
the nested models at the end describe the whole for editors.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from config.issues import TextError
from config.quantity_text import (
    Price,
    Quantity,
    parse_currency,
    parse_duration_s,
    parse_percent,
    parse_price,
    parse_quantity,
    parse_rating_group,
)
from protocol.messages import ABSENT
from rating.catalogue import ANY_RATING_GROUP, NO_RATING_GROUP

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_APN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,98}[A-Za-z0-9])?")


def one_text(value: object) -> str:
    """The value as the text it is; TextError where it is a list, a mapping or nothing."""
    if not isinstance(value, str):
        raise TextError(f"a text is expected here, not a {'list' if isinstance(value, list) else 'mapping'}")
    if not value.strip():
        raise TextError("a value is missing here")
    return value


def texts(value: object) -> list[str]:
    """One text, or a list of them, as a list."""
    if not isinstance(value, list):
        return [one_text(value)]
    if not value:
        raise TextError("the list is empty")
    return [one_text(entry) for entry in value]


def identifier(value: object) -> str:
    """A name that keys, records and command lines can carry."""
    text = one_text(value)
    if _IDENTIFIER.fullmatch(text) is None:
        raise TextError(f"{text!r} is not a name", "up to 64 letters, digits, '.', '_' and '-'")
    return text


def apn(text: str) -> bytes:
    """The octets of an access point name, in lower case, as catalogues hold them."""
    if _APN.fullmatch(text) is None:
        raise TextError(f"{text!r} is not an APN", "letters, digits, '.' and '-'")
    return text.lower().encode()


def _quantity(value: object) -> Quantity:
    return parse_quantity(one_text(value))


def _quantities(value: object) -> tuple[Quantity, ...]:
    found = tuple(parse_quantity(text) for text in texts(value))
    kinds = [quantity.kind_name for quantity in found]
    if len(set(kinds)) < len(kinds):
        raise TextError("two sizes of the same kind", "one size in octets, one in seconds, one in units")
    return found


def _rating_groups(value: object) -> frozenset[int]:
    words = texts(value)
    named = {"any": ANY_RATING_GROUP, "none": NO_RATING_GROUP}
    found = [named[word] if word in named else parse_rating_group(word) for word in words]
    if len(set(found)) < len(found):
        raise TextError("a rating group stands here twice")
    if ANY_RATING_GROUP in found and len(found) > 1:
        raise TextError("'any' covers every other rating group of this list")
    return frozenset(found)


def _validity_time_s(value: object) -> int:
    seconds = parse_duration_s(one_text(value))
    if not 0 < seconds <= 30 * 86_400:
        raise TextError("a validity time is between 1 s and 30 d", "it returns what a vanished gateway held")
    return seconds


def _holding_time_s(value: object) -> int:
    return ABSENT if value == "client" else parse_duration_s(one_text(value))


def _bucket_life_s(value: object) -> int:
    if value == "ever":
        return 0
    seconds = parse_duration_s(one_text(value))
    if seconds == 0:
        raise TextError("a duration above 0 s is expected here")
    return seconds


def _text_schema(description: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": list(examples)})


_GROUP_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [{"type": "integer", "minimum": 0, "maximum": (1 << 32) - 1}, {"enum": ["any", "none"]}]
}
_SIZES: Final[dict[str, Any]] = {"type": "string", "examples": ["10 MB", "60 s", "1 unit"]}

Text = Annotated[str, BeforeValidator(one_text)]
Texts = Annotated[
    list[str],
    PlainValidator(texts),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    ),
]
Identifier = Annotated[str, PlainValidator(identifier), _text_schema("a name for records and commands")]
Currency = Annotated[
    str, PlainValidator(lambda v: parse_currency(one_text(v))), _text_schema("ISO 4217", "EUR")
]
PriceText = Annotated[
    Price,
    PlainValidator(lambda v: parse_price(one_text(v))),
    _text_schema(
        "an amount, a currency and per what; or free", "1.00 EUR per 1 MB", "0.05 EUR per 60 s", "free"
    ),
]
QuantityText = Annotated[
    Quantity,
    PlainValidator(_quantity),
    _text_schema("a number and a unit: octets, MB, GiB, s, h, units", "1 GB"),
]
Quantities = Annotated[
    tuple[Quantity, ...],
    PlainValidator(_quantities),
    WithJsonSchema(
        {
            "description": "one size for each kind of unit",
            "anyOf": [_SIZES, {"type": "array", "items": _SIZES, "minItems": 1}],
        }
    ),
]
RatingGroups = Annotated[
    frozenset[int],
    PlainValidator(_rating_groups),
    WithJsonSchema(
        {
            "description": "a Rating-Group, a list of them, none (requests without one) or any (all, and none)",
            "anyOf": [*_GROUP_SCHEMA["anyOf"], {"type": "array", "items": _GROUP_SCHEMA, "minItems": 1}],
        }
    ),
]


class Piece(BaseModel):
    """What all mappings have in common: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GrantText(Piece):
    """How much is granted at once; what is not said is inherited from the plan, then from the catalogue."""

    default: Quantities | None = Field(None, description="granted where a request names no size")
    maximum: Quantities | None = Field(None, description="the most that is granted at once")
    validity_time: (
        Annotated[int, PlainValidator(_validity_time_s), _text_schema("a duration", "1 h")] | None
    ) = None
    threshold: (
        Annotated[
            int,
            PlainValidator(lambda v: parse_percent(one_text(v))),
            _text_schema("ask again when this share of a grant is left", "20 %"),
        ]
        | None
    ) = None
    quota_holding_time: (
        Annotated[
            int,
            PlainValidator(_holding_time_s),
            _text_schema("return an idle quota after this time; 0 s = never, client = its default", "10 min"),
        ]
        | None
    ) = None


class RuleText(Piece):
    """What one or several rating groups cost: a price, or an access other than charged."""

    rating_group: RatingGroups
    price: PriceText | None = None
    access: (
        Annotated[
            Literal["not controlled", "denied"],
            BeforeValidator(one_text),
            Field(description="not controlled = free, answered 4011; denied = answered 4010"),
        ]
        | None
    ) = None
    increment: QuantityText | None = Field(None, description="usage counts in whole increments")
    rounding: Annotated[Literal["up", "half up", "down"], BeforeValidator(one_text)] = "up"
    name: Identifier | None = None
    grant: GrantText | None = None


class BundleText(Piece):
    """Units that are used before money, given to an account when it is made."""

    units: QuantityText
    rating_group: RatingGroups = frozenset({ANY_RATING_GROUP})
    valid_for: Annotated[int, PlainValidator(_bucket_life_s), _text_schema("a duration, or ever", "30 d")] = 0


class PlanHead(Piece):
    """What a plan is called, its currency, and whether overuse may take an account below zero."""

    name: Text
    currency: Currency
    overdraft: Annotated[Literal["allowed", "forbidden"], BeforeValidator(one_text)] = "allowed"


class PlanText(PlanHead):
    """A plan; every further key is a service of ``service_contexts`` with the list of its rules."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, list[RuleText]]

    grant: GrantText | None = None
    bundles: dict[str, BundleText] = {}
    apns: dict[str, dict[str, list[RuleText]]] = Field(
        {}, description="rules that hold on one APN, asked first"
    )


class CatalogueText(Piece):
    """A catalogue: one file, or several in a folder that share these keys among them."""

    service_contexts: dict[str, Texts] = Field(
        {}, description="suffixes of Service-Context-Id for each service"
    )
    emergency_apns: Texts = []
    grant: GrantText | None = None
    plans: dict[str, PlanText] = {}


PLAN_KEYS: Final = frozenset(PlanText.model_fields)


def catalogue_json_schema() -> str:
    """The JSON Schema that editors check catalogue files with, as text."""
    schema = CatalogueText.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        model["properties"] = {name: _as_written(entry) for name, entry in model["properties"].items()}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Catalogue of an online charging server"
    return json.dumps(schema, indent=2) + "\n"


def _as_written(entry: dict[str, Any]) -> dict[str, Any]:
    """A property as it is written in a file: without our inner defaults, and never null."""
    found = {key: value for key, value in entry.items() if key != "default"}
    choices = [choice for choice in found.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del found["anyOf"]
        return {**choices[0], **found}
    return {**found, "anyOf": choices} if choices else found
