"""Which call of the partner is which of ours, where only numbers and times can tell.

Calls of one pair of numbers are cut into clusters that no pair can cross, since nothing lies within the window
of both; in each the calls are aligned in their order: as many pairs as possible, and of those alignments the
one whose times and durations differ least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

MOST_CELLS: Final = 40_000
"""A larger cluster (200 calls of one number on both sides, each within the window of the next) is paired in one
pass in order of time, so that no input costs more than it has records."""


class Call(NamedTuple):
    """A call of either side; ``row`` says which."""

    row: int
    started_ms: int
    seconds: int


def pair_by_time(ours: Sequence[Call], theirs: Sequence[Call], window_ms: int) -> list[tuple[int, int]]:
    """Rows of both that are one call: lists in order of time, starts at most the window apart."""
    pairs: list[tuple[int, int]] = []
    for mine, other in _clusters(ours, theirs, window_ms):
        if len(mine) * len(other) > MOST_CELLS:
            pairs += _in_one_pass(mine, other, window_ms)
        else:
            pairs += _aligned(mine, other, window_ms)
    return pairs


def _clusters(
    ours: Sequence[Call], theirs: Sequence[Call], window_ms: int
) -> Iterator[tuple[Sequence[Call], Sequence[Call]]]:
    """Stretches of both lists between gaps wider than the window, those with calls on both sides."""
    begin = [0, 0]
    end = [0, 0]
    sides = (ours, theirs)
    last_ms = 0
    while end[0] < len(ours) or end[1] < len(theirs):
        side = _earlier(sides, end)
        at_ms = sides[side][end[side]].started_ms
        if at_ms - last_ms > window_ms and begin != end:
            if begin[0] < end[0] and begin[1] < end[1]:
                yield ours[begin[0] : end[0]], theirs[begin[1] : end[1]]
            begin = list(end)
        last_ms = at_ms
        end[side] += 1
    if begin[0] < end[0] and begin[1] < end[1]:
        yield ours[begin[0] : end[0]], theirs[begin[1] : end[1]]


def _earlier(sides: tuple[Sequence[Call], Sequence[Call]], at: list[int]) -> int:
    if at[0] >= len(sides[0]):
        return 1
    if at[1] >= len(sides[1]):
        return 0
    return 0 if sides[0][at[0]].started_ms <= sides[1][at[1]].started_ms else 1


def _in_one_pass(ours: Sequence[Call], theirs: Sequence[Call], window_ms: int) -> list[tuple[int, int]]:
    """The most pairs, the earliest with the earliest."""
    pairs = []
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        apart = ours[mine].started_ms - theirs[other].started_ms
        if abs(apart) <= window_ms:
            pairs.append((ours[mine].row, theirs[other].row))
            mine += 1
            other += 1
        elif apart < 0:
            mine += 1
        else:
            other += 1
    return pairs


def _aligned(ours: Sequence[Call], theirs: Sequence[Call], window_ms: int) -> list[tuple[int, int]]:
    """The best alignment; (pairs, -cost) of the rests of both lists, filled from their ends."""
    width = len(theirs) + 1
    best = [[(0, 0)] * width for _ in range(len(ours) + 1)]
    for mine in range(len(ours) - 1, -1, -1):
        row, below = best[mine], best[mine + 1]
        for other in range(len(theirs) - 1, -1, -1):
            found = max(below[other], row[other + 1])
            cost = _cost(ours[mine], theirs[other], window_ms)
            if cost >= 0:
                pairs, saved = below[other + 1]
                found = max(found, (pairs + 1, saved - cost))
            row[other] = found
    pairs_found = []
    mine = other = 0
    while mine < len(ours) and other < len(theirs):
        cost = _cost(ours[mine], theirs[other], window_ms)
        pairs, saved = best[mine + 1][other + 1]
        if cost >= 0 and best[mine][other] == (pairs + 1, saved - cost):
            pairs_found.append((ours[mine].row, theirs[other].row))
            mine += 1
            other += 1
        elif best[mine][other] == best[mine + 1][other]:
            mine += 1
        else:
            other += 1
    return pairs_found


def _cost(mine: Call, other: Call, window_ms: int) -> int:
    """How far two calls are from being one, in milliseconds; -1 = they can not be."""
    apart = abs(mine.started_ms - other.started_ms)
    if apart > window_ms:
        return -1
    return apart + 1000 * abs(mine.seconds - other.seconds)
