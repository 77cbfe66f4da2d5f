"""The spans of days in which a subscription was under one plan, or had an add-on. Pure.

The day of a change belongs to the plan that begins; who leaves within a day still has that day. Who comes back
later has left in between, and is not activated again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ocs.billing.accounts import Account, AddonRow, SubscriptionRow
from ocs.billing.periods import begun_day_after, local_day
from ocs.billing.terms import ADDON
from rating.fees import ACTIVATION, NO_EVENT, PLAN_CHANGE, TERMINATION

FAR_DAY: Final = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that may have a fee: which (of rating.fees), on what local day, at which moment."""

    event: int
    day: date
    at_ms: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The days [begin, end) of a subscription under one plan or with one add-on.

    ``origin`` is what asks for fees: the plan, or ``addon:`` and the add-on. Together with ``subscription_id``
    and ``from_ms`` it keys what was billed. ``end`` is FAR_DAY where there is none yet.
    """

    subscription_id: str
    from_ms: int
    origin: str
    account_id: str
    msisdn: str
    plan_id: str
    begin: date
    end: date
    happenings: tuple[Happening, ...]

    @property
    def key(self) -> tuple[str, int, str]:
        """What it is known by in what was billed."""
        return self.subscription_id, self.from_ms, self.origin


def segments_of(account: Account, time_zone: str, known_ms: int) -> list[Segment]:
    """All segments of an account's subscriptions and their add-ons, by subscription and time.

    What begins or ends after ``known_ms`` is not known yet: a bill does not depend on when it is made.
    """
    closed = date.fromisoformat(account.closed_day) if account.closed_day else FAR_DAY
    if closed > local_day(known_ms, time_zone):
        closed = FAR_DAY
    rows_known = [_as_known(row, known_ms) for row in account.subscriptions if row.from_ms <= known_ms]
    found = [_plan_segment(rows, before, closed, time_zone) for rows, before in _unchanged(rows_known)]
    for addon in account.addons:
        holder = _holder(rows_known, addon)
        if holder is not None and addon.from_ms <= known_ms:
            until = addon.to_ms if addon.to_ms is not None and addon.to_ms <= known_ms else None
            found.append(_addon_segment(replace(addon, to_ms=until), holder, closed, time_zone))
    return found


def _as_known(row: SubscriptionRow, known_ms: int) -> SubscriptionRow:
    to_ms = row.to_ms if row.to_ms is not None and row.to_ms <= known_ms else None
    return replace(row, to_ms=to_ms)


def _unchanged(
    account_rows: list[SubscriptionRow],
) -> Iterator[tuple[list[SubscriptionRow], SubscriptionRow | None]]:
    """Rows that follow each other without a gap or another plan, and the subscription's row before them."""
    rows: list[SubscriptionRow] = []
    before: SubscriptionRow | None = None
    for row in account_rows:
        if rows:
            last = rows[-1]
            same = last.subscription_id == row.subscription_id
            if same and last.plan_id == row.plan_id and last.to_ms == row.from_ms:
                rows.append(row)
                continue
            yield rows, before
            before = last if same else None
        rows = [row]
    if rows:
        yield rows, before


def _plan_segment(
    rows: list[SubscriptionRow], before: SubscriptionRow | None, closed: date, time_zone: str
) -> Segment:
    first, last = rows[0], rows[-1]
    begin = local_day(first.from_ms, time_zone)
    end = min(closed, _end(last.to_ms, time_zone, goes_on=last.next_ms == last.to_ms))
    happenings = []
    if first.from_ms == first.first_ms:
        happenings.append(Happening(ACTIVATION, begin, first.from_ms))
    elif before is not None and before.plan_id != first.plan_id:
        happenings.append(Happening(PLAN_CHANGE, begin, first.from_ms))
    if last.to_ms is not None and last.next_ms != last.to_ms:
        happenings.append(Happening(TERMINATION, local_day(last.to_ms - 1, time_zone), last.to_ms - 1))
    return Segment(
        first.subscription_id,
        first.from_ms,
        first.plan_id,
        first.account_id,
        last.msisdn,
        first.plan_id,
        begin,
        end,
        tuple(happenings),
    )


def _addon_segment(addon: AddonRow, holder: SubscriptionRow, closed: date, time_zone: str) -> Segment:
    begin = local_day(addon.from_ms, time_zone)
    end = min(closed, _end(addon.to_ms, time_zone, goes_on=False))
    bought = tuple(Happening(event, begin, addon.from_ms) for event in (NO_EVENT, ACTIVATION))
    return Segment(
        addon.subscription_id,
        addon.from_ms,
        ADDON + addon.addon_id,
        holder.account_id,
        holder.msisdn,
        holder.plan_id,
        begin,
        end,
        bought,
    )


def _end(to_ms: int | None, time_zone: str, *, goes_on: bool) -> date:
    if to_ms is None:
        return FAR_DAY
    return local_day(to_ms, time_zone) if goes_on else begun_day_after(to_ms, time_zone)


def _holder(rows: list[SubscriptionRow], addon: AddonRow) -> SubscriptionRow | None:
    """The row under which an add-on was bought."""
    held = [
        row for row in rows if row.subscription_id == addon.subscription_id and row.from_ms <= addon.from_ms
    ]
    return held[-1] if held else None
