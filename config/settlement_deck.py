"""Decks of partners: prices by prefix out of CSV, with file:line:column for every mistake.

Columns, in any order: ``prefix,destination`` and ``price``, or ``price.BAND`` for each band of the rate's
calendar; further ``connection_fee,increment,minimum,valid_from,valid_until`` where the deck has them.
``increment`` is ``1``, ``60`` or ``60/1`` (a minimum of 60 and steps of 1). Amounts are decimal text in the
currency of the direction.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from balance.quantity import AmountError, parse_micros
from config.issues import Issue, TextError, did_you_mean
from config.piece_reader import IssueCollector
from config.quantity_text import LIMIT_UNITS
from config.settlement_schema import parse_prefix
from config.tariff_text import Increments, parse_day, parse_increments

REQUIRED: Final = ("prefix", "destination")
OPTIONAL: Final = ("connection_fee", "increment", "minimum", "valid_from", "valid_until")
PRICE: Final = "price"
MOST_ROWS: Final = 1_000_000

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class DeckLine:
    """One row: ``prices`` has one for each band, or one; None = what the rate says instead."""

    line: int
    prefix: bytes
    destination: str
    prices: tuple[int, ...]
    connection_fee: int | None
    increments: Increments | None
    valid_from: int | None
    valid_until: int | None


def read_deck(issues: IssueCollector, path: Path, octets: bytes, bands: list[str]) -> list[DeckLine]:
    """The rows that are right of a deck whose prices are by these bands; [] = it has one price a row."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        issues.add(Issue(path, line, 0, "the file is not UTF-8", "save the file as UTF-8", "T002"))
        return []
    return _DeckReader(issues, path, text.splitlines(), bands).read()


class _DeckReader:
    def __init__(self, issues: IssueCollector, path: Path, lines: list[str], bands: list[str]) -> None:
        self._issues = issues
        self._path = path
        self._lines = lines
        self._prices = [f"{PRICE}.{band}" for band in bands] if bands else [PRICE]
        self._at: dict[str, int] = {}
        self._width = 0

    def read(self) -> list[DeckLine]:
        rows = self._rows()
        if not self._read_header([name.strip() for name in next(rows, (1, []))[1]]):
            return []
        found: list[DeckLine] = []
        for line, fields in rows:
            if len(found) >= MOST_ROWS:
                self._refuse(line, None, f"more than {MOST_ROWS} rows", code="T007")
                break
            row = self._row(line, fields)
            if row is not None:
                found.append(row)
        if not found and not self._issues.has_errors:
            self._refuse(1, None, "the deck has no rows")
        return found

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Lines with something on them; a field does not go over the end of a line."""
        reader = csv.reader(self._lines, strict=True)
        while True:
            try:
                fields = next(reader, None)
            except csv.Error as error:
                self._refuse(reader.line_num, None, f"not CSV: {error}", code="T501")
                return
            if fields is None:
                return
            if any(fields):
                yield reader.line_num, fields

    def _refuse(self, line: int, index: int | None, message: str, hint: str = "", code: str = "T502") -> None:
        column = 0 if index is None else _column_of(self._lines[line - 1], index)
        self._issues.add(Issue(self._path, line, column, message, hint, code))

    def _read_header(self, names: list[str]) -> bool:
        known = [*REQUIRED, *self._prices, *OPTIONAL]
        right = True
        for index, name in enumerate(names):
            if name not in known:
                hint = did_you_mean(name, known)
                self._refuse(1, index, f"unknown column {name!r}", hint, "T501")
                right = False
            elif name in self._at:
                self._refuse(1, index, f"column {name!r} is here twice", code="T501")
                right = False
            self._at.setdefault(name, index)
        for name in (*REQUIRED, *self._prices):
            if name not in self._at:
                self._refuse(1, None, f"column {name!r} is missing", f"columns are {','.join(known)}", "T501")
                right = False
        self._width = len(names)
        return right

    def _row(self, line: int, fields: list[str]) -> DeckLine | None:
        if len(fields) != self._width:
            self._refuse(line, None, f"{len(fields)} fields, the header has {self._width}")
            return None
        cells = _Cells(self, line, fields, self._at)
        prefix = cells.read("prefix", parse_prefix)
        destination = cells.text("destination")
        prices = [cells.read(name, _amount) for name in self._prices]
        fee = cells.read("connection_fee", _amount) if cells.text("connection_fee") else None
        increments = cells.increments()
        begin = cells.read("valid_from", parse_day) if cells.text("valid_from") else None
        end = cells.read("valid_until", parse_day) if cells.text("valid_until") else None
        if not destination:
            self._refuse(line, self._at["destination"], "the destination has no name")
        if begin is not None and end is not None and end <= begin:
            self._refuse(line, self._at["valid_until"], "valid_until is not after valid_from", code="T402")
            return None
        if cells.wrong or prefix is None or not destination:
            return None
        amounts = tuple(price for price in prices if price is not None)
        return DeckLine(line, prefix, destination, amounts, fee, increments, begin, end)

    def refuse_cell(self, line: int, index: int, error: TextError) -> None:
        """Keep what is wrong with a cell."""
        self._refuse(line, index, str(error), error.hint)


class _Cells:
    """The cells of one row by column."""

    def __init__(self, reader: _DeckReader, line: int, fields: list[str], at: dict[str, int]) -> None:
        self._reader = reader
        self._line = line
        self._fields = fields
        self._at = at
        self.wrong = False

    def text(self, name: str) -> str:
        """The text; "" where the deck has no such column."""
        return self._fields[self._at[name]].strip() if name in self._at else ""

    def read(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """The value of a cell; None, and an issue, where it is none."""
        try:
            return parse(self.text(name))
        except TextError as error:
            self.wrong = True
            self._reader.refuse_cell(self._line, self._at[name], error)
            return None

    def increments(self) -> Increments | None:
        """What ``increment`` and ``minimum`` say together; None where neither says anything."""
        written = self.read("increment", _increments) if self.text("increment") else None
        least = self.read("minimum", _units) if self.text("minimum") else None
        if least is None:
            return written
        return Increments(least, written.increment if written is not None else 1)


def _amount(text: str) -> int:
    if not text:
        raise TextError("the price is missing", "write 0 for what is free")
    try:
        micros = parse_micros(text)
    except AmountError as error:
        hint = "a point before the decimals" if "," in text else "decimal text such as 0.0125"
        raise TextError(str(error), hint) from None
    if micros < 0:
        raise TextError(f"{text} is below zero")
    return micros


def _units(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:20]) < LIMIT_UNITS):
        raise TextError(f"{text!r} is not a number of units")
    return int(text)


def _increments(text: str) -> Increments:
    if text.isascii() and text.isdigit():
        return parse_increments(f"{text}/{text}")
    return parse_increments(text)


def _column_of(line: str, index: int) -> int:
    """The column, from 1, in which the field of an index begins."""
    quoted = False
    for at, character in enumerate(line, 1):
        if index == 0:
            return at
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            index -= 1
    return len(line) + 1
