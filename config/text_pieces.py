"""The texts that mappings of a catalogue are made of, as types that check them and describe them to editors.

Each raises TextError where a text is none of its kind.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema

from config.issues import TextError
from config.quantity_text import (
    Price,
    Quantity,
    parse_currency,
    parse_duration_s,
    parse_price,
    parse_quantity,
    parse_rating_group,
)
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


def zone_name(value: object) -> str:
    """What a zone of numbers is called: ``germany``, or in words: ``Germany Mobile``."""
    text = one_text(value)
    if not text.isprintable() or text != text.strip() or len(text) > 64 or set(text) & set(",;\"'#:"):
        hint = "up to 64 letters, digits, spaces and signs, but no quotes and none of , ; : #"
        raise TextError(f"{text!r} is not the name of a zone", hint)
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


def bucket_life_s(value: object) -> int:
    """The seconds that units live; 0 = for ever."""
    if value == "ever":
        return 0
    seconds = parse_duration_s(one_text(value))
    if seconds == 0:
        raise TextError("a duration above 0 s is expected here")
    return seconds


def text_schema(description: str, *examples: str) -> WithJsonSchema:
    """The schema of a text, with examples that an editor may offer."""
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
Identifier = Annotated[str, PlainValidator(identifier), text_schema("a name for records and commands")]
Currency = Annotated[str, PlainValidator(lambda v: parse_currency(one_text(v))), text_schema("ISO 4217", "EUR")]
PriceText = Annotated[
    Price,
    PlainValidator(lambda v: parse_price(one_text(v))),
    text_schema(
        "an amount, a currency and per what; or free", "1.00 EUR per 1 MB", "0.05 EUR per 60 s", "free"
    ),
]
QuantityText = Annotated[
    Quantity,
    PlainValidator(_quantity),
    text_schema("a number and a unit: octets, MB, GiB, s, h, units", "1 GB"),
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


def unread(described_as: Any) -> PlainValidator:
    """A value that is checked piece by piece later; to editors it is described as a type."""
    return PlainValidator(lambda value: value, json_schema_input_type=described_as)
