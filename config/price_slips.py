"""Prices that are most likely slips: a hundred times what their neighbours cost, or a hundredth of it."""

from __future__ import annotations

from typing import Final

from rating.rates import Rate

SLIP_TIMES: Final = 100
_LEAST_NEIGHBOURS: Final = 3
"""So many prices there must be before one of them can be strange."""
_SCALE: Final = 10**12


def level_of(rate: Rate) -> int:
    """A price as a whole number that can be compared with those of other sizes; 0 where it is free."""
    return rate.numerator * _SCALE // rate.denominator


def usual_level(counts: dict[int, int]) -> int:
    """The price in the middle of those above nothing; 0 where they are too few to tell. ``counts`` by level."""
    total = sum(count for level, count in counts.items() if level)
    if total < _LEAST_NEIGHBOURS:
        return 0
    seen = 0
    for level in sorted(counts):
        seen += counts[level] if level else 0
        if 2 * seen >= total:
            return level
    return 0


def is_slip(level: int, usual: int) -> bool:
    """Whether a price is a hundred times the usual one, or a hundredth; what is free is meant so."""
    return 0 < SLIP_TIMES * level <= usual or 0 < SLIP_TIMES * usual <= level


def slip_words(what: str, level: int, usual: int, where: str) -> str:
    """What is strange about a price, in words."""
    if level >= usual:
        return f"{what} costs {level // usual} times what is usual {where}"
    return f"{what} costs {usual // level} times less than what is usual {where}"
