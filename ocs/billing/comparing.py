"""A document as it was issued, beside the same document made again: what differs, by its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from ocs.billing.invoice import Invoice

_LEFT_OUT: Final = "nothing"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of an invoice or credit note: the issued one's hash, changed inputs, each value that differs.

    ``inputs`` names what is not as it was frozen; an invoice can be the same all the same. ``differences`` are
    (place, issued, made again).
    """

    number: str
    digest: str
    inputs: tuple[str, ...]
    differences: tuple[tuple[str, str, str], ...]

    @property
    def same(self) -> bool:
        """Whether it is the same to the octet."""
        return not self.differences


def differences(issued: Invoice, again: Invoice | None) -> Iterator[tuple[str, str, str]]:
    """Each value that differs, by its place in the JSON."""
    if again is None:
        yield "invoice", issued.number, _LEFT_OUT
        return
    yield from _unlike("", msgspec.to_builtins(issued), msgspec.to_builtins(again))


def _unlike(place: str, before: object, now: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in before:
            yield from _unlike(f"{place}.{name}".lstrip("."), before[name], now[name])
    elif isinstance(before, (list, tuple)) and isinstance(now, (list, tuple)):
        for index in range(max(len(before), len(now))):
            one = before[index] if index < len(before) else _LEFT_OUT
            other = now[index] if index < len(now) else _LEFT_OUT
            yield from _unlike(f"{place}[{index + 1}]", one, other)
    elif before != now:
        yield place, str(before), str(now)
