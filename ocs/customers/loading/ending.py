"""Ends that stay: a file that says nothing of an end does not take it back, one that says 'open' does. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ocs.customers.customer import Subscription
from ocs.customers.loading.pieces import Issues
from ocs.customers.loading.statements import Stated, StatedSubscription
from ocs.customers.loading.surroundings import Ends
from ocs.customers.loading.timeline import merged
from ocs.customers.loading.words import OPEN

StatedRows = dict[int, tuple[Subscription, Stated[StatedSubscription]]]
"""The rows that are stated of a subscription, by the moment they start."""


@dataclass(slots=True)
class Kept:
    """Subscriptions that files would have open longer, and rows that begin after an end and do not count."""

    subscriptions: int = 0
    left_out: list[Stated[StatedSubscription]] = field(default_factory=list)


def with_ends(
    before: list[Subscription], rows: StatedRows, ends: Ends, kept: Kept, issues: Issues
) -> tuple[list[Subscription], list[Subscription]]:
    """The rows of a subscription, those that were with those that are stated; and the same without its end.

    An end that was made by a command (it is in ``ends``) stays, whatever follows it, until a row says 'open'.
    """
    stated = [row for row, _ in rows.values()]
    reopening = next((one for _, one in rows.values() if one.value.reopened), None)
    if reopening is not None:
        after = _reopened(before, rows, reopening, issues)
        return after, after
    end_ms = before[-1].to_ms if before else None
    if end_ms is None:
        after = merged(before, stated)
        return after, after
    counting = stated
    if (before[-1].msisdn, end_ms, before[-1].account_id) in ends:
        kept.left_out += [one for row, one in rows.values() if row.from_ms >= end_ms]
        counting = [_until(row, end_ms) for row in stated if row.from_ms < end_ms]
    return merged(before, counting), merged(before, stated, reopened=True)


def _reopened(
    before: list[Subscription], rows: StatedRows, reopening: Stated[StatedSubscription], issues: Issues
) -> list[Subscription]:
    after = merged(before, [row for row, _ in rows.values()], reopened=True)
    if after[-1].to_ms is not None and after[-1].from_ms > max(rows):
        message = f"a later row of subscription {after[-1].subscription_id} ends"
        reopening.refuse(issues, "until", message, f"state that row: '{OPEN}' is for the last one")
    return after


def _until(row: Subscription, end_ms: int) -> Subscription:
    """A row that ends by a moment; what has no end is left so."""
    return row._replace(to_ms=end_ms) if row.to_ms is not None and row.to_ms > end_ms else row
