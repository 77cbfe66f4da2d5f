"""The fees that are due on a bill. Pure.

What a bill asks for is what is due for a period by what is known now, less what was billed for it before. So
days paid in advance come back when a customer leaves or changes plan, and a change that was entered late is
made good, each exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from ocs.billing.accounts import BillingError
from ocs.billing.periods import Cycle, added_months, start_ms
from ocs.billing.segments import Segment
from ocs.billing.terms import FeeTerms, OfferTerms
from rating.fees import ONCE, TERMINATION
from rating.periods import WEEK, YEAR

Period = tuple[date, date]
SegmentKey = tuple[str, int, str]
"""subscription_id, from_ms and origin."""
FeeKey = tuple[str, int, str, str]
"""The same, and fee_id."""
LOOK_BACK: Final = timedelta(days=400)
"""Periods that ended longer ago than this are not corrected any more."""


@dataclass(frozen=True, slots=True)
class BilledPeriod:
    """What was billed so far for a period of a fee: the terms and days, and the sum of all bills."""

    period: Period
    covered: Period
    terms: FeeTerms
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a segment's fees were looked at: before which day, and whether its end was."""

    through: date
    ended: bool


@dataclass(slots=True)
class FeeHistory:
    """What earlier bills of an account say about fees."""

    billed: dict[FeeKey, dict[date, BilledPeriod]] = field(default_factory=dict)
    seen: dict[SegmentKey, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeeCharge:
    """What a bill asks for (or gives back, below zero) for a period of a fee.

    ``covered`` are the days that are paid for by all bills together, ``shown`` those this one is about.
    """

    subscription_id: str
    from_ms: int
    origin: str
    account_id: str
    msisdn: str
    plan_id: str
    terms: FeeTerms
    period: Period
    covered: Period
    shown: Period
    amount_micros: int


class FeeBill:
    """Works out the fees of one account's bill, for the period that ends before ``to_day``.

    ``offer_at`` gives the terms of an origin at a moment; None = the catalogue does not know it.
    """

    def __init__(
        self,
        cycle: Cycle,
        opened: date,
        to_day: date,
        history: FeeHistory,
        offer_at: Callable[[str, int], OfferTerms | None],
    ) -> None:
        self._cycle = cycle
        self._opened = opened
        self._to_day = to_day
        self._advance_end = cycle.next_boundary(to_day)
        self._history = history
        self._offer_at = offer_at
        self._keys: dict[SegmentKey, list[FeeKey]] = {}
        for key in sorted(history.billed):
            self._keys.setdefault(key[:3], []).append(key)

    def charges(self, segments: list[Segment]) -> list[FeeCharge]:
        """All charges, in the order of the segments. BillingError where a plan or add-on is not known."""
        found: list[FeeCharge] = []
        for segment in segments:
            found += self._corrections(segment)
            found += self._one_off(segment)
            found += self._recurring(segment)
        keys = {segment.key for segment in segments}
        for key, periods in sorted(self._history.billed.items()):
            if key[:3] not in keys:
                found += [_given_back(key, billed) for billed in periods.values() if billed.amount_micros]
        return found

    def seen(self, segments: list[Segment]) -> list[tuple[Segment, Seen]]:
        """What later bills need to know of this one: segments that it looked at, and whether at their end."""
        return [
            (segment, Seen(self._to_day, segment.end <= self._to_day))
            for segment in segments
            if segment.end > self._floor(segment) or not self._was_ended(segment)
        ]

    def _was_ended(self, segment: Segment) -> bool:
        seen = self._history.seen.get(segment.key)
        return seen is not None and seen.ended

    def _floor(self, segment: Segment) -> date:
        """The day from which on periods that end later are looked at."""
        seen = self._history.seen.get(segment.key)
        return max(segment.begin, self._opened, seen.through if seen else segment.begin)

    def _billed(self, segment: Segment, fee_id: str) -> dict[date, BilledPeriod]:
        return self._history.billed.get((*segment.key, fee_id), {})

    def _fees_at(self, segment: Segment, at_ms: int) -> tuple[FeeTerms, ...]:
        offer = self._offer_at(segment.origin, max(at_ms, segment.from_ms))
        if offer is None:
            raise BillingError(
                f"subscription {segment.subscription_id}: {segment.origin!r} is not in the catalogue"
            )
        return offer.fees

    def _one_off(self, segment: Segment) -> Iterator[FeeCharge]:
        seen = self._history.seen.get(segment.key)
        for happening in segment.happenings:
            before = seen is not None and happening.day < seen.through
            looked_at = self._was_ended(segment) if happening.event == TERMINATION else before
            if looked_at or not self._opened <= happening.day < self._to_day:
                continue
            period = (happening.day, happening.day + timedelta(days=1))
            for terms in self._fees_at(segment, happening.at_ms):
                once = terms.every == ONCE and terms.event == happening.event
                if once and terms.amount_micros and period[0] not in self._billed(segment, terms.fee_id):
                    yield _charge(segment, terms, period, period, period, terms.amount_micros)

    def _recurring(self, segment: Segment) -> Iterator[FeeCharge]:
        floor = self._floor(segment)
        if segment.end <= floor and self._was_ended(segment):
            return
        last_day = min(segment.end, self._advance_end) - timedelta(days=1)
        by_id: dict[str, FeeTerms] = {}
        for month, _ in self._cycle.months(min(floor, last_day), last_day + timedelta(days=1)):
            for terms in self._fees_at(segment, self._start_ms(month)):
                if terms.every != ONCE:
                    by_id[terms.fee_id] = terms
        for fee_id, newest in by_id.items():
            billed = self._billed(segment, fee_id)
            paid_to = max((one.covered[1] for one in billed.values()), default=self._opened)
            for period in self._periods(newest.every, segment, floor):
                if period[0] not in billed:
                    yield from self._first_charge(segment, fee_id, period, max(paid_to, self._opened))

    def _first_charge(
        self, segment: Segment, fee_id: str, period: Period, paid_to: date
    ) -> Iterator[FeeCharge]:
        """What is due for a period that no bill had yet, by the terms of its beginning."""
        at_ms = self._start_ms(period[0])
        terms = next((one for one in self._fees_at(segment, at_ms) if one.fee_id == fee_id), None)
        if terms is None or terms.every == ONCE:
            return
        covered = (max(period[0], segment.begin, paid_to), min(period[1], segment.end))
        if covered[1] <= covered[0]:
            return
        due = period[0] < self._advance_end if terms.in_advance else covered[1] <= self._to_day
        amount = terms.costs(period, *covered)
        if due and amount:
            yield _charge(segment, terms, period, covered, covered, amount)

    def _corrections(self, segment: Segment) -> Iterator[FeeCharge]:
        """What earlier bills asked for too much or too little, now that the segment's end is known or gone."""
        for key in self._keys.get(segment.key, ()):
            for billed in self._history.billed[key].values():
                if billed.terms.every == ONCE:
                    continue
                begin, end = billed.covered
                complete = billed.terms.in_advance or billed.period[1] <= self._to_day
                until = max(begin, min(billed.period[1], segment.end if complete else min(end, segment.end)))
                amount = billed.terms.costs(billed.period, begin, until) - billed.amount_micros
                if amount:
                    shown = (until, end) if until < end else (end, until)
                    yield _charge(segment, billed.terms, billed.period, (begin, until), shown, amount)

    def _periods(self, every: int, segment: Segment, floor: date) -> Iterator[Period]:
        """The periods of a fee that end after a day: months of the cycle, or counted from the beginning."""
        if every not in {WEEK, YEAR}:
            yield from self._cycle.months(floor, self._advance_end)
            return
        number = 0 if every == YEAR else (floor - segment.begin).days // 7
        while True:
            period = _counted(every, segment.begin, number)
            if period[0] >= self._advance_end:
                return
            if period[1] > floor:
                yield period
            number += 1

    def _start_ms(self, day: date) -> int:
        return start_ms(day, self._cycle.time_zone)


def _counted(every: int, begin: date, number: int) -> Period:
    """The period of a number, of weeks or years from a day on."""
    if every == WEEK:
        first = begin + timedelta(days=7 * number)
        return first, first + timedelta(days=7)
    return added_months(begin, 12 * number), added_months(begin, 12 * (number + 1))


def _charge(
    segment: Segment, terms: FeeTerms, period: Period, covered: Period, shown: Period, amount_micros: int
) -> FeeCharge:
    return FeeCharge(
        segment.subscription_id,
        segment.from_ms,
        segment.origin,
        segment.account_id,
        segment.msisdn,
        segment.plan_id,
        terms,
        period,
        covered,
        shown,
        amount_micros,
    )


def _given_back(key: FeeKey, billed: BilledPeriod) -> FeeCharge:
    """All that was billed for a subscription that is not there any more, or was someone else's all along."""
    subscription_id, from_ms, origin, _ = key
    nothing = (billed.covered[0], billed.covered[0])
    return FeeCharge(
        subscription_id, from_ms, origin, "", "", "", billed.terms, billed.period, nothing, billed.covered,
        -billed.amount_micros,
    )  # fmt: skip
