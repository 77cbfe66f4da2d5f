"""From the fields of lines to columns of values, a batch at a time and column by column, which is fast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from operator import le
from typing import Any, Final

from config.column_texts import ColumnText, WordColumn
from config.issues import ConfigError, Issue, did_you_mean
from config.quantity_text import LIMIT_UNITS
from config.usage_mapping import NUMBER_FIELDS, TEXT_FIELDS, UsageMapping
from ocs.usage_import.moments import Moments
from ocs.usage_import.numbers import NumberFields
from ocs.usage_import.plain_columns import whole_numbers
from ocs.usage_import.refusal import FIELDS, FUTURE, KEY, TIME, Refusal
from ocs.usage_import.texts import (
    Remembered,
    octets_parser,
    read_column,
    seconds_parser,
    units_parser,
    word_parser,
)
from rating.numbering import Numbering
from rating.usage import NOT_REPORTED

DAY_MS: Final = 86_400_000
OCTET_FIELDS: Final = ("input_octets", "output_octets", "octets")

Column = list[Any]
Rows = list[list[str]]
Texts = tuple[str, ...]


class Batch:
    """What lines say, one list for each field: "" and NOT_REPORTED where a line has none.

    ``lines`` are the lines' numbers in their file, ``keys`` what makes each record the one it is.
    """

    def __init__(self, lines: list[int], keys: list[str]) -> None:
        self.lines = lines
        self.keys = keys
        self.started_ms: list[int] = []
        self.ended_ms: list[int] = []
        self.seconds: list[int] = []
        self.octets: list[int] = []
        self.input_octets: list[int] = []
        self.output_octets: list[int] = []
        self.units: list[int] = []
        self.texts: dict[str, list[str]] = {}
        """The fields of NUMBER_FIELDS and TEXT_FIELDS."""
        self.constants: dict[str, str] = {}
        """Those of them that are the same for all lines of the file."""

    def keep(self, wanted: list[bool]) -> None:
        """Leave out all records but those wanted."""
        for name, column in vars(self).items():
            if isinstance(column, list):
                setattr(self, name, list(compress(column, wanted)))
        self.texts = {name: list(compress(column, wanted)) for name, column in self.texts.items()}


class Converter:
    """Reads the fields of one file. ``header`` are its names of columns, or those of its first line's fields.

    ConfigError, at the file's first line, where columns of the mapping are not there.
    """

    def __init__(
        self, mapping: UsageMapping, name: str, header: list[str], place: str, numbering: Numbering | None
    ) -> None:
        self._mapping = mapping
        self._width = len(header)
        self._positions = _positions(mapping, header, place)
        self._prefix = f"{name}:"
        self._where = mapping.where and frozenset(mapping.where.values)
        numbers = mapping.numbers
        if numbers is not None:
            numbering = Numbering(
                numbers.country.encode(),
                numbers.national_prefix.encode(),
                numbers.international_prefix.encode(),
            )
        self._moments = {
            field: Moments(column)
            for field, column in (("started", mapping.started), ("ended", mapping.ended))
            if column is not None
        }
        self._amounts = _amounts_of(mapping)
        self._whole = _whole_of(mapping)
        self._numbers = NumberFields(mapping, numbering, self._positions)
        self._texts = _texts_of(mapping)
        self.ignored = 0

    def convert(
        self, rows: Rows, lines: list[int], now_ms: int, columns: Sequence[Texts] = ()
    ) -> tuple[Batch, dict[int, Refusal]]:
        """The batch, and why lines are not in it, by number. What ``where`` leaves out is counted only.

        ``columns`` may be given in place of rows.
        """
        refused: dict[int, Refusal] = {}
        if len(columns) != self._width:
            rows, lines = self._right_width([*rows, *map(list, zip(*columns, strict=True))], lines, refused)
            columns = list(zip(*rows, strict=True)) or [()] * self._width
        columns, lines = self._wanted(columns, lines)
        count = len(lines)
        batch = Batch(lines, self._keys(columns, lines, refused))
        batch.started_ms = self._moments["started"].read(self._column(columns, "started"), lines, refused)
        self._measure(batch, columns, refused)
        batch.texts = self._numbers.read(columns, lines, refused)
        for field, reader in self._texts.items():
            texts = self._column(columns, field)
            batch.texts[field] = list(texts) if reader is None else read_column(reader, texts, lines, refused)
        for field in (*NUMBER_FIELDS, *TEXT_FIELDS):
            if field not in batch.texts:
                batch.constants[field] = self._constant(field)
                batch.texts[field] = [batch.constants[field]] * count
        self._ends(batch, columns, refused)
        _refuse_future(batch, refused, now_ms)
        if refused:
            batch.keep([line not in refused for line in lines])
        if (
            self._mapping.octets is None
            and "input_octets" in self._amounts
            and "output_octets" in self._amounts
        ):
            batch.octets = list(map(int.__add__, batch.input_octets, batch.output_octets))
        return batch, refused

    def _measure(self, batch: Batch, columns: Sequence[Texts], refused: dict[int, Refusal]) -> None:
        """Put in how much was used."""
        for field, reader in self._amounts.items():
            texts = self._column(columns, field)
            plain = whole_numbers(texts, 0, LIMIT_UNITS) if field in self._whole else None
            setattr(batch, field, read_column(reader, texts, batch.lines, refused) if plain is None else plain)
        count = len(batch.lines)
        if isinstance(self._mapping.units, int):
            batch.units = [self._mapping.units] * count
        for field in ("seconds", "units", *OCTET_FIELDS):
            if len(getattr(batch, field)) != count:
                setattr(batch, field, [NOT_REPORTED] * count)

    def _constant(self, field: str) -> str:
        value = getattr(self._mapping, field)
        return value if isinstance(value, str) else ""

    def _column(self, columns: Sequence[Texts], field: str) -> Texts:
        return columns[self._positions[getattr(self._mapping, field).column]]

    def _right_width(self, rows: Rows, lines: list[int], refused: dict[int, Refusal]) -> tuple[Rows, list[int]]:
        width = self._width
        wrong = [index for index, row in enumerate(rows) if len(row) != width]
        if not wrong:
            return rows, lines
        for index in wrong:
            refused[lines[index]] = Refusal(FIELDS, f"{len(rows[index])} fields, not {width}")
        right = [len(row) == width for row in rows]
        return list(compress(rows, right)), list(compress(lines, right))

    def _wanted(self, columns: Sequence[Texts], lines: list[int]) -> tuple[Sequence[Texts], list[int]]:
        """The columns of those lines that ``where`` does not leave out."""
        words = self._where
        if words is None:
            return columns, lines
        wanted = [word in words for word in self._column(columns, "where")]
        unwanted = wanted.count(False)
        if not unwanted:
            return columns, lines
        self.ignored += unwanted
        return [tuple(compress(column, wanted)) for column in columns], list(compress(lines, wanted))

    def _keys(self, columns: Sequence[Texts], lines: list[int], refused: dict[int, Refusal]) -> list[str]:
        parts: list[Iterable[str]] = []
        for name in self._mapping.unique:
            column = columns[self._positions[name]]
            if "" in column:
                for line, text in zip(lines, column, strict=True):
                    if not text:
                        refused[line] = Refusal(KEY, f"{name}, which makes a record unique, is empty")
            if len(self._mapping.unique) > 1:
                whole = "".join(column)
                if "/" in whole or "%" in whole:
                    column = tuple(text.replace("%", "%25").replace("/", "%2F") for text in column)
            parts.append(column)
        prefix = self._prefix
        if len(parts) == 1:
            return [prefix + key for key in parts[0]]
        if len(parts) == 2:
            return [f"{prefix}{one}/{other}" for one, other in zip(*parts, strict=True)]
        return [prefix + key for key in map("/".join, zip(*parts, strict=True))]

    def _ends(self, batch: Batch, columns: Sequence[Texts], refused: dict[int, Refusal]) -> None:
        """When usage ended: as written, else by its duration, else as it began."""
        if "ended" in self._moments:
            batch.ended_ms = self._moments["ended"].read(self._column(columns, "ended"), batch.lines, refused)
            if not refused and all(map(le, batch.started_ms, batch.ended_ms)):
                return
            for index, (line, start, end) in enumerate(
                zip(batch.lines, batch.started_ms, batch.ended_ms, strict=True)
            ):
                if line not in refused and end < start:
                    refused[batch.lines[index]] = Refusal(TIME, "it ended before it began")
        elif "seconds" in self._amounts:
            batch.ended_ms = (
                [
                    start + 1000 * seconds if type(seconds) is int and type(start) is int else 0
                    for start, seconds in zip(batch.started_ms, batch.seconds, strict=True)
                ]
                if refused
                else [
                    start + 1000 * seconds
                    for start, seconds in zip(batch.started_ms, batch.seconds, strict=True)
                ]
            )
        else:
            batch.ended_ms = list(batch.started_ms)


def _refuse_future(batch: Batch, refused: dict[int, Refusal], now_ms: int) -> None:
    limit = now_ms + DAY_MS
    if not refused and (not batch.started_ms or max(batch.started_ms) <= limit):
        return
    for line, start in zip(batch.lines, batch.started_ms, strict=True):
        if line not in refused and start > limit:
            refused[line] = Refusal(FUTURE, "it begins more than a day from now")


def _amounts_of(mapping: UsageMapping) -> dict[str, Remembered]:
    found: dict[str, Remembered] = {}
    if mapping.seconds is not None:
        found["seconds"] = Remembered(seconds_parser(mapping.seconds.unit))
    for field in OCTET_FIELDS:
        column = getattr(mapping, field)
        if column is not None:
            found[field] = Remembered(octets_parser(column.unit))
    if isinstance(mapping.units, ColumnText):
        found["units"] = Remembered(units_parser())
    return found


def _texts_of(mapping: UsageMapping) -> dict[str, Remembered | None]:
    """How each field is read that differs from line to line; None where a text means itself."""
    columns = {field: getattr(mapping, field) for field in TEXT_FIELDS}
    return {
        field: Remembered(word_parser(column, field)) if column.values or column.otherwise is not None else None
        for field, column in columns.items()
        if isinstance(column, WordColumn)
    }


def _whole_of(mapping: UsageMapping) -> frozenset[str]:
    """The measures whose unit is one: a whole number in a line is the value."""
    found = {field for field in OCTET_FIELDS if (column := getattr(mapping, field)) and column.unit == "B"}
    if mapping.seconds is not None and mapping.seconds.unit == "s":
        found.add("seconds")
    return frozenset(found | {"units"})


def _positions(mapping: UsageMapping, header: list[str], place: str) -> dict[str, int]:
    """Where each column of the mapping stands in a line."""
    named = {name: index for index, name in reversed(list(enumerate(_names(mapping, header))))}
    issues = []
    for _, column in mapping.columns():
        if column not in named:
            hint = did_you_mean(column, named) if mapping.header else f"the lines have {len(header)} columns"
            issues.append(Issue(place, 1, 0, f"there is no column {column!r}", hint))
    if issues:
        raise ConfigError(dict.fromkeys(issues))
    return named


def _names(mapping: UsageMapping, header: list[str]) -> Iterable[str]:
    if mapping.header:
        return [name.strip() for name in header]
    return [str(number) for number in range(1, len(header) + 1)]
