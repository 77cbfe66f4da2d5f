"""What the columns of a partner's file mean, in the words of usage mappings: a YAML file for each form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainValidator

from balance.quantity import SECONDS
from config.column_texts import ColumnText, NumbersText, SecondsColumn, TimeColumn, Word
from config.issues import TextError
from config.mapping_file import Contradiction, FileMapping, load_mapping, no_directions
from config.quantity_text import parse_quantity
from config.text_pieces import Identifier, Text, one_text
from config.yaml_nodes import Location

FIELDS: Final = (
    "call_id",
    "calling",
    "called",
    "started",
    "seconds",
    "amount",
    "rate",
    "direction",
    "currency",
)
"""What a column may be."""
_WAYS: Final = ("incoming", "outgoing")


def _per_seconds(value: object) -> int:
    quantity = parse_quantity(one_text(value))
    if quantity.unit_kind != SECONDS:
        raise TextError(f"{value!r} is not a duration", "write it such as '60 s'")
    return quantity.units


class AmountColumn(ColumnText):
    """What the partner charges; ``decimal`` is the sign before the decimals."""

    decimal: Annotated[Literal[".", ","], BeforeValidator(one_text)] = "."


class RateColumn(AmountColumn):
    """The price that the partner applied, for so many seconds; of messages for each."""

    per: Annotated[int, PlainValidator(_per_seconds)] = 60


class PartnerMapping(FileMapping):
    """The form of a partner's file: columns that it does not have are left out.

    Without ``seconds`` a line counts 1. ``our_id`` tells which of our records a call id names: text in which
    ``{}`` stands for it. ``direction`` is seen from us: incoming is the partner's traffic that we carry.
    """

    service: Identifier = "voice"
    direction: Word = "outgoing"
    call_id: ColumnText | None = None
    our_id: Text = "{}"
    calling: ColumnText | None = None
    called: ColumnText
    started: TimeColumn
    seconds: SecondsColumn | None = None
    amount: AmountColumn | None = None
    rate: RateColumn | None = None
    currency: Word | None = None
    numbers: NumbersText | None = None

    def columns(self) -> Iterator[tuple[Location, str]]:
        """The columns of the file that are read, each with its place in the mapping."""
        for name in FIELDS:
            value = getattr(self, name)
            if isinstance(value, ColumnText):
                yield (name, "column"), value.column


def load_partner_mapping(path: Path) -> PartnerMapping:
    """The mapping of a file; ConfigError with every issue."""
    return load_mapping(path, PartnerMapping, _contradictions)


def _contradictions(mapping: PartnerMapping) -> Iterator[Contradiction]:
    if mapping.our_id.count("{}") != 1:
        yield (
            ("our_id",),
            f"{mapping.our_id!r} has not one place for the call id",
            "write it such as 'trunk-{}'",
        )
    yield from no_directions(mapping.direction, _WAYS)
