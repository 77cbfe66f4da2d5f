"""The rows of one subscription over time, when some of them are stated anew. Pure.

A stated row holds from its start on. Its end is the one that is stated, else the next row's start or the end of
what held when it starts, whichever is first, else it is open: an end stays until it is taken back. A row before
it ends where it starts. Rows that say the same one after the other become one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, zip_longest

from ocs.customers.customer import Subscription


def merged(
    existing: Iterable[Subscription], stated: Iterable[Subscription], *, reopened: bool = False
) -> list[Subscription]:
    """All rows of a subscription in the order of time.

    ``to_ms`` None of a stated row: until the next or the end that is there; ``reopened``: the next, or open.
    """
    before = list(existing)
    latest: dict[int, tuple[Subscription, bool]] = {row.from_ms: (row, False) for row in before}
    latest.update({row.from_ms: (row, True) for row in stated})
    starts = sorted(latest)
    rows: list[Subscription] = []
    for start, following in zip_longest(starts, starts[1:]):
        row, new = latest[start]
        if new and row.to_ms is None and not reopened:
            held = held_at(before, start)
            if held is not None and held.to_ms is not None and (following is None or held.to_ms < following):
                row = row._replace(to_ms=held.to_ms)
        if following is not None and (row.to_ms is None or (not new and row.to_ms > following)):
            row = row._replace(to_ms=following)
        rows.append(row)
    return _joined(rows)


def held_at(rows: Iterable[Subscription], at_ms: int) -> Subscription | None:
    """The row that is in force at a moment."""
    return next((row for row in rows if row.holds_at(at_ms)), None)


def _joined(rows: list[Subscription]) -> list[Subscription]:
    found: list[Subscription] = []
    for row in rows:
        if found and found[-1].to_ms == row.from_ms and _same(found[-1], row):
            found[-1] = found[-1]._replace(to_ms=row.to_ms)
        else:
            found.append(row)
    return found


def _same(one: Subscription, other: Subscription) -> bool:
    return one[3:] == other[3:]


def overlap(rows: list[Subscription]) -> tuple[Subscription, Subscription] | None:
    """Two rows in the order of time of which the second starts before the first ends; None where none do."""
    for before, after in pairwise(rows):
        if before.to_ms is None or before.to_ms > after.from_ms:
            return before, after
    return None
