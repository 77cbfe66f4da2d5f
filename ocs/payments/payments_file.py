"""Payments out of a CSV file, as banks' statements become: checked whole, with file:line for every mistake.

Columns, in any order: ``amount,date,reference``, ``account`` or ``invoice`` or both, and perhaps ``currency``.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Final

from balance.quantity import AmountError, parse_micros
from config.issues import ConfigError, Issue, did_you_mean
from ocs.payments.recording import NewPayment

COLUMNS: Final = ("account", "invoice", "amount", "currency", "date", "reference")
REQUIRED_COLUMNS: Final = ("amount", "date", "reference")
MOST_LISTED_ISSUES: Final = 100


def read_payments(path: Path) -> list[NewPayment]:
    """The payments of a file; ConfigError with the first 100 issues and their count where any line is wrong."""
    issues: list[Issue] = []
    found: list[NewPayment] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True, restkey="", restval="")
            _check_header(path, [name.strip().lower() for name in reader.fieldnames or []], issues)
            if not issues:
                reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
                for row in reader:
                    payment = _payment(path, reader.line_num, row, issues)
                    if payment is not None:
                        found.append(payment)
    except (csv.Error, UnicodeDecodeError) as error:
        issues.append(Issue(path, 0, 0, f"not CSV in UTF-8: {error}"))
    if issues:
        raise ConfigError(issues[:MOST_LISTED_ISSUES], max(0, len(issues) - MOST_LISTED_ISSUES))
    return found


def parse_day(text: str) -> str:
    """An ISO day; ValueError where it is none."""
    if len(text) != len("2026-11-05"):
        raise ValueError(f"{text!r} is not a day: write it such as 2026-11-05")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a day: write it such as 2026-11-05") from None


def _check_header(path: Path, names: list[str], issues: list[Issue]) -> None:
    issues += [
        Issue(path, 1, 0, f"unknown column {name!r}", did_you_mean(name, COLUMNS))
        for name in names
        if name not in COLUMNS
    ]
    issues += [
        Issue(path, 1, 0, f"column {name!r} is missing", f"columns are {', '.join(COLUMNS)}")
        for name in REQUIRED_COLUMNS
        if name not in names
    ]
    if not {"account", "invoice"} & set(names):
        issues.append(Issue(path, 1, 0, "neither a column 'account' nor a column 'invoice'"))
    if len(set(names)) < len(names):
        issues.append(Issue(path, 1, 0, "a column is here twice"))


def _payment(path: Path, line: int, row: dict[str, str], issues: list[Issue]) -> NewPayment | None:
    before = len(issues)
    if "" in row:
        issues.append(Issue(path, line, 0, "more fields than the header has"))
        return None
    cells = {name: row.get(name, "").strip() for name in COLUMNS}
    if not cells["account"] and not cells["invoice"]:
        issues.append(Issue(path, line, 0, "neither an account nor an invoice"))
    if not cells["reference"]:
        issues.append(Issue(path, line, 0, "the reference is missing"))
    amount, day = 0, ""
    try:
        amount = parse_micros(cells["amount"])
    except AmountError as error:
        issues.append(Issue(path, line, 0, str(error), "a point before the decimals, no thousands"))
    try:
        day = parse_day(cells["date"])
    except ValueError as error:
        issues.append(Issue(path, line, 0, str(error)))
    if len(issues) > before:
        return None
    place = f"{path}:{line}"
    return NewPayment(
        cells["account"],
        cells["invoice"],
        amount,
        cells["currency"].upper(),
        day,
        cells["reference"],
        place,
    )
