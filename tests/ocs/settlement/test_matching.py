"""Pairs by time: as many as can be, the nearest of those, in bounded time."""

from __future__ import annotations

import time
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ocs.settlement.reconciliation import matching
from ocs.settlement.reconciliation.matching import Call, pair_by_time

WINDOW_MS = 30_000
CALLS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 50)), max_size=6)


def calls(values: list[tuple[int, int]]) -> list[Call]:
    """Calls at these seconds, in order of time."""
    return [Call(row, 1000 * at, seconds) for row, (at, seconds) in enumerate(sorted(values))]


def cost(mine: Call, other: Call) -> int:
    """How far two calls are apart."""
    return abs(mine.started_ms - other.started_ms) + 1000 * abs(mine.seconds - other.seconds)


def best_by_trial(ours: list[Call], theirs: list[Call]) -> tuple[int, int]:
    """Pairs and cost of the best of all alignments that keep the order."""
    best = (0, 0)
    for size in range(1, min(len(ours), len(theirs)) + 1):
        for mine in combinations(ours, size):
            for other in combinations(theirs, size):
                pairs = list(zip(mine, other, strict=True))
                if all(abs(a.started_ms - b.started_ms) <= WINDOW_MS for a, b in pairs):
                    best = max(best, (size, -sum(cost(a, b) for a, b in pairs)))
    return best


@given(CALLS, CALLS)
def test_no_alignment_is_better(ours_at: list[tuple[int, int]], theirs_at: list[tuple[int, int]]) -> None:
    """Against every alignment there is; each call is in one pair at most, within the window."""
    ours, theirs = calls(ours_at), calls(theirs_at)
    pairs = pair_by_time(ours, theirs, WINDOW_MS)
    assert len({mine for mine, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    assert all(abs(ours[a].started_ms - theirs[b].started_ms) <= WINDOW_MS for a, b in pairs)
    assert (len(pairs), -sum(cost(ours[a], theirs[b]) for a, b in pairs)) == best_by_trial(ours, theirs)


@given(CALLS, CALLS)
def test_the_pass_for_large_clusters_finds_as_many_pairs(
    ours_at: list[tuple[int, int]], theirs_at: list[tuple[int, int]]
) -> None:
    """Only the choice among equally many pairs is simpler there."""
    ours, theirs = calls(ours_at), calls(theirs_at)
    pairs = matching._in_one_pass(ours, theirs, WINDOW_MS)
    assert len(pairs) == best_by_trial(ours, theirs)[0]


def test_a_missing_call_does_not_shift_the_others() -> None:
    """Calls every 20 s, one of them not in the partner's file: the rest are paired with themselves."""
    ours = [Call(row, 20_000 * row, 10) for row in range(50)]
    theirs = [Call(row, call.started_ms + 700, 10) for row, call in enumerate(ours) if row != 17]
    assert pair_by_time(ours, theirs, WINDOW_MS) == [(row, row) for row in range(50) if row != 17]


def test_one_number_called_without_end_takes_time_in_proportion() -> None:
    """100,000 calls of one pair of numbers, one a second: no square of their number."""
    ours = [Call(row, 1000 * row, 10) for row in range(100_000)]
    begun = time.process_time()
    pairs = pair_by_time(ours, ours, WINDOW_MS)
    assert len(pairs) == 100_000
    assert time.process_time() - begun < 10
