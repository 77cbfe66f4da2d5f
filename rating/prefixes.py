"""The longest of many prefixes that a number begins with, and zones of numbers.

A table holds, beside its prefixes, the places that a binary search over the lengths passes on the way to each
(after Waldvogel, "Scalable high speed IP routing lookups", 1997): four or five steps find the longest of any
number of prefixes.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from mypy_extensions import i64

V = TypeVar("V")
NO_ZONE: Final = b""


class PrefixTable(Generic[V]):
    """Values by prefix. ``nothing`` is what a text gets that begins with none of them."""

    def __init__(self, values: dict[bytes, V], nothing: V) -> None:
        self.nothing = nothing
        self.lengths: list[int] = sorted({len(prefix) for prefix in values})
        self._steps: dict[bytes, V] = dict(values)
        self._add_steps(values)

    def find(self, text: bytes) -> V:
        """The value of the longest prefix that the text begins with."""
        size: i64 = len(text)
        best = self.nothing
        lengths = self.lengths
        steps = self._steps
        low: i64 = 0
        high: i64 = len(lengths) - 1
        while low <= high:
            middle: i64 = (low + high) // 2
            length: i64 = lengths[middle]
            if length > size:
                high = middle - 1
                continue
            value = steps.get(text[:length])
            if value is None:
                high = middle - 1
            else:
                best = value
                low = middle + 1
        return best

    def _add_steps(self, values: dict[bytes, V]) -> None:
        """Put a step wherever the search for a prefix passes, with the best value known there."""
        steps = self._steps
        lengths = self.lengths
        index_of: dict[int, int] = {length: index for index, length in enumerate(lengths)}
        for prefix in values:
            index: i64 = index_of[len(prefix)]
            low: i64 = 0
            high: i64 = len(lengths) - 1
            while True:
                middle: i64 = (low + high) // 2
                if middle == index:
                    break
                if middle > index:
                    high = middle - 1
                    continue
                step = prefix[: lengths[middle]]
                if step not in steps:
                    steps[step] = self._best_below(values, step, middle)
                low = middle + 1

    def _best_below(self, values: dict[bytes, V], text: bytes, index: i64) -> V:
        while index > 0:
            index -= 1
            value = values.get(text[: self.lengths[index]])
            if value is not None:
                return value
        return self.nothing


class PrefixZones:
    """Zones by prefix (digits of a number, MCC and MNC, text of a location); the longest prefix wins.

    ``groups`` names several zones at once, for people; what a rule asks for has the zones in its Condition.
    """

    def __init__(
        self, prefixes: dict[bytes, bytes], groups: dict[bytes, frozenset[bytes]] | None = None
    ) -> None:
        self.prefixes = prefixes
        self.groups: dict[bytes, frozenset[bytes]] = {} if groups is None else groups
        self._table = PrefixTable[bytes](prefixes, NO_ZONE)

    def zone_of(self, text: bytes) -> bytes:
        """The zone of a number; b"" where no prefix fits."""
        return self._table.find(text)
