"""The engine against the slow reference, against itself in parts, and against its own inverse."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rating.charge import Charge
from rating.engine import advance, afford, affordable, apply, begin, collect, price
from rating.usage import Funds
from rating.walk import counted_units
from tests.rating.reference import SlowRating, rounded
from tests.rating.tariffs import BERLIN, Case, cases

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FAR = 20_000
MONEY = st.one_of(st.integers(0, 100), st.integers(0, 10**6), st.integers(0, 10**9))
UNITS = st.one_of(st.integers(0, 10), st.integers(0, 400))


def counted_of(case: Case, units: int) -> int:
    """Reported units on the grid of the tariff."""
    return counted_units(units, case.tariff.minimum, case.tariff.increment)


def usage_lines(charge: Charge) -> dict[tuple[int, int, tuple[str, ...]], int]:
    """Units by band, tier and discounts."""
    return {
        (line.band_number, line.tier, tuple(line.discounts.split("+")) if line.discounts else ()): line.units
        for line in charge.lines
        if "#" not in line.rule_id
    }


@MANY
@given(case=cases(), units=UNITS)
def test_price_is_what_counting_unit_by_unit_finds(case: Case, units: int) -> None:
    """Lines, amounts, pots, counters and what is due are those of a walk from unit to unit with fractions."""
    charge = price(case.usage(units), case.context)
    slow = SlowRating(case.tariff, case.standing, case.start_ms, BERLIN, case.order_of_pots(), case.exchange)
    told = slow.run(counted_of(case, units))
    assert charge.refusal == ""
    assert usage_lines(charge) == told.lines
    assert charge.amount_micros == told.amount
    assert charge.due_micros == told.due
    assert sorted(use.units for use in charge.pot_uses) == sorted(told.pots.values())
    found = {(change.counter_id, change.period_number): change.amount for change in charge.counter_changes}
    assert found == told.counters


@MANY
@given(case=cases(), units=UNITS)
def test_every_line_is_its_units_times_its_price(case: Case, units: int) -> None:
    """A record can be derived again: each amount is the product rounded once, and their sum is the charge's."""
    charge = price(case.usage(units), case.context)
    for line in charge.lines:
        whole = Fraction(line.units * line.price_micros, line.per_units)
        assert line.amount_micros == rounded(whole, line.rounding)
    assert sum(line.amount_micros for line in charge.lines) == charge.amount_micros
    credits_used = sum(use.units for use in charge.pot_uses if use.unit_kind == 4)
    assert charge.due_micros + credits_used == charge.amount_micros


@MANY
@given(case=cases(), parts=st.lists(st.one_of(st.integers(0, 5), st.integers(0, 150)), max_size=6))
def test_reports_of_any_size_cost_the_whole(case: Case, parts: list[int]) -> None:
    """However a usage is cut, lines, pots, counters and money are those of the whole."""
    whole = price(case.usage(sum(parts)), case.context)
    online = case.online()
    meter = begin(case.usage(0), online)
    assert meter is not None
    due = 0
    charge = Charge()
    for part in parts:
        advance(meter, online.standing, part, case.start_ms, case.start_ms)
        charge = collect(meter)
        due += charge.due_micros
        apply(charge, online.standing)
    expected = case.standing.copy()
    apply(whole, expected)
    if parts:
        assert [vars_of(line) for line in charge.lines] == [vars_of(line) for line in whole.lines]
        assert charge.amount_micros == whole.amount_micros
    assert due == whole.due_micros
    assert nonzero(online.standing.counters) == nonzero(expected.counters)
    assert [pot.units for pot in online.standing.pots] == [pot.units for pot in expected.pots]
    assert online.standing.usages == expected.usages


@MANY
@given(case=cases(), parts=st.lists(st.integers(0, 150), max_size=5))
def test_reports_over_intervals_cost_the_whole(case: Case, parts: list[int]) -> None:
    """Units at an even pace lie where they lie, whether they come in one report or in several."""
    case.tariff.terms.increment, case.tariff.terms.minimum = 1, 0
    whole = price(case.usage(sum(parts), case.start_ms + 1000 * sum(parts)), case.context)
    online = case.online()
    meter = begin(case.usage(0), online)
    assert meter is not None
    now_ms, due = case.start_ms, 0
    for part in parts:
        advance(meter, online.standing, part, now_ms, now_ms + 1000 * part)
        charge = collect(meter)
        apply(charge, online.standing)
        now_ms += 1000 * part
        due += charge.due_micros
        assert charge.amount_micros >= 0
    assert due == whole.due_micros
    assert meter.total == whole.amount_micros


def vars_of(line: object) -> list[object]:
    """All fields of a line."""
    names = ("rule_id", "price_micros", "per_units", "rounding", "units", "amount_micros", "band", "tier")
    return [getattr(line, name) for name in (*names, "discounts")]


def nonzero(counters: dict[str, dict[int, int]]) -> dict[tuple[str, int], int]:
    """Counters without zeros."""
    return {
        (name, number): value
        for name, periods in counters.items()
        for number, value in periods.items()
        if value
    }


def payable(case: Case, units: int, money: int) -> bool:
    """Whether a usage of so many units can be paid."""
    charge = price(case.usage(units), case.context)
    return not charge.refusal and charge.due_micros <= money


@MANY
@given(
    case=cases(),
    money=st.one_of(st.integers(0, 100), st.integers(0, 10**6), st.integers(0, 10**9)),
    data=st.data(),
)
def test_afford_is_the_inverse_of_price(case: Case, money: int, data: st.DataObject) -> None:
    """Every amount up to what is affordable is payable, and one increment more is not."""
    most = data.draw(st.sampled_from([1, 100, FAR]))
    units = afford(Funds(money), case.context, case.usage(0), most)
    assert 0 <= units <= most
    assert payable(case, units, money)
    assert payable(case, data.draw(st.integers(0, units)), money)
    if units < most:
        assert not payable(case, units + 1, money)
    if units + case.tariff.increment <= most:
        assert not payable(case, units + case.tariff.increment, money)


@MANY
@given(case=cases(), parts=st.lists(st.integers(0, 150), min_size=1, max_size=3), money=st.integers(0, 10**6))
def test_affordable_in_mid_usage_is_the_inverse_too(case: Case, parts: list[int], money: int) -> None:
    """After any reports, what is affordable is payable from what is left, and one unit more is not."""
    meter = begin(case.usage(0), case.context)
    assert meter is not None
    online = case.online()
    spent = 0
    for part in parts:
        advance(meter, online.standing, part, case.start_ms, case.start_ms)
        charge = collect(meter)
        spent += charge.due_micros
        apply(charge, online.standing)
    used = sum(parts)
    more = affordable(meter, online.standing, money, case.start_ms, FAR)
    assert 0 <= more <= FAR
    assert payable(case, used + more, spent + money)
    if more < FAR:
        assert not payable(case, used + more + 1, spent + money)
    assert meter.reported == used
