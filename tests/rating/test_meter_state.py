"""A meter that is put away after each report and taken up again counts on as if it had never been away."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rating.charge import Charge, Line
from rating.engine import advance, affordable, apply, begin, collect, price, situation_of
from rating.meter import Meter
from rating.meter_state import resume_meter, save_meter
from rating.usage import Context
from tests.rating.tariffs import Case, cases

MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def put_away_and_taken_up(meter: Meter, case: Case, online: Context) -> Meter:
    """The meter by its state alone."""
    plan = online.plan_at(case.start_ms)
    assert plan is not None
    situation = situation_of(case.usage(0), online)
    state = save_meter(meter, "v")
    return resume_meter(
        state, plan, meter.rule_number, meter.tariff, situation, online.catalogue, online.standing
    )


def shown(lines: list[Line]) -> list[tuple[object, ...]]:
    """What a record says of lines."""
    return [
        (line.rule_id, line.price_micros, line.per_units, line.units, line.amount_micros, line.band, line.tier)
        for line in lines
    ]


@MANY
@given(case=cases(), parts=st.lists(st.one_of(st.integers(0, 5), st.integers(0, 150)), min_size=1, max_size=5))
def test_a_meter_goes_on_from_its_state(case: Case, parts: list[int]) -> None:
    """However often it was put away, lines, money, pots and counters are those of the whole usage."""
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
        meter = put_away_and_taken_up(meter, case, online)
    expected = case.standing.copy()
    apply(whole, expected)
    assert shown(charge.lines) == shown(whole.lines)
    assert (charge.amount_micros, due) == (whole.amount_micros, whole.due_micros)
    assert [pot.units for pot in online.standing.pots] == [pot.units for pot in expected.pots]
    assert online.standing.usages == expected.usages


@MANY
@given(case=cases(), part=st.integers(0, 150), money=st.integers(0, 10**6))
def test_what_is_affordable_is_the_same_after_a_pause(case: Case, part: int, money: int) -> None:
    """The state has all that decides about the next unit."""
    online = case.online()
    meter = begin(case.usage(0), online)
    assert meter is not None
    advance(meter, online.standing, part, case.start_ms, case.start_ms)
    apply(collect(meter), online.standing)
    again = put_away_and_taken_up(meter, case, online)
    before = affordable(meter, online.standing, money, case.start_ms, 500)
    assert affordable(again, online.standing, money, case.start_ms, 500) == before


@MANY
@given(case=cases(), part=st.integers(0, 150), money=st.integers(0, 10**6), most=st.integers(1, 300))
def test_a_bounded_look_finds_the_same(case: Case, part: int, money: int, most: int) -> None:
    """What is affordable of so many units is what is affordable at all, as far as that reaches."""
    online = case.online()
    meter = begin(case.usage(0), online)
    assert meter is not None
    advance(meter, online.standing, part, case.start_ms, case.start_ms)
    apply(collect(meter), online.standing)
    near = affordable(meter, online.standing, money, case.start_ms, most)
    far = affordable(meter, online.standing, money, case.start_ms, 2 * most)
    assert near == far or most <= near <= far
