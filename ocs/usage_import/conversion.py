"""From the fields of lines to columns of values, a batch at a time and column by column, which is fast."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import compress
from typing import Any, Final

from config.column_texts import ColumnText, TimeColumn, WordColumn
from config.issues import ConfigError, Issue, did_you_mean
from config.usage_mapping import NUMBER_FIELDS, TEXT_FIELDS, UsageMapping
from ocs.usage_import.refusal import FIELDS, FUTURE, KEY, TIME, Refusal
from ocs.usage_import.texts import (
    Remembered,
    moment_parser,
    number_parser,
    octets_parser,
    seconds_parser,
    units_parser,
    word_parser,
)
from rating.numbering import Numbering
from rating.usage import NOT_REPORTED

DAY_MS: Final = 86_400_000
_WITHIN_HOUR: Final = {
    f":{minute:02d}:{second:02d}": 1000 * (60 * minute + second) for minute in range(60) for second in range(60)
}
OCTET_FIELDS: Final = ("input_octets", "output_octets", "octets")

Column = list[Any]
Rows = list[list[str]]


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
            field: _Moments(column)
            for field, column in (("started", mapping.started), ("ended", mapping.ended))
            if column is not None
        }
        self._amounts = _amounts_of(mapping)
        self._texts = _texts_of(mapping, numbering)
        self.ignored = 0

    def convert(self, rows: Rows, lines: list[int], now_ms: int) -> tuple[Batch, dict[int, Refusal]]:
        """The batch, and why lines are not in it, by number. What ``where`` leaves out is counted only."""
        refused: dict[int, Refusal] = {}
        rows, lines = self._right_width(rows, lines, refused)
        rows, lines = self._wanted(rows, lines)
        batch = Batch(lines, self._keys(rows, lines, refused))
        batch.started_ms = self._moments["started"].read(self._column(rows, "started"), lines, refused)
        for field, parser in self._amounts.items():
            setattr(batch, field, _read(parser, self._column(rows, field), lines, refused))
        count = len(rows)
        if isinstance(self._mapping.units, int):
            batch.units = [self._mapping.units] * count
        for field in ("seconds", "units", *OCTET_FIELDS):
            if len(getattr(batch, field)) != count:
                setattr(batch, field, [NOT_REPORTED] * count)
        for field, reader in self._texts.items():
            column = _read(reader, self._column(rows, field), lines, refused) if reader is not None else None
            if column is None:
                batch.constants[field] = self._constant(field)
                column = [batch.constants[field]] * count
            batch.texts[field] = column
        self._ends(batch, rows, refused)
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

    def _constant(self, field: str) -> str:
        value = getattr(self._mapping, field)
        return value if isinstance(value, str) else ""

    def _column(self, rows: Rows, field: str) -> list[str]:
        position = self._positions[getattr(self._mapping, field).column]
        return [row[position] for row in rows]

    def _right_width(self, rows: Rows, lines: list[int], refused: dict[int, Refusal]) -> tuple[Rows, list[int]]:
        width = self._width
        wrong = [index for index, row in enumerate(rows) if len(row) != width]
        if not wrong:
            return rows, lines
        for index in wrong:
            refused[lines[index]] = Refusal(FIELDS, f"{len(rows[index])} fields, not {width}")
        right = [len(row) == width for row in rows]
        return list(compress(rows, right)), list(compress(lines, right))

    def _wanted(self, rows: Rows, lines: list[int]) -> tuple[Rows, list[int]]:
        words = self._where
        if words is None:
            return rows, lines
        wanted = [word in words for word in self._column(rows, "where")]
        self.ignored += wanted.count(False)
        return list(compress(rows, wanted)), list(compress(lines, wanted))

    def _keys(self, rows: Rows, lines: list[int], refused: dict[int, Refusal]) -> list[str]:
        columns = []
        for name in self._mapping.unique:
            position = self._positions[name]
            column = [row[position] for row in rows]
            if "" in column:
                for line, text in zip(lines, column, strict=True):
                    if not text:
                        refused[line] = Refusal(KEY, f"{name}, which makes a record unique, is empty")
            if len(self._mapping.unique) > 1 and "/" in "".join(column):
                column = [text.replace("%", "%25").replace("/", "%2F") for text in column]
            columns.append(column)
        prefix = self._prefix
        if len(columns) == 1:
            return [prefix + key for key in columns[0]]
        return [prefix + key for key in map("/".join, zip(*columns, strict=True))]

    def _ends(self, batch: Batch, rows: Rows, refused: dict[int, Refusal]) -> None:
        """When usage ended: as written, else by its duration, else as it began."""
        if "ended" in self._moments:
            batch.ended_ms = self._moments["ended"].read(self._column(rows, "ended"), batch.lines, refused)
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


class _Moments:
    """A column of times. Where the format ends with minutes and seconds, hours are remembered."""

    def __init__(self, column: TimeColumn) -> None:
        self._parse = moment_parser(column)
        self._whole = Remembered(self._parse)
        before = column.format.removesuffix(":%M:%S")
        self._by_hour = before != column.format and not any(field in before for field in ("%M", "%S", "%z"))
        self._hours = Remembered(self._parse_hour)

    def read(self, texts: list[str], lines: list[int], refused: dict[int, Refusal]) -> list[int]:
        if self._by_hour:
            hours = self._hours
            within = _WITHIN_HOUR
            try:
                return [hours[text[:-6]] + within[text[-6:]] for text in texts]
            except (TypeError, KeyError):  # some text is no time, or its hour is not like others
                return _read(Remembered(self._one), texts, lines, refused)
        return _read(self._whole, texts, lines, refused)

    def _parse_hour(self, text: str) -> int | Refusal:
        """The beginning of an hour, if all of it is there and without a change of clocks."""
        begin = self._parse(text + ":00:00")
        end = self._parse(text + ":59:59")
        if type(begin) is int and type(end) is int and end - begin == _WITHIN_HOUR[":59:59"]:
            return begin
        return Refusal(TIME, text)

    def _one(self, text: str) -> Any:
        hour = self._hours[text[:-6]]
        rest = _WITHIN_HOUR.get(text[-6:])
        return self._parse(text) if rest is None or type(hour) is Refusal else hour + rest


def _read(values: Remembered, texts: list[str], lines: list[int], refused: dict[int, Refusal]) -> Column:
    """The values of a column; a line without one is refused, if it was not before."""
    column = [values[text] for text in texts]
    if values.refused:
        values.refused = False
        for line, value in zip(lines, column, strict=True):
            if type(value) is Refusal:
                refused.setdefault(line, value)
    return column


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


def _texts_of(mapping: UsageMapping, numbering: Numbering | None) -> dict[str, Remembered | None]:
    """How each field is read; None where it is the same in all lines, or is not there."""
    found: dict[str, Remembered | None] = {}
    for field in NUMBER_FIELDS:
        there = getattr(mapping, field) is not None
        parse: Callable[[str], Any] = number_parser(
            numbering, field, service_numbers=field == "called", any_text=field == "calling"
        )
        found[field] = Remembered(parse) if there else None
    for field in TEXT_FIELDS:
        column = getattr(mapping, field)
        found[field] = Remembered(word_parser(column, field)) if isinstance(column, WordColumn) else None
    return found


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
