"""Fees of prepaid plans by themselves: each is taken once, whatever comes when, and none makes debts."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from balance.account import Account, decode_account, encode_account
from balance.operations import credit_money
from balance.quantity import OCTETS
from balance.subscriber import ACTIVE, Subscriber
from config.tariff_text import day_number
from config.time_zones import zone_named
from ocs.charging.fee_record import payer_of
from ocs.charging.fees import FeeTaking, begin_again, leave_plan, note_due
from rating.bundles import BundleDefinition
from rating.catalogue import Plan
from rating.fees import ACTIVATION, ONCE, OWE, PLAN_CHANGE, SUSPEND, Fee, period_from
from rating.periods import DAY, MONTH, WEEK, YEAR, local_day

BERLIN = zone_named("Europe/Berlin")
WHO = Subscriber(b"4917", b"", "A", "plan", ACTIVE)
DAY_MS = 86_400_000
START_MS = 1_795_521_600_000


def at(text: str) -> int:
    """Epoch milliseconds of a time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)


def plan_of(*fees: Fee, name: str = "plan") -> Plan:
    """A plan with these fees and a bundle a month."""
    bundle = BundleDefinition(f"{name}/gb", OCTETS, 100, None, 0, recurs=MONTH)
    return Plan(name, name, "EUR", False, {}, {}, [bundle], fees=list(fees))


class Payer:
    """An account and what was taken from it; each change goes through its stored octets."""

    def __init__(self, balance: int, plan: Plan) -> None:
        self.account = Account("A", "EUR", balance)
        self.plan = plan
        self.records: list[dict[str, Any]] = []
        self.names: Counter[object] = Counter()

    def take(self, now_ms: int, *, begins: bool = True) -> bool:
        """Take what is due."""
        events: list[bytes] = []
        who = payer_of(WHO, self.plan)
        paid = FeeTaking(self.account, self.plan, who, BERLIN, "v", events, now_ms).take(begins)
        self.account = decode_account(encode_account(self.account, 1))
        for event in events:
            record = json.loads(event)
            self.records.append(record)
            self.names[record["record_id"]] += 1
        return paid

    def change_to(self, plan: Plan, now_ms: int) -> None:
        """Another plan, as loading a file makes it."""
        leave_plan(self.account, "4917")
        self.plan = plan
        note_due(self.account, plan, PLAN_CHANGE, "4917", now_ms)
        self.take(now_ms)

    def units(self) -> list[int]:
        """What is left in each bucket."""
        return [bucket.remaining for bucket in self.account.buckets]

    def lines(self) -> list[dict[str, Any]]:
        """What was taken."""
        return [line for record in self.records for line in record["charges"]]

    def paid(self) -> list[tuple[str, int]]:
        """The days of each amount."""
        return [(line["band"], line["amount_micros"]) for line in self.lines()]


def test_a_part_of_the_first_month_then_whole_months() -> None:
    """By local days: on the last of November in Berlin it is December there an hour before UTC."""
    payer = Payer(1000, plan_of(Fee("plan/base", 300, MONTH, prorate=True)))
    assert payer.take(at("2026-11-21 12:00"))
    assert payer.take(at("2026-11-30 23:59:59"))
    assert payer.paid() == [("2026-11-21/2026-11-30", 100)]
    assert payer.take(at("2026-12-01 00:00:00"))
    assert payer.paid()[1:] == [("2026-12-01/2026-12-31", 300)]


def test_a_fee_that_is_not_prorated_costs_the_whole() -> None:
    """Also for the last day of a week; weeks begin on Monday."""
    payer = Payer(1000, plan_of(Fee("plan/base", 70, WEEK)))
    payer.take(at("2026-11-29 12:00"))
    payer.take(at("2026-11-30 00:00"))
    assert payer.paid() == [("2026-11-29/2026-11-29", 70), ("2026-11-30/2026-12-06", 70)]


def test_a_year_begins_on_its_first_day() -> None:
    """The 29th of February has its birthday on the 28th, and from then on."""
    assert period_from(YEAR, _day("2024-02-29")) == (_day("2024-02-29"), _day("2025-02-28"))
    assert period_from(YEAR, _day("2026-11-24")) == (_day("2026-11-24"), _day("2027-11-24"))
    payer = Payer(1000, plan_of(Fee("plan/base", 400, YEAR, prorate=True)))
    payer.take(at("2026-11-24 12:00"))
    payer.take(at("2027-11-23 23:59"))
    payer.take(at("2027-11-24 00:00"))
    assert payer.paid() == [("2026-11-24/2027-11-23", 400), ("2027-11-24/2028-11-23", 400)]


def test_while_unpaid_bundles_wait_and_nothing_is_owed_for_that_time() -> None:
    """They come with the payment, of the days that are left."""
    payer = Payer(0, plan_of(Fee("plan/base", 300, MONTH, prorate=True)))
    assert not payer.take(at("2026-11-01 12:00"))
    assert not payer.take(at("2026-11-11 12:00"))
    assert payer.units() == []
    credit_money(payer.account, 200)
    assert payer.take(at("2026-11-11 12:00"))
    assert payer.paid() == [("2026-11-11/2026-11-30", 200)]
    assert payer.units() == [100]
    assert not payer.take(at("2026-12-31 12:00"))
    credit_money(payer.account, 300)
    assert payer.take(at("2027-01-31 12:00"))
    assert payer.paid()[1:] == [("2027-01-31/2027-01-31", 10)]


def test_what_is_owed_is_taken_period_by_period() -> None:
    """Bundles come meanwhile; of a long absence so much at once."""
    payer = Payer(5, plan_of(Fee("plan/base", 2, DAY, unpaid=OWE)))
    assert payer.take(at("2026-11-21 12:00"))
    assert payer.take(at("2026-11-24 12:00"))
    assert [band for band, _ in payer.paid()] == ["2026-11-21/2026-11-21", "2026-11-22/2026-11-22"]
    assert len(payer.account.buckets) == 1
    credit_money(payer.account, 1000)
    payer.take(at("2027-03-21 12:00"))
    assert len(payer.paid()) == 2 + 31
    while len(payer.paid()) < 121:
        before = len(payer.paid())
        payer.take(at("2027-03-21 12:00"))
        assert len(payer.paid()) > before
    assert payer.paid()[-1] == ("2027-03-21/2027-03-21", 2)
    assert payer.account.balance_micros == 5 + 1000 - 242


def test_an_open_session_of_a_plan_that_was_left_begins_nothing() -> None:
    """It may go on for the days that were paid."""
    payer = Payer(1000, plan_of(Fee("plan/base", 300, MONTH)))
    assert payer.take(at("2026-11-21 12:00"), begins=False)
    assert payer.paid() == []
    payer.take(at("2026-11-21 12:00"))
    leave_plan(payer.account, "4917")
    assert payer.take(at("2026-11-30 12:00"), begins=False)
    assert not payer.take(at("2026-12-01 12:00"), begins=False)
    assert len(payer.paid()) == 1


def test_only_the_subscribers_own_fees_are_left() -> None:
    """Numbers that end alike are others."""
    payer = Payer(1000, plan_of(Fee("plan/sim", 1, ONCE, ACTIVATION)))
    note_due(payer.account, payer.plan, ACTIVATION, "4917", START_MS)
    note_due(payer.account, payer.plan, ACTIVATION, "914917", START_MS)
    leave_plan(payer.account, "4917")
    assert [counter.counter_id for counter in payer.account.counters] == ["plan/sim#due:914917"]


def test_what_sessions_hold_pays_no_fee() -> None:
    """Money that a gateway was granted for is not there."""
    payer = Payer(300, plan_of(Fee("plan/base", 300, MONTH)))
    payer.account.reserved_micros = 1
    assert not payer.take(START_MS)
    payer.account.reserved_micros = 0
    assert payer.take(START_MS)


_fees = st.builds(
    lambda amount, every, prorated, unpaid: Fee("plan/base", amount, every, prorate=prorated, unpaid=unpaid),
    st.integers(0, 400),
    st.sampled_from([DAY, WEEK, MONTH, YEAR]),
    st.booleans(),
    st.sampled_from([SUSPEND, OWE]),
)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 40 * DAY_MS)),
        st.tuples(st.just("top-up"), st.integers(1, 1500)),
        st.tuples(st.sampled_from(["take", "report", "bar"]), st.just(0)),
        st.tuples(st.just("away"), st.integers(0, 10 * DAY_MS)),
    ),
    max_size=30,
)


@given(fee=_fees, balance=st.integers(0, 1000), steps=_steps)
def test_each_day_is_paid_once_whatever_comes(fee: Fee, balance: int, steps: list[tuple[str, int]]) -> None:
    """Days of payments never overlap, names are unique, the books balance, and fees make no debts.

    A period costs the whole, or less where it began before its first paid day; a moment later nothing is due.
    """
    payer = Payer(balance, plan_of(fee, Fee("plan/join", 7, ONCE, PLAN_CHANGE)))
    other = plan_of(Fee("other/base", 3, DAY), name="other")
    mine = payer.plan
    now = START_MS
    for step, number in steps:
        if step == "wait":
            now += number
        elif step == "top-up":
            credit_money(payer.account, number)
        elif step == "bar":
            now += 3 * DAY_MS
            begin_again(payer.account, "4917", BERLIN, now)
        elif step == "away":
            payer.change_to(other, now)
            now += number
            payer.change_to(mine, now)
        else:
            before = payer.account.balance_micros
            payer.take(now, begins=step == "take")
            assert 0 <= payer.account.balance_micros <= before
    for _ in range(20):
        payer.take(now)
    settled = len(payer.records)
    payer.take(now)
    assert len(payer.records) == settled
    _check(payer, fee, now)


def _check(payer: Payer, fee: Fee, now: int) -> None:
    account = payer.account
    assert account.faults() == []
    assert account.debited_micros == sum(line["amount_micros"] for line in payer.lines())
    assert set(payer.names.values()) <= {1}
    days: Counter[int] = Counter()
    for line in payer.lines():
        if line["rule"] == "plan/base":
            first, last = (_day(each) for each in line["band"].split("/"))
            begin, end = period_from(fee.every, first)
            assert (first <= local_day(BERLIN, now), last) == (True, end - 1)
            assert line["amount_micros"] == fee.amount_micros or (fee.prorate and first > begin)
            days.update(range(first, last + 1))
    assert set(days.values()) <= {1}


def _day(text: str) -> int:
    return day_number(date.fromisoformat(text))
