"""Fees: prorated by days, in advance and in arrears, made good when customers change; each day paid once."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from ocs.billing.accounts import Account, SubscriptionRow
from ocs.billing.fees import BilledPeriod, FeeBill, FeeCharge, FeeHistory
from ocs.billing.periods import Cycle, start_ms
from ocs.billing.segments import segments_of
from ocs.billing.terms import CatalogueTerms, OfferTerms
from tests.ocs.billing.operator import BERLIN, catalogue, ms

CYCLE = Cycle("monthly", 1, BERLIN)
TERMS = CatalogueTerms(catalogue())
START = date(2028, 1, 1)
"""The year has a leap day."""


def offer_at(origin: str, at_ms: int) -> OfferTerms | None:
    """The tests' plans."""
    return TERMS.of_plan(origin, at_ms)


def account(rows: list[tuple[str, str, str | None]], opened: str = "2028-01-01") -> Account:
    """An account with one subscription: its plans with their beginnings and ends."""
    begins = [ms(begin) for _, begin, _ in rows]
    return Account(
        "A1", "A1", "P", "EUR", "standard", "DE", "en", 14, opened, None,
        [
            SubscriptionRow(
                "S1", "A1", "4915100001", plan, begun, None if end is None else ms(end), begins[0], following
            )
            for (plan, _, end), begun, following in zip(rows, begins, [*begins[1:], None], strict=True)
        ],
    )  # fmt: skip


def bill(one: Account, to_day: date, history: FeeHistory, cycle: Cycle = CYCLE) -> list[FeeCharge]:
    """The charges of a bill, which the history then knows."""
    made = FeeBill(cycle, date.fromisoformat(one.opened_day), to_day, history, offer_at)
    segments = segments_of(one, cycle.time_zone, start_ms(to_day, cycle.time_zone))
    charges, seen = made.charges(segments), made.seen(segments)
    for charge in charges:
        key = (charge.subscription_id, charge.from_ms, charge.origin, charge.terms.fee_id)
        periods = history.billed.setdefault(key, {})
        before = periods.get(charge.period[0])
        terms = charge.terms if before is None else before.terms
        amount = charge.amount_micros + (before.amount_micros if before else 0)
        periods[charge.period[0]] = BilledPeriod(charge.period, charge.covered, terms, amount)
    history.seen.update({segment.key: looked for segment, looked in seen})
    return charges


def shown(charges: list[FeeCharge]) -> list[tuple[str, str, str, int]]:
    """Fee, days and amount."""
    return [
        (charge.terms.fee_id, charge.shown[0].isoformat(), charge.shown[1].isoformat(), charge.amount_micros)
        for charge in charges
    ]


def test_a_plan_change_on_day_17_shares_the_month() -> None:
    """Of the old plan, paid in advance, days come back; the new one, in arrears, asks for the others."""
    history = FeeHistory()
    before = account([("talk", "2028-02-01", None)], "2028-02-01")
    assert shown(bill(before, date(2028, 3, 1), history)) == [
        ("start", "2028-02-01", "2028-02-02", 5_000_000),
        ("monthly", "2028-02-01", "2028-03-01", 9_990_000),
        ("monthly", "2028-03-01", "2028-04-01", 9_990_000),
    ]
    after = account([("talk", "2028-02-01", "2028-03-17"), ("basic", "2028-03-17", None)], "2028-02-01")
    assert shown(bill(after, date(2028, 4, 1), history)) == [
        ("monthly", "2028-03-17", "2028-04-01", -(9_990_000 - 5_156_129)),  # 16 of 31 days are kept
        ("monthly", "2028-03-17", "2028-04-01", 4_838_710),  # in arrears: 15 of 31 days
    ]
    assert shown(bill(after, date(2028, 5, 1), history)) == [
        ("monthly", "2028-04-01", "2028-05-01", 10_000_000)
    ]


def test_the_leap_day_is_a_29th_of_february() -> None:
    """Who joins on the leap day pays one of 29 days."""
    one = account([("basic", "2028-02-29", None)])

    assert shown(bill(one, date(2028, 3, 1), FeeHistory())) == [
        ("monthly", "2028-02-29", "2028-03-01", 344_828)
    ]


def test_joining_and_leaving_within_a_month() -> None:
    """The begun day of leaving is paid for; in advance nothing of the next month is asked for."""
    one = account([("talk", "2028-03-25 10:00", "2028-03-27 15:00")])

    assert shown(bill(one, date(2028, 4, 1), FeeHistory())) == [
        ("start", "2028-03-25", "2028-03-26", 5_000_000),
        ("end", "2028-03-27", "2028-03-28", 2_000_000),
        ("monthly", "2028-03-25", "2028-03-28", 966_774),  # 3 of 31 days, though one has 23 hours
    ]


def test_who_leaves_gets_days_back_that_were_paid_in_advance() -> None:
    """Also where the end was entered months later, and it is asked for again where the end was a mistake."""
    history = FeeHistory()
    stays = account([("talk", "2028-01-01", None)])
    left = account([("talk", "2028-01-01", "2028-02-11")])
    for month in (2, 3, 4):
        bill(stays, date(2028, month, 1), history)
    assert shown(bill(left, date(2028, 5, 1), history)) == [
        ("monthly", "2028-02-11", "2028-03-01", -(9_990_000 - 3_444_828)),
        ("monthly", "2028-03-01", "2028-04-01", -9_990_000),
        ("monthly", "2028-04-01", "2028-05-01", -9_990_000),
        ("end", "2028-02-10", "2028-02-11", 2_000_000),
    ]
    assert bill(left, date(2028, 6, 1), history) == []
    again = shown(bill(stays, date(2028, 7, 1), history))
    assert sum(amount for _, _, _, amount in again) == 9_990_000 * 6 - 3_444_828


def test_a_join_that_was_entered_late_is_made_good() -> None:
    """Months before the last bill are asked for, from the day the account was opened on."""
    one = account([("basic", "2027-11-10", None)], opened="2028-01-01")
    history = FeeHistory()

    assert shown(bill(one, date(2028, 3, 1), history)) == [
        ("monthly", "2028-01-01", "2028-02-01", 10_000_000),
        ("monthly", "2028-02-01", "2028-03-01", 10_000_000),
    ]


def test_what_is_not_prorated_costs_the_whole_once_begun() -> None:
    """Days, weeks and years have periods of their own."""
    one = account([("odd", "2028-01-30", None)], "2028-01-30")
    history = FeeHistory()
    first = shown(bill(one, date(2028, 2, 1), history))
    second = shown(bill(one, date(2028, 3, 1), history))

    assert first == [
        ("whole", "2028-01-30", "2028-02-01", 7_000_000),
        ("daily", "2028-01-30", "2028-02-01", 200_000),
        ("yearly", "2028-01-30", "2029-01-30", 36_500_000),
    ]
    assert second == [
        ("whole", "2028-02-01", "2028-03-01", 7_000_000),
        ("daily", "2028-02-01", "2028-03-01", 2_900_000),
        ("weekly", "2028-01-30", "2028-02-06", 1_000_000),
        ("weekly", "2028-02-06", "2028-02-13", 1_000_000),
        ("weekly", "2028-02-13", "2028-02-20", 1_000_000),
        ("weekly", "2028-02-20", "2028-02-27", 1_000_000),
    ]
    left = account([("odd", "2028-01-30", "2028-03-01")], "2028-01-30")
    third = shown(bill(left, date(2028, 4, 1), history))
    assert third == [
        ("yearly", "2028-03-01", "2029-01-30", -(36_500_000 - 3_091_530)),  # 31 of 366 days are kept
        ("weekly", "2028-02-27", "2028-03-01", 428_571),
    ]


def test_a_change_that_was_not_yet_known_is_not_on_the_bill() -> None:
    """A bill says the same whenever it is made: what begins after its period is on the next."""
    now = account([("talk", "2028-01-01", None)])
    later = account([("talk", "2028-01-01", "2028-02-17"), ("basic", "2028-02-17", None)])

    assert bill(now, date(2028, 2, 1), FeeHistory()) == bill(later, date(2028, 2, 1), FeeHistory())


def test_another_cycle_asks_for_no_day_twice() -> None:
    """Moving from the 1st to the 15th: the days up to the next 15th, or none that were paid in advance."""
    new = Cycle("mid", 15, BERLIN)
    for plan, expected in (
        ("basic", [("monthly", "2028-02-01", "2028-02-15", 4_516_129)]),
        ("talk", [("monthly", "2028-03-01", "2028-03-15", 4_822_759)]),
    ):
        one = account([(plan, "2028-01-01", None)])
        history = FeeHistory()
        bill(one, date(2028, 2, 1), history)
        assert shown(bill(one, date(2028, 2, 15), history, new)) == expected


DAYS = st.integers(0, 180).map(lambda number: START + timedelta(days=number))


@settings(max_examples=60)
@given(
    st.lists(DAYS, min_size=1, max_size=5, unique=True).map(sorted),
    st.sampled_from(["basic", "talk"]),
    st.booleans(),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_all_bills_together_ask_for_each_day_once(
    days: list[date], first_plan: str, leaves: bool, billed: list[bool]
) -> None:
    """Whatever changes when, and whichever bills were made in between: each month's share of days."""
    plans = [
        first_plan if index % 2 == 0 else {"basic": "talk", "talk": "basic"}[first_plan] for index in range(9)
    ]
    ends: list[date | None] = [*days[1:], None]
    if leaves and len(days) > 1:
        days, ends = days[:-1], list(days[1:])
    rows = [
        (plan, day.isoformat(), None if end is None else end.isoformat())
        for plan, day, end in zip(plans, days, ends, strict=False)
    ]
    one = account(rows)
    history = FeeHistory()
    total: dict[tuple[str, date], int] = {}
    last = date(2028, 9, 1)
    for month, made in zip(range(2, 10), billed, strict=True):
        if made or month == 9:
            for charge in bill(one, date(2028, month, 1), history):
                if charge.terms.fee_id == "monthly" and charge.period[0] < last:
                    key = (charge.origin, charge.period[0])
                    total[key] = total.get(key, 0) + charge.amount_micros
    for number in range(1, 9):
        begin = date(2028, number, 1)
        end = date(2028, number + 1, 1)
        for plan, price in (("basic", 10_000_000), ("talk", 9_990_000)):
            share = Fraction(0)
            parts = 0
            for row, first, until in zip(rows, days, ends, strict=False):
                covered = (min(until or end, end) - max(first, begin)).days
                if row[0] == plan and covered > 0:
                    share += Fraction(price * covered, (end - begin).days)
                    parts += 1
            assert abs(total.get((plan, begin), 0) - share) <= Fraction(parts)
