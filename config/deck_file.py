"""Decks: long CSV files, read in pieces of bounded size, with file:line:column for every mistake."""

from __future__ import annotations

import csv
import hashlib
import stat
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final

from config.issues import WARNING, Issue, clipped, did_you_mean
from config.yaml_nodes import read_text

MOST_OCTETS: Final = 512_000_000
MOST_ROWS: Final = 4_000_000
MOST_LINE: Final = 10_000
"""Characters of a line; a longer one is refused before it is read."""
BLOCK: Final = 1 << 17
"""Octets that are read at once."""
CHUNK: Final = 1024
"""Rows that are handed on at once."""
MOST_LISTED: Final = 20
"""Issues of one deck that are told; more are counted."""
MOST_ERRORS: Final = 1000
"""After so many a deck is not read further: it is something else."""
MOST_DIGITS: Final = 20


class DeckError(Exception):
    """A deck that can not be read further; its issue is in the deck already."""


class DeckFile:
    """One file with a header line; what is wrong with it is in ``issues``, and ``unlisted`` more."""

    def __init__(self, source: Path, columns: tuple[str, ...], required: tuple[str, ...]) -> None:
        self.source = source
        self.issues: list[Issue] = []
        self.unlisted = 0
        self._columns = columns
        self._required = required
        self._errors = 0
        self._warnings = 0
        self._octets = hashlib.sha256()
        self.header: list[str] = []

    @property
    def octets_hash(self) -> str:
        """The hash of what was read of the file so far."""
        return self._octets.hexdigest()

    def chunks(self) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        """Rows, thousands at once, and the lines that they end at. DeckError where reading ends early.

        A row may have any number of cells: ``refuse_width`` tells of one that has another than the header.
        """
        try:
            if not stat.S_ISREG(self.source.stat().st_mode):
                self.stop(0, "is not a file", code="T001")
            with self.source.open("rb") as handle:
                if self.source.stat().st_size > MOST_OCTETS:
                    self.stop(0, f"the file has more than {MOST_OCTETS // 1_000_000} MB", code="T007")
                yield from self._read(handle)
        except UnicodeDecodeError:
            found = read_text(self.source, MOST_OCTETS)
            if isinstance(found, Issue):
                self.issues.append(found)
            raise DeckError from None
        except OSError as error:
            self.stop(0, f"can not be read: {error.strerror}", code="T001")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row that has a cell for each column, with its line. DeckError where reading ends early."""
        for lines, rows in self.chunks():
            width = len(self.header)
            for line, row in zip(lines, rows, strict=True):
                if len(row) == width:
                    yield line, row
                else:
                    self.refuse_width(line, row)

    def refuse_width(self, line: int, row: list[str]) -> None:
        """Keep an error of a row that has not a cell for each column; an empty line is none."""
        if row:
            hint = f"the columns are {', '.join(self.header)}"
            self.refuse(line, f"{len(row)} cells where {len(self.header)} are expected", hint)

    def _read(self, handle: BinaryIO) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
        reader = csv.reader(chain.from_iterable(self._texts(handle)), strict=True)
        begun = 1
        try:
            self._read_header(next(reader, []))
            begun = reader.line_num
            while True:
                rows: list[list[str]] = []
                stopped: Exception | None = None
                try:
                    rows.extend(islice(reader, CHUNK))
                except (csv.Error, DeckError, UnicodeDecodeError) as error:
                    stopped = error  # what was read before it is looked at first
                lines = _lines_of(rows, begun, reader.line_num)
                if lines and lines[-1] > MOST_ROWS:
                    kept = [line for line in lines if line <= MOST_ROWS]
                    yield kept, rows[: len(kept)]
                    self.stop(lines[len(kept)], f"more than {MOST_ROWS} lines", code="T007")
                if rows:
                    yield lines, rows
                    begun = lines[-1]
                if stopped is not None:
                    raise stopped
                if len(rows) < CHUNK:
                    return
        except csv.Error as error:
            self.stop(begun + 1, f"not CSV: {error}", "a quote is not closed, or stands inside a cell")

    def _texts(self, handle: BinaryIO) -> Iterator[StringIO]:
        """The file in pieces of whole lines, none of them too long."""
        number = 0
        read = handle.read(len(BOM_UTF8))
        self._octets.update(read)
        rest = read.removeprefix(BOM_UTF8)
        while True:
            read = handle.read(BLOCK)
            self._octets.update(read)
            block = rest + read
            cut = len(block)
            if read:
                cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, cut - 1)) + 1
            rest = block[cut:]
            lines = block[:cut].splitlines(keepends=True)
            if max(map(len, lines), default=0) > MOST_LINE:
                for at, line in enumerate(lines):
                    if len(line.decode(errors="replace")) > MOST_LINE:
                        yield StringIO(b"".join(lines[:at]).decode(), newline="")
                        self._stop_at_long_line(number + at + 1)
            number += len(lines)
            yield StringIO(block[:cut].decode(), newline="")
            if not read:
                return
            if len(rest) > 4 * MOST_LINE:
                self._stop_at_long_line(number + 1)

    def _stop_at_long_line(self, line: int) -> None:
        self.stop(line, f"the line has more than {MOST_LINE} characters", code="T007")

    def _read_header(self, cells: list[str]) -> None:
        self.header = [cell.strip().lower() for cell in cells]
        hint = f"the first line names the columns: {','.join(self._columns)}"
        if len(self.header) == 1 and any(mark in self.header[0] for mark in ";\t|"):
            self.stop(1, "the columns are not separated by commas", hint, "T501")
        for cell, name in enumerate(self.header):
            if name not in self._columns:
                self.refuse(1, f"unknown column {name!r}", did_you_mean(name, self._columns), "T501", cell)
            elif name in self.header[:cell]:
                self.refuse(1, f"column {name!r} is here twice", code="T501", cell=cell)
        for name in self._required:
            if name not in self.header:
                self.refuse(1, f"column {name!r} is missing", hint, "T501")
        if self._errors:
            raise DeckError

    def refuse(self, line: int, message: str, hint: str = "", code: str = "T502", cell: int = -1) -> None:
        """Keep an error at a line, and at the column in which a cell of it begins if the cell is told."""
        self._errors += 1
        if self._errors > MOST_LISTED:
            self.unlisted += 1
        else:
            self.issues.append(Issue(self.source, line, self._column(line, cell), clipped(message), hint, code))
        if self._errors >= MOST_ERRORS:
            self.issues.append(Issue(self.source, line, 0, "not read any further", "", "T007"))
            raise DeckError

    def warn(self, line: int, message: str, hint: str = "", code: str = "T905") -> None:
        """Keep a warning."""
        self._warnings += 1
        if self._warnings <= MOST_LISTED:
            self.issues.append(Issue(self.source, line, 0, clipped(message), hint, code, WARNING))

    def stop(self, line: int, message: str, hint: str = "", code: str = "T502") -> None:
        """Keep an error after which nothing can be read."""
        self.issues.append(Issue(self.source, line, 0, message, hint, code))
        raise DeckError

    def _column(self, line: int, cell: int) -> int:
        """The character at which a cell begins; 1 for the first. The line is looked up again."""
        if cell < 0:
            return 0
        with self.source.open(encoding="utf-8-sig", newline="") as handle:
            for text in islice(handle, line - 1, line):
                return _start_of_cell(text, cell)
        return 0


def is_a_file(path: Path) -> bool:
    """Whether a file stands there, whatever the path is made of."""
    try:
        return path.is_file()
    except OSError:
        return False


def hash_of_file(path: Path) -> str:
    """The hash of all octets of a file, as ``octets_hash`` is; "" where it can not be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return ""


def _lines_of(rows: list[list[str]], before: int, after: int) -> Sequence[int]:
    """The line that each row ends at; rows have several where a cell has line ends in it."""
    if after - before == len(rows):
        return range(before + 1, after + 1)
    found = []
    for row in rows:
        ends = sum(cell.count("\n") + cell.count("\r") - cell.count("\r\n") for cell in row)
        before += 1 + ends
        found.append(before)
    return found


def _start_of_cell(text: str, cell: int) -> int:
    quoted = False
    column = 1
    for character in text:
        if cell == 0:
            break
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            cell -= 1
        column += 1
    return column


def digits_of(text: str) -> bytes | None:
    """The digits of a prefix in international form, with or without its ``+``; None where it is none."""
    digits = text.removeprefix("+")
    if digits.isdecimal() and digits.isascii() and len(digits) <= MOST_DIGITS and digits[0] != "0":
        return digits.encode()
    return None


def prefix_hint(text: str) -> str:
    """What to write instead of a text that is no prefix."""
    if text.strip() != text:
        return "remove the spaces"
    if text.startswith("00"):
        return f"in international form, without the leading zeros: {text.lstrip('0')}"
    if text.startswith("0"):
        return "in international form, with the country code and without the leading zero"
    if "E+" in text.upper():
        return "a spreadsheet made a rounded number of it: format the column as text"
    return f"up to {MOST_DIGITS} digits in international form, such as 4930"
