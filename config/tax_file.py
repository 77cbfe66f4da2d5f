"""The tax rates of a CSV file: ``jurisdiction,category,rate,valid_from,valid_until``, the rate as ``19 %``."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.dated_rows import read_dated_rows, validity
from config.issues import TextError

COLUMNS: Final = ("jurisdiction", "category", "rate", "valid_from", "valid_until")
STANDARD: Final = "standard"
"""The category of what names none."""
_RATE: Final = re.compile(r"([0-9]{1,2}|100)(?:\.([0-9]{1,4}))?\s*%")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True)
class TaxRate:
    """The rate of a category in a jurisdiction for a span of days; 190000 millionths are 19 %."""

    jurisdiction: str
    category: str
    rate_millionths: int
    valid_from: str
    valid_until: str

    @property
    def subject(self) -> tuple[str, ...]:
        """What it is the rate of."""
        return self.jurisdiction, self.category


class TaxTable:
    """All rates. ``version`` is the hash of the content, whatever the file's order and layout."""

    def __init__(self, rates: list[TaxRate]) -> None:
        self.version = _hash(rates)
        self._rates: dict[tuple[str, ...], list[TaxRate]] = {}
        for rate in rates:
            self._rates.setdefault(rate.subject, []).append(rate)

    def rate_millionths(self, jurisdiction: str, category: str, day: str) -> int | None:
        """The rate that holds on a day; None where the table has none."""
        for rate in self._rates.get((jurisdiction, category), ()):
            if rate.valid_from <= day < rate.valid_until:
                return rate.rate_millionths
        return None


def _hash(rates: list[TaxRate]) -> str:
    ordered = sorted(rates, key=lambda rate: (rate.subject, rate.valid_from))
    lines = [
        f"{rate.jurisdiction},{rate.category},{rate.rate_millionths},{rate.valid_from},{rate.valid_until}"
        for rate in ordered
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def load_tax_table(path: Path) -> TaxTable:
    """The table of a file; ConfigError with file:line for every mistake."""
    return TaxTable(read_dated_rows(path, COLUMNS, _parse))


def _parse(texts: dict[str, str]) -> TaxRate:
    begin, end = validity(texts)
    for name in ("jurisdiction", "category"):
        if _WORD.fullmatch(texts[name]) is None:
            raise TextError(f"{name} {texts[name]!r} is not a word", "letters, digits, '.', '_' and '-'")
    return TaxRate(texts["jurisdiction"], texts["category"], parse_rate(texts["rate"]), begin, end)


def parse_rate(text: str) -> int:
    """The millionths of a text such as ``19 %`` or ``7.7 %``; TextError where it is no rate up to 100 %."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise TextError(f"{text!r} is not a rate", "write it such as '19 %' or '7.7 %'")
    millionths = int(found[1]) * 10_000 + int((found[2] or "").ljust(4, "0"))
    if millionths > 1_000_000:
        raise TextError(f"{text!r} is more than 100 %")
    return millionths
