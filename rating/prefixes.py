"""The longest of many prefixes that a number begins with, and zones of numbers."""

from __future__ import annotations

from mypy_extensions import i64


class PrefixZones:
    """Zones by prefix (digits of a number, MCC and MNC, text of a location); the longest prefix wins.

    ``groups`` names several zones at once, for people; what a rule asks for has the zones in its Condition.
    """

    def __init__(
        self, prefixes: dict[bytes, bytes], groups: dict[bytes, frozenset[bytes]] | None = None
    ) -> None:
        self.prefixes = prefixes
        self.groups: dict[bytes, frozenset[bytes]] = {} if groups is None else groups
        self.lengths: list[int] = sorted({len(prefix) for prefix in prefixes}, reverse=True)

    def zone_of(self, text: bytes) -> bytes:
        """The zone of a number; b"" where no prefix fits."""
        size: i64 = len(text)
        for length in self.lengths:
            if length <= size:
                zone = self.prefixes.get(text[:length])
                if zone is not None:
                    return zone
        return b""
