"""Rows of small CSV files with validity dates: checked one after the other, with file:line for every mistake.

``valid_from`` is the first day a row holds, ``valid_until`` the first day it does not hold any more; empty is
without an end.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Final, Protocol, TypeVar

from config.issues import ConfigError, Issue, TextError

MOST_LISTED_ISSUES: Final = 100
FIRST_DAY: Final = "0001-01-01"
LAST_DAY: Final = "9999-12-31"


class Dated(Protocol):
    """What rows become: they say what they are about, and when they hold."""

    @property
    def subject(self) -> tuple[str, ...]:
        """Rows of one subject may not hold on the same day."""

    @property
    def valid_from(self) -> str:
        """The first day."""

    @property
    def valid_until(self) -> str:
        """The first day after it."""


Row = TypeVar("Row", bound=Dated)


def read_dated_rows(path: Path, columns: tuple[str, ...], parse: Callable[[dict[str, str]], Row]) -> list[Row]:
    """The rows of a file in its order; ConfigError with every mistake, and two rows of one subject and day.

    ``parse`` makes a row of the texts by column and raises TextError where one is wrong.
    """
    issues: list[Issue] = []
    found: list[tuple[int, Row]] = []
    for line, texts in _rows(path, columns, issues):
        try:
            found.append((line, parse(texts)))
        except TextError as error:
            issues.append(Issue(path, line, 0, str(error), error.hint))
    issues += _overlaps(path, found)
    if issues:
        raise ConfigError(issues[:MOST_LISTED_ISSUES], max(0, len(issues) - MOST_LISTED_ISSUES))
    return [row for _, row in found]


def _rows(path: Path, columns: tuple[str, ...], issues: list[Issue]) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if sorted(header) != sorted(columns):
                issues.append(Issue(path, 1, 0, f"the columns are {','.join(header)}", _expected(columns)))
                return []
            rows = []
            for texts in reader:
                if texts and len(texts) != len(header):
                    message = f"{len(texts)} fields, the header has {len(header)}"
                    issues.append(Issue(path, reader.line_num, 0, message))
                elif texts:
                    stripped = [text.strip() for text in texts]
                    rows.append((reader.line_num, dict(zip(header, stripped, strict=True))))
            return rows
    except (csv.Error, UnicodeDecodeError) as error:
        issues.append(Issue(path, 0, 0, f"can not be read: {error}", "save the file as CSV in UTF-8"))
    except OSError as error:
        issues.append(Issue(path, 0, 0, f"can not be read: {error.strerror}"))
    return []


def _expected(columns: Iterable[str]) -> str:
    return f"they are to be {','.join(columns)}, in any order"


def _overlaps(path: Path, found: list[tuple[int, Row]]) -> list[Issue]:
    """Rows of one subject that hold on the same day, at the later of both."""
    issues = []
    by_subject: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for line, row in found:
        for other_line, other in by_subject.setdefault(row.subject, []):
            if row.valid_from < other.valid_until and other.valid_from < row.valid_until:
                message = (
                    f"{' '.join(filter(None, row.subject))} has a row for the same days in line {other_line}"
                )
                issues.append(Issue(path, line, 0, message, "end the earlier one with valid_until"))
        by_subject[row.subject].append((line, row))
    return issues


def validity(texts: dict[str, str]) -> tuple[str, str]:
    """The days of ``valid_from`` and ``valid_until``; TextError where they are none, or the wrong way round."""
    begin = _day(texts["valid_from"], FIRST_DAY)
    end = _day(texts["valid_until"], LAST_DAY)
    if end <= begin:
        raise TextError(f"valid_until {end} is not after valid_from {begin}")
    return begin, end


def _day(text: str, default: str) -> str:
    if not text:
        return default
    try:
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise TextError(f"{text!r} is not a day", "write it as 2026-11-24")
