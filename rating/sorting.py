"""Sorting many texts in pieces, between which other threads may run."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.giving_way import OFTEN, give_way

AT_ONCE: Final = 5_000
"""So many texts are sorted in one call, in a millisecond or two."""


def in_order(texts: list[bytes]) -> list[bytes]:
    """The texts in ascending order, like ``sorted``."""
    return _in_order(texts, 0)


def _in_order(texts: list[bytes], known: i64) -> list[bytes]:
    """Texts whose first ``known`` octets are the same, each at least as long."""
    give_way()
    if len(texts) <= AT_ONCE:
        return sorted(texts)
    parts: dict[bytes, list[bytes]] = {}
    for index, text in enumerate(texts):
        if index % OFTEN == 0:
            give_way()
        start = text[: known + 1]
        part = parts.get(start)
        if part is None:
            parts[start] = [text]
        else:
            part.append(text)
    found: list[bytes] = []
    for start in sorted(parts):
        part = parts[start]
        found.extend(part if len(start) <= known else _in_order(part, known + 1))
    return found
