"""A CSV file of customers: each row says something of an account, its party, its cycle and one subscription.

The first row that names a party, account or cycle says all of it; later rows leave it empty or say the same.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Final

from config.issues import Issue, TextError, did_you_mean
from ocs.customers.loading.pieces import ACCOUNT, CYCLE, PARTY, SUBSCRIPTION, Issues, Piece, Token
from ocs.customers.loading.words import read_id

COLUMNS: Final = {
    "account": (ACCOUNT, ""),
    "party": (PARTY, ""),
    "name": (PARTY, "name"),
    "kind": (PARTY, "kind"),
    "address": (PARTY, "address"),
    "country": (PARTY, "country"),
    "language": (PARTY, "language"),
    "email": (PARTY, "email"),
    "tax_number": (PARTY, "tax_number"),
    "parent": (ACCOUNT, "parent"),
    "payer": (ACCOUNT, "payer"),
    "currency": (ACCOUNT, "currency"),
    "cycle": (ACCOUNT, "cycle"),
    "cycle_day": (CYCLE, "day"),
    "cycle_time_zone": (CYCLE, "time_zone"),
    "tax_status": (ACCOUNT, "tax_status"),
    "jurisdiction": (ACCOUNT, "jurisdiction"),
    "invoice_language": (ACCOUNT, "language"),
    "payment_terms": (ACCOUNT, "payment_terms"),
    "opened": (ACCOUNT, "opened"),
    "closed": (ACCOUNT, "closed"),
    "subscription": (SUBSCRIPTION, ""),
    "msisdn": (SUBSCRIPTION, "msisdn"),
    "imsi": (SUBSCRIPTION, "imsi"),
    "plan": (SUBSCRIPTION, "plan"),
    "group": (SUBSCRIPTION, "group"),
    "time_zone": (SUBSCRIPTION, "time_zone"),
    "from": (SUBSCRIPTION, "from"),
    "until": (SUBSCRIPTION, "until"),
    "addons": (SUBSCRIPTION, "addons"),
}
"""Columns, in any order: what they speak of, and the field they fill; '' = the id."""
_COLUMN_OF: Final = {
    **{place: column for column, place in COLUMNS.items()},
    (SUBSCRIPTION, "account"): "account",
}

Progress = Callable[[int], None]


class CsvSource:
    """A CSV file; ``progress`` hears how many octets of it are read."""

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self.path = path
        self._progress = progress
        self._columns: list[str] = []

    def issue(self, token: Token, kind: str, field: str, message: str, hint: str) -> Issue:
        """An issue in a row, at the column of a field."""
        assert isinstance(token, int)  # noqa: S101 - our own tokens
        return self._issue(token, _COLUMN_OF.get((kind, field), ""), message, hint)

    def _issue(self, line: int, column: str, message: str, hint: str = "") -> Issue:
        return Issue(self.path, line, self._position(line, column), message, hint)

    def pieces(self, issues: Issues) -> Iterator[Piece]:
        """What the rows say. What is no row adds issues and is left out."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._rows(file, issues)
        except OSError as error:
            issues.add(Issue(self.path, 0, 0, f"can not be read: {error.strerror}"))
        except UnicodeDecodeError as error:
            issues.add(Issue(self.path, 0, 0, f"octet 0x{error.object[error.start]:02x} is not UTF-8"))

    def _rows(self, file: IO[str], issues: Issues) -> Iterator[Piece]:
        reader = csv.reader(file, strict=True)
        line = 0
        try:
            self._columns = [name.strip().lower() for name in next(reader, [])]
            if not self._columns_are_right(issues):
                return
            line = reader.line_num
            for fields in reader:
                start, line = line + 1, reader.line_num
                if self._progress is not None and line % 1000 < line - start + 1:
                    self._progress(file.buffer.tell())  # type: ignore[attr-defined]
                if not any(fields):
                    continue
                if len(fields) != len(self._columns):
                    message = f"{len(fields)} fields, the header has {len(self._columns)}"
                    issues.add(Issue(self.path, start, 0, message))
                    continue
                yield from self._pieces_of(start, fields, issues)
        except csv.Error as error:
            issues.add(Issue(self.path, reader.line_num, 0, f"not CSV: {error}"))

    def _columns_are_right(self, issues: Issues) -> bool:
        before = issues.count
        for index, name in enumerate(self._columns):
            if name not in COLUMNS:
                issues.add(self._issue(1, name, f"unknown column {name!r}", did_you_mean(name, COLUMNS)))
            elif name in self._columns[:index]:
                issues.add(self._issue(1, name, f"column {name!r} is here twice"))
        if "account" not in self._columns:
            issues.add(
                Issue(self.path, 1, 0, "column 'account' is missing", "each row names a billing account")
            )
        return issues.count == before

    def _pieces_of(self, line: int, fields: list[str], issues: Issues) -> Iterator[Piece]:
        texts: dict[str, dict[str, str]] = {CYCLE: {}, PARTY: {}, ACCOUNT: {}, SUBSCRIPTION: {}}
        for column, raw in zip(self._columns, fields, strict=True):
            text = raw.strip()
            if text:
                kind, field = COLUMNS[column]
                texts[kind][field] = text
        account = self._id(line, "account", texts[ACCOUNT].pop("", ""), issues)
        if not account:
            return
        party = self._id(line, "party", texts[PARTY].pop("", account), issues)
        if texts[CYCLE]:
            cycle = texts[ACCOUNT].get("cycle", "")
            if cycle:
                yield Piece(self, line, issues, CYCLE, cycle, texts[CYCLE])
            else:
                issues.add(
                    self._issue(line, "cycle", "a cycle that is described needs its id", "such as monthly")
                )
        if texts[PARTY]:
            yield Piece(self, line, issues, PARTY, party, texts[PARTY])
        if texts[ACCOUNT]:
            if party != account:
                texts[ACCOUNT]["party"] = party
            yield Piece(self, line, issues, ACCOUNT, account, texts[ACCOUNT])
        if texts[SUBSCRIPTION]:
            name = texts[SUBSCRIPTION].pop("", "") or texts[SUBSCRIPTION].get("msisdn", "")
            texts[SUBSCRIPTION]["account"] = account
            yield Piece(self, line, issues, SUBSCRIPTION, name, texts[SUBSCRIPTION])

    def _id(self, line: int, column: str, text: str, issues: Issues) -> str:
        try:
            return read_id(text)
        except TextError as error:
            message = f"{column}: {error}" if text else f"{column!r} is empty"
            issues.add(self._issue(line, column, message, error.hint if text else ""))
            return ""

    def _position(self, line: int, column: str) -> int:
        """Where a column of a row begins, from 1; 0 where it can not be told."""
        if column not in self._columns:
            return 0
        index = self._columns.index(column)
        with self.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            text = next(islice(file, line - 1, None), "")
        quoted, at = False, 1
        for position, letter in enumerate(text, 1):
            if index == 0:
                break
            if letter == '"':
                quoted = not quoted
            elif letter == "," and not quoted:
                index -= 1
                at = position + 1
        return at if index == 0 else 0
