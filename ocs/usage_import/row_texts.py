"""Parts of rows that many rows share, as text: made once, then found again. Compiled."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.quantity import UNIT_NAMES
from rating.charge import Line

MOST_ALIKE: Final = 8
"""So many texts of one name are remembered."""
MOST_WORDS: Final = 10_000


class Remembered:
    """A part of rows as text, for a name and what stands beside it there."""

    def __init__(self, one: str, other: str, numbers: tuple[int, int, int], text: str) -> None:
        self.one = one
        self.other = other
        self.first, self.second, self.third = numbers
        self.text = text


class RowTexts:
    """Parts of rows that many rows share."""

    def __init__(self) -> None:
        self._kinds: dict[bytes, list[Remembered]] = {}
        self._terms: dict[str, list[Remembered]] = {}
        self._octets: dict[str, bytes] = {}

    def kind(self, destination: bytes, unit_kind: i64, currency: str, tax: str) -> str:
        """Destination, kind of units, currency and tax."""
        known = self._kinds.get(destination)
        if known is None:
            known = []
            self._kinds[destination] = known
        for one in known:
            if one.first == unit_kind and one.one == currency and one.other == tax:
                return one.text
        # \x1f is PART, which a literal joins to its neighbours
        text = f"{destination.decode()}\x1f{UNIT_NAMES[unit_kind]}\x1f{currency}\x1f{tax}"
        if len(known) < MOST_ALIKE:
            known.append(Remembered(currency, tax, (unit_kind, 0, 0), text))
        return text

    def terms(self, line: Line) -> str:
        """Rule, band and price of a line."""
        rule_id = line.rule_id
        known = self._terms.get(rule_id)
        if known is None:
            known = []
            self._terms[rule_id] = known
        price, per_units, rounding = line.price_micros, line.per_units, line.rounding
        for one in known:
            if (
                one.first == price
                and one.second == per_units
                and one.third == rounding
                and one.one == line.band
            ):
                return one.text
        text = f"{rule_id}\x1f{line.band}\x1f{price}\x1f{per_units}\x1f{rounding}\x1f"
        if len(known) < MOST_ALIKE:
            known.append(Remembered(line.band, "", (price, per_units, rounding), text))
        return text

    def octets(self, word: str) -> bytes:
        """A word of few."""
        found = self._octets.get(word)
        if found is None:
            found = word.encode()
            if len(self._octets) < MOST_WORDS:
                self._octets[word] = found
        return found
