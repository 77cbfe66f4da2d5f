"""What the columns of a partner's file mean, in the words of usage mappings: a YAML file for each form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainValidator

from balance.quantity import SECONDS
from config.issues import ConfigError, TextError
from config.piece_reader import IssueCollector, read_piece
from config.quantity_text import parse_quantity
from config.text_pieces import Identifier, Piece, Text, one_text
from config.usage_mapping import (
    ColumnText,
    Delimiter,
    Encoding,
    Flag,
    NumbersText,
    SecondsColumn,
    TimeColumn,
    Word,
    WordColumn,
)
from config.yaml_nodes import read_yaml

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


class PartnerMapping(Piece):
    """The form of a partner's file: columns that it does not have are left out.

    Without ``seconds`` a line counts 1. ``our_id`` tells which of our records a call id names: text in which
    ``{}`` stands for it. ``direction`` is seen from us: incoming is the partner's traffic that we carry.
    """

    delimiter: Delimiter = ","
    header: Flag = True
    encoding: Encoding = "utf-8"
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

    def columns(self) -> Iterator[tuple[str, str]]:
        """The fields that are columns of the file, each with the column's name."""
        for name in FIELDS:
            value = getattr(self, name)
            if isinstance(value, ColumnText):
                yield name, value.column


def load_partner_mapping(path: Path) -> PartnerMapping:
    """The mapping of a file; ConfigError with every issue."""
    document = read_yaml(path)
    issues = IssueCollector(document.issues)
    if document.broken:
        raise ConfigError(issues.in_order())
    mapping = read_piece(issues, document, PartnerMapping, document.data, ())
    if mapping is not None:
        for location, message, hint in _contradictions(mapping):
            issues.add(document.issue(location, message, hint))
    found = issues.in_order()
    if found or mapping is None:
        raise ConfigError(found)
    return mapping


def _contradictions(mapping: PartnerMapping) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """What single values can not show: place, message and hint."""
    if mapping.our_id.count("{}") != 1:
        yield (
            ("our_id",),
            f"{mapping.our_id!r} has not one place for the call id",
            "write it such as 'trunk-{}'",
        )
    if not mapping.header:
        for name, column in mapping.columns():
            if not column.isdigit() or column == "0":
                yield (
                    (name, "column"),
                    f"{column!r} is no number of a column, and the file has no header",
                    "from 1",
                )
    direction = mapping.direction
    words = [direction] if isinstance(direction, str) else []
    if isinstance(direction, WordColumn):
        words = [*direction.values.values(), *([direction.otherwise] if direction.otherwise else [])]
    for word in words:
        if word not in _WAYS:
            yield ("direction",), f"{word!r} is no direction", "incoming or outgoing"
