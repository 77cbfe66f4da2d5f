"""The lines of a usage file, many at a time: each line is a record, its fields parted by a delimiter."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from config.usage_mapping import UsageMapping
from ocs.usage_import.refusal import CHARACTERS, QUOTES, Refusal

BATCH_OCTETS: Final = 32 << 20
"""What is committed at once."""
BLOCK_OCTETS: Final = 128 << 10
"""What is converted and rated at once."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")
_PLAIN: Final = bytes({*range(32, 127), 9, 10, 13} - {34})
_DIGEST_OCTETS: Final = 16

Texts = tuple[str, ...]


@dataclass
class LineBatch:
    """Lines of a file: their fields and numbers, those that are none, and where the file goes on behind them.

    ``whole`` are the lines as written, from number ``first`` on until before ``next_line``. ``columns`` are
    their fields where nothing about them is unusual, and ``rows`` are empty; else it is the other way round.
    """

    first: int
    next_line: int
    whole: str
    columns: list[Texts]
    rows: list[list[str]]
    numbers: list[int]
    refused: dict[int, Refusal]
    next_octet: int

    def text_of(self, number: int) -> str:
        """A line as written."""
        return self._texts[number - self.first]

    @cached_property
    def _texts(self) -> list[str]:
        return self.whole.split("\n")


class UsageFile:
    """A file as it was when it was first looked at: ``octets`` of it, whatever is appended later."""

    def __init__(self, path: Path, mapping: UsageMapping) -> None:
        self.path = path
        self.octets = path.stat().st_size
        self._mapping = mapping

    def digest(self) -> str:
        """What tells this content from all others."""
        total = hashlib.blake2b(digest_size=_DIGEST_OCTETS)
        left = self.octets
        with self.path.open("rb") as stream:
            while left > 0 and (piece := stream.read(min(left, 1 << 20))):
                total.update(piece)
                left -= len(piece)
        return total.hexdigest()

    def header(self) -> tuple[list[str], int, int]:
        """The fields of the first line, and the number and place of the first line of usage."""
        batch = self._batch(1, 0, most_octets=1)
        fields = batch.rows[0] if batch.rows else [column[0] for column in batch.columns]
        if self._mapping.header:
            return fields, batch.next_line, batch.next_octet
        return fields, 1, 0

    def read(self, line: int, octet: int, most_octets: int = BATCH_OCTETS) -> LineBatch:
        """The lines from a place on, about so many octets; none at the end."""
        return self._batch(line, octet, most_octets)

    def _batch(self, line: int, octet: int, most_octets: int) -> LineBatch:
        with self.path.open("rb") as stream:
            stream.seek(octet)
            most = min(most_octets, self.octets - octet)
            octets = stream.read(most) + stream.readline() if most > 0 else b""
        encoding, delimiter = self._mapping.encoding, self._mapping.delimiter
        behind = octet + len(octets)
        refused: dict[int, Refusal] = {}
        try:
            text = octets.decode(encoding)
            plain = not octets.translate(None, _PLAIN)
        except UnicodeDecodeError:
            texts = _decoded_lines(octets, encoding, line, refused)
            plain = False
        else:
            whole = text.removesuffix("\n")
            columns = split_columns(whole, delimiter) if plain else []
            if columns:
                after = line + len(columns[0])
                return LineBatch(line, after, whole, columns, [], list(range(line, after)), refused, behind)
            texts = _split(text)
        if octet == 0 and texts:
            texts[0] = texts[0].removeprefix("\ufeff")
        numbers = list(range(line, line + len(texts)))
        rows, numbers = split_lines(texts, numbers, delimiter, refused, plain=plain)
        return LineBatch(line, line + len(texts), "\n".join(texts), [], rows, numbers, refused, behind)


def split_columns(whole: str, delimiter: str) -> list[Texts]:
    """The columns of lines that have equally many fields, several; none where any line differs.

    ``whole`` has no quote, and nothing but printed ASCII in its fields. It is split once, an end of line being
    a field of its own, which must stand where the fields of a line have ended.
    """
    width = whole.partition("\n")[0].count(delimiter) + 1
    if width == 1 or "\r" in whole:
        return []
    fields = tuple(whole.replace("\n", f"{delimiter}\n{delimiter}").split(delimiter))
    ends = fields[width :: width + 1]
    if len(fields) != len(ends) * (width + 1) + width or not ends.count("\n") == len(ends) == whole.count("\n"):
        return []
    return [fields[place :: width + 1] for place in range(width)]


def split_lines(
    texts: list[str], numbers: list[int], delimiter: str, refused: dict[int, Refusal], *, plain: bool = False
) -> tuple[list[list[str]], list[int]]:
    """The fields of lines with these numbers, but for empty ones and those that are, or become, refused.

    ``plain``: nothing in them but letters, digits and signs of ASCII other than a quote.
    """
    whole = "" if plain else "\n".join(texts)
    odd = _CONTROL.search(whole) is not None
    if not (odd or refused or '"' in whole or "" in texts):
        return [text.split(delimiter) for text in texts], numbers
    rows, kept = [], []
    for number, text in zip(numbers, texts, strict=True):
        if number in refused or not text:
            continue
        if odd and _CONTROL.search(text.replace(delimiter, "")) is not None:
            refused[number] = Refusal(CHARACTERS, "there is a control character in it")
            continue
        fields = text.split(delimiter)
        if '"' in text:
            try:
                (fields,) = csv.reader([text], delimiter=delimiter, strict=True)
            except csv.Error as error:
                refused[number] = Refusal(QUOTES, f"not CSV: {error}")
                continue
        rows.append(fields)
        kept.append(number)
    return rows, kept


def _decoded_lines(octets: bytes, encoding: str, line: int, refused: dict[int, Refusal]) -> list[str]:
    """The lines of octets of which some are not of the encoding; those are refused."""
    texts = []
    for number, one in enumerate(octets.removesuffix(b"\n").split(b"\n"), line):
        text = one.decode(encoding, "backslashreplace").removesuffix("\r")
        if one.decode(encoding, "replace") != one.decode(encoding, "ignore"):
            refused[number] = Refusal(CHARACTERS, f"the line is not {encoding}")
        texts.append(text)
    return texts


def _split(text: str) -> list[str]:
    texts = text.removesuffix("\n").split("\n") if text else []
    if "\r" in text:
        return [one.removesuffix("\r") for one in texts]
    return texts
