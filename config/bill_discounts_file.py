"""Discounts on the bill, of a CSV file: ``plan,name,of,from_amount,percent,valid_from,valid_until``.

A row says: who spends at least ``from_amount`` in a period, in the account's currency, on ``of`` (usage, fees
or all) of a plan's subscriptions, pays ``percent`` less for all of it. Of rows with the same plan and name the
highest amount that is reached counts.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from balance.quantity import AmountError, parse_micros
from config.dated_rows import read_dated_rows, validity
from config.issues import TextError
from config.tax_file import parse_rate

COLUMNS: Final = ("plan", "name", "of", "from_amount", "percent", "valid_from", "valid_until")
USAGE: Final = "usage"
FEES: Final = "fees"
ALL: Final = "all"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class BillDiscount:
    """One row; ``percent_millionths`` 50000 is 5 %."""

    plan_id: str
    name: str
    of: str
    from_micros: int
    percent_millionths: int
    valid_from: str
    valid_until: str

    @property
    def subject(self) -> tuple[str, ...]:
        """What no two rows may say for the same day."""
        return self.plan_id, self.name, self.of, str(self.from_micros)


class BillDiscounts:
    """All discounts on the bill; ``version`` is the hash of the content."""

    def __init__(self, rows: list[BillDiscount]) -> None:
        self._rows = sorted(
            rows, key=lambda row: (row.plan_id, row.name, row.of, row.from_micros, row.valid_from)
        )
        self.version = hashlib.sha256("\n".join(map(repr, self._rows)).encode()).hexdigest()[:16]

    def holding(self, plan_id: str, day: str) -> list[BillDiscount]:
        """The rows of a plan that hold on a day, by name, the lower amounts first."""
        return [row for row in self._rows if row.plan_id == plan_id and row.valid_from <= day < row.valid_until]


def load_bill_discounts(path: Path) -> BillDiscounts:
    """The discounts of a file; ConfigError with file:line for every mistake."""
    return BillDiscounts(read_dated_rows(path, COLUMNS, _parse))


def _parse(texts: dict[str, str]) -> BillDiscount:
    begin, end = validity(texts)
    for name in ("plan", "name"):
        if _NAME.fullmatch(texts[name]) is None:
            raise TextError(f"{name} {texts[name]!r} is not a name", "letters, digits, '.', '_' and '-'")
    if texts["of"] not in {USAGE, FEES, ALL}:
        raise TextError(f"of {texts['of']!r} is not 'usage', 'fees' or 'all'")
    try:
        from_micros = parse_micros(texts["from_amount"])
    except AmountError as error:
        raise TextError(f"from_amount: {error}") from None
    if from_micros < 0:
        raise TextError(f"from_amount {texts['from_amount']} is below zero")
    percent = parse_rate(texts["percent"])
    return BillDiscount(texts["plan"], texts["name"], texts["of"], from_micros, percent, begin, end)
