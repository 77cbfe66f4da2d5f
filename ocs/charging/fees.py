"""Fees of prepaid plans: taken from the balance when they are due and it pays, each once.

What is due is a counter of the account for each fee and subscriber: of a recurring fee the local day from which
on it is not paid, of one that is due once that it is not paid yet. It changes together with the balance, and in
the same commit goes the record.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.account import Account, AccountCounter
from balance.operations import debit_money
from config.tariff_text import day_text
from ocs.charging.fee_record import fee_line, fee_record, holder_of
from ocs.charging.metering import bundle_of
from ocs.charging.renewal import first_bucket, start_of
from ocs.charging.session import SessionIdentity
from rating.calendar import FAR_MS, Zone
from rating.catalogue import PREPAID, Catalogue, Plan
from rating.fees import ONCE, SUSPEND, Fee, period_from, prorate
from rating.periods import EVER, local_day

DUE: Final = "#due:"
"""In the counter of what is due, between the fee and its subscriber; no catalogue can name it."""
LEFT_MS: Final = FAR_MS
"""When a fee is due whose plan the subscriber has left; the day through which it is paid stays known."""
MOST_AT_ONCE: Final = 31
"""So many periods of a fee, at most, are taken at once; the others with what comes next."""


@mypyc_attr(acyclic=True)
class FeeTaking:
    """Takes what is due of a subscriber's prepaid plan from an account; ``records`` gets a record of each.

    ``zone`` is the one in which the plan's periods begin, ``version`` the catalogue's. A counter's ``value`` is
    the instant at which its fee is due, its ``period`` the local day of that; 0 = once.
    """

    def __init__(
        self,
        account: Account,
        plan: Plan,
        who: SessionIdentity,
        zone: Zone,
        version: str,
        records: list[bytes],
        now_ms: i64,
    ) -> None:
        self.account = account
        self.plan = plan
        self.who = who
        self.version = version
        self.records = records
        self.now_ms = now_ms
        self.zone = zone
        self.holder = holder_of(who)

    def take(self, begins: bool) -> bool:
        """Take what the balance pays of what is due, in the plan's order.

        Recurring fees that were never looked at begin today, where ``begins``: an open session may be of a plan
        that was left. False while recurring bundles wait for a fee; those that waited are given.
        """
        paid = True
        for fee in self.plan.fees:
            name = fee.fee_id + DUE + self.holder
            due = self._due(name)
            if fee.every == ONCE:
                if due is not None and not self._take_once(fee, due):
                    paid = False
            elif due is None:
                if begins:
                    due = AccountCounter(name, local_day(self.zone, self.now_ms), self.now_ms)
                    self.account.counters += (due,)
                    paid = self._take_periods(fee, due) and paid
            elif due.value == LEFT_MS:
                paid = self._take_left(fee, due, begins) and paid
            elif due.value <= self.now_ms:
                paid = self._take_periods(fee, due) and paid
        if paid:
            self._give_waiting()
        return paid

    def _due(self, name: str) -> AccountCounter | None:
        for counter in self.account.counters:
            if counter.counter_id == name:
                return counter
        return None

    def _take_once(self, fee: Fee, due: AccountCounter) -> bool:
        amount: i64 = fee.amount_micros
        if amount > self.account.available_micros():
            return False
        self.account.counters = tuple([one for one in self.account.counters if one is not due])
        when = f"{due.value}-{self.account.debited_micros}"  # one load may change a plan there and back again
        self._take(fee, amount, when, "")
        return True

    def _take_left(self, fee: Fee, due: AccountCounter, begins: bool) -> bool:
        """A fee whose plan was left: it goes on where the subscriber is back; else its paid days end."""
        today = local_day(self.zone, self.now_ms)
        if not begins:
            return due.period > today
        if due.period > today:
            due.value = start_of(self.zone, due.period)
            return True
        due.period = today
        return self._take_periods(fee, due)

    def _take_periods(self, fee: Fee, due: AccountCounter) -> bool:
        """Take the periods that have begun, the oldest first; False where bundles wait for one.

        Of a fee that bundles waited for nothing is owed for the days before today: they were without them.
        """
        today = local_day(self.zone, self.now_ms)
        for _ in range(MOST_AT_ONCE):
            if fee.unpaid == SUSPEND and due.period < today:
                due.period = today
            day = due.period
            due.value = start_of(self.zone, day)
            if day > today:
                return True
            start, end = period_from(fee.every, day)
            amount: i64 = prorate(fee, start, end, day, end)
            if amount > self.account.available_micros():
                return fee.unpaid != SUSPEND
            due.period = end
            first = day_text(day)
            self._take(fee, amount, first, first + "/" + day_text(end - 1))
        due.value = start_of(self.zone, due.period)
        return fee.unpaid != SUSPEND or due.period > today

    def _take(self, fee: Fee, amount_micros: i64, when: str, days: str) -> None:
        """Take one amount; what costs nothing leaves no record."""
        if amount_micros <= 0:
            return
        debit_money(self.account, amount_micros, False)
        line = fee_line(fee.fee_id, amount_micros, fee.tax or self.plan.tax, self.version, days)
        name = f"fees;{self.account.account_id};{self.holder};{fee.fee_id};{when}"
        self.records.append(fee_record(self.account, self.who, name, line, "fee", self.now_ms))

    def _give_waiting(self) -> None:
        """Give the recurring bundles that the account does not have, as they waited for a fee until now."""
        account = self.account
        for bundle in self.plan.bundles:
            if bundle.recurs == EVER:
                continue
            found = False
            for bucket in account.buckets:
                if bundle_of(bucket) == bundle.bundle_id:
                    found = True
                    break
            if not found:
                account.buckets += (first_bucket(bundle, self.zone, self.now_ms),)


def take_fees(
    account: Account,
    plan: Plan,
    who: SessionIdentity,
    catalogue: Catalogue,
    records: list[bytes],
    now_ms: i64,
    begins: bool,
) -> bool:
    """``FeeTaking.take`` for a plan that is prepaid; True, and nothing is taken, for one that is billed."""
    if plan.payment != PREPAID:
        return True
    zone = plan.zone
    if zone is None:
        zone = catalogue.zone
    return FeeTaking(account, plan, who, zone, catalogue.version, records, now_ms).take(begins)


def note_due(account: Account, plan: Plan, event: i64, holder: str, now_ms: i64) -> None:
    """Note that what a prepaid plan asks for once, at an event, is due of a subscriber."""
    if plan.payment == PREPAID:
        for fee in plan.fees:
            if fee.every == ONCE and fee.event == event:
                account.counters += (AccountCounter(fee.fee_id + DUE + holder, 0, now_ms),)


def leave_plan(account: Account, holder: str) -> None:
    """A subscriber has another plan: what was due once lapses, paid days stay known for who comes back."""
    kept: list[AccountCounter] = []
    for counter in account.counters:
        if counter.counter_id.endswith(DUE + holder):
            if counter.period == 0:
                continue
            counter.value = LEFT_MS
        kept.append(counter)
    account.counters = tuple(kept)


def begin_again(account: Account, holder: str, zone: Zone, now_ms: i64) -> None:
    """A subscriber was barred until now: recurring fees that were due meanwhile begin today."""
    for counter in account.counters:
        if counter.counter_id.endswith(DUE + holder) and counter.period > 0 and counter.value <= now_ms:
            counter.period = local_day(zone, now_ms)
