"""What the columns of another system's usage files mean: one YAML file for each form of file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainValidator

from config.column_texts import (
    ChosenColumn,
    ColumnText,
    NumberColumn,
    NumbersText,
    OctetsColumn,
    SecondsColumn,
    TimeColumn,
    Units,
    WhereText,
    Word,
)
from config.issues import TextError
from config.mapping_file import Contradiction, FileMapping, load_mapping, no_directions
from config.text_pieces import Texts, one_text
from config.yaml_nodes import Location

DIRECTIONS: Final = ("outgoing", "incoming", "forwarded")
TEXT_FIELDS: Final = (
    "service",
    "direction",
    "network",
    "location",
    "apn",
    "slice",
    "service_identifier",
    "rating_group",
    "qos_class",
    "rat_type",
    "partner",
    "trunk",
)
"""Fields whose value is a text of a column, or the same for all lines."""
NUMBER_FIELDS: Final = ("msisdn", "calling", "called")
MEASURES: Final = ("octets", "input_octets", "output_octets", "seconds", "units")
MOST_DUPLICATE_DAYS: Final = 400


def _days(value: object) -> int:
    text = one_text(value)
    if not text.isdigit() or int(text) > MOST_DUPLICATE_DAYS:
        raise TextError(f"{text!r} is not a number of days up to {MOST_DUPLICATE_DAYS}")
    return int(text)


class UsageMapping(FileMapping):
    """The form of a usage file, and what its columns mean.

    ``payment`` settlement: a trunk record, which agreements price and no plan. A record whose ``unique``
    columns were seen within ``duplicate_days`` of its own day is the same record.
    """

    where: WhereText | None = None
    payment: Annotated[Literal["postpaid", "settlement"], BeforeValidator(one_text)] = "postpaid"
    unique: Texts
    duplicate_days: Annotated[int, PlainValidator(_days)] = 7
    started: TimeColumn
    ended: TimeColumn | None = None
    seconds: SecondsColumn | None = None
    octets: OctetsColumn | None = None
    input_octets: OctetsColumn | None = None
    output_octets: OctetsColumn | None = None
    units: Units | None = None
    msisdn: NumberColumn | None = None
    calling: NumberColumn | None = None
    called: NumberColumn | None = None
    numbers: NumbersText | None = None
    service: Word
    direction: Word | None = None
    network: Word | None = None
    location: Word | None = None
    apn: Word | None = None
    slice: Word | None = None
    service_identifier: Word | None = None
    rating_group: Word | None = None
    qos_class: Word | None = None
    rat_type: Word | None = None
    partner: Word | None = None
    trunk: Word | None = None

    def columns(self) -> Iterator[tuple[Location, str]]:
        """The columns of the file that are read, each with its place in the mapping."""
        for index, name in enumerate(self.unique):
            yield ("unique", index), name
        for field in ("where", "started", "ended", *MEASURES, *NUMBER_FIELDS, *TEXT_FIELDS):
            value = getattr(self, field)
            if isinstance(value, ColumnText):
                yield (field, "column"), value.column
            elif isinstance(value, ChosenColumn):
                yield (field, "by"), value.by
                for word, column in value.columns.items():
                    yield (field, "columns", word), column
                if value.otherwise is not None:
                    yield (field, "otherwise"), value.otherwise


def load_usage_mapping(path: Path) -> UsageMapping:
    """The mapping of a file; ConfigError with every issue."""
    return load_mapping(path, UsageMapping, _contradictions)


def _contradictions(mapping: UsageMapping) -> Iterator[Contradiction]:
    if all(getattr(mapping, name) is None for name in MEASURES):
        yield (), "nothing says how much was used", f"give one of {', '.join(MEASURES)}"
    if mapping.payment == "postpaid" and mapping.msisdn is None:
        yield (), "'msisdn' is missing", "whose usage it is; trunk records have 'payment: settlement'"
    if mapping.payment == "settlement":
        for name in ("partner", "trunk", "direction", "called"):
            if getattr(mapping, name) is None:
                yield (), f"{name!r} is missing", "settlement asks for it"
    for name in NUMBER_FIELDS:
        number = getattr(mapping, name)
        if isinstance(number, ChosenColumn) and not number.chosen():
            yield (
                (name,),
                f"nothing says which columns {number.by!r} chooses from",
                "give 'columns': word: COLUMN",
            )
    yield from no_directions(mapping.direction, DIRECTIONS)
