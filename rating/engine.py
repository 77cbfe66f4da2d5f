"""The rating function: what a usage costs, what money buys, and what a charge leaves behind. Pure.

``price`` and ``afford`` take a usage as a whole. A service that learns of it report by report opens a meter
(``begin``), counts reports into it (``advance``), collects what they changed (``collect``) and asks what more
is affordable (``affordable``): reports of any size add up to the price of the whole.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.quantity import OCTETS, SECONDS
from rating.catalogue import Plan
from rating.charge import (
    DENIED_BY_RULE,
    NO_PLAN,
    NO_RULE,
    NOT_MEASURED,
    TOO_MUCH,
    Charge,
)
from rating.collecting import collect
from rating.explain import explain_counting, explain_policy, steps_of_rule
from rating.flat import afford_flat, explain_flat, price_flat
from rating.meter import Meter
from rating.meter_copy import copy_of
from rating.opening import open_meter, take_standing
from rating.plan_tables import NOWHERE
from rating.price_row import price_micros_in
from rating.pricing import MOST_UNITS
from rating.rule import CHARGE, DENIED
from rating.situation import Situation
from rating.tariff import AT_END, AT_START, INPUT, OUTPUT, TOTAL
from rating.usage import NOT_REPORTED, Context, Funds, Standing, Usage
from rating.walk import counted_units, most_reported, walk

__all__ = [
    "advance",
    "afford",
    "affordable",
    "apply",
    "begin",
    "collect",
    "measured_units",
    "number_of_rule",
    "price",
]

MOST_USAGE: Final = 1 << 56
"""More units than this are no usage."""


def price(usage: Usage, context: Context) -> Charge:
    """What a usage costs. Where ``refusal`` is not "", it can not be rated, and nothing is charged."""
    plan = context.plan_at(usage.start_ms)
    if plan is None:
        return _refused(Charge(), NO_PLAN, context.plan_id)
    situation = situation_of(usage, context)
    number = number_of_rule(plan, usage, situation)
    terms = None if number < 0 else plan.terms[number]
    if terms is None or terms.action != CHARGE:
        return _without_price(plan, number, usage, situation, trace=context.trace)
    tariff = plan.tariff_of(number)
    if tariff is None:
        return _price_of_flat_rule(plan, number, usage, situation, context)
    units = measured_units(usage, tariff.unit_kind, tariff.octets_of)
    if units < 0 or units > MOST_USAGE:
        return _refused(Charge(plan, number), NOT_MEASURED if units < 0 else TOO_MUCH)
    standing, trace = context.standing, context.trace
    meter = open_meter(plan, number, tariff, situation, context.catalogue, standing, usage.start_ms, trace)
    if not meter.refusal:
        advance(meter, standing, units, usage.start_ms, usage.end_ms)
    return collect(meter)


def afford(funds: Funds, context: Context, usage: Usage, most: i64 = MOST_UNITS) -> i64:
    """The most units of a usage, up to ``most``, that funds and the standing's pots pay.

    Every number of units up to the answer costs by ``price`` what is there, one increment more does not. Of the
    usage service, beginning and attributes are looked at: octets and units are taken to be used
    there, seconds from there on. What costs nothing is payable without money.
    """
    plan = context.plan_at(usage.start_ms)
    if plan is None:
        return 0
    situation = situation_of(usage, context)
    number = number_of_rule(plan, usage, situation)
    terms = None if number < 0 else plan.terms[number]
    if terms is None or terms.action == DENIED:
        return 0
    if terms.action != CHARGE:
        return most
    tariff = plan.tariff_of(number)
    standing = context.standing
    if tariff is None:
        money = funds.available_micros
        flat = afford_flat(
            plan.row[number].rate, plan, usage.service, situation, standing, money, usage.start_ms
        )
        return flat if flat < most else most
    meter = open_meter(
        plan, number, tariff, situation, context.catalogue, standing, usage.start_ms, trace=False
    )
    if meter.refusal:
        return 0
    return _walk_to_budget(meter, funds.available_micros, usage.start_ms, most)


def begin(usage: Usage, context: Context) -> Meter | None:
    """A meter for a usage that begins; None where its rule is no tariff's, or there is none.

    The meter's ``refusal`` is not "" where the rule has no price for the usage.
    """
    plan = context.plan_at(usage.start_ms)
    if plan is None:
        return None
    situation = situation_of(usage, context)
    number = number_of_rule(plan, usage, situation)
    terms = None if number < 0 else plan.terms[number]
    tariff = None if terms is None or terms.action != CHARGE else plan.tariff_of(number)
    if tariff is None:
        return None
    catalogue, standing, trace = context.catalogue, context.standing, context.trace
    return open_meter(plan, number, tariff, situation, catalogue, standing, usage.start_ms, trace)


def advance(meter: Meter, standing: Standing, units: i64, from_ms: i64, to_ms: i64) -> None:
    """Count units that were used in [from, to]; ``standing`` has all that was collected of the meter so far.

    Seconds lie one after the other from the usage's beginning on, whatever the interval.
    """
    if standing is not meter.standing:
        take_standing(meter, standing)
    tariff = meter.tariff
    before = meter.reported
    meter.reported = before + units
    target = counted_units(meter.reported, meter.minimum, meter.increment)
    if meter.trace is not None:
        explain_counting(meter, meter.reported, target)
    _lay_out(meter, units, before, from_ms, to_ms)
    if meter.trace is not None and tariff.unit_kind != SECONDS and from_ms < to_ms and meter.timed():
        explain_policy(meter, from_ms, to_ms)
    walk(meter, target, 0, bounded=False)


def affordable(
    meter: Meter, standing: Standing, available_micros: int, at_ms: i64, most: i64 = MOST_UNITS
) -> i64:
    """How many units, up to ``most``, are payable beyond those reported, used from ``at_ms`` on.

    ``available_micros`` and the standing's pots pay them. The meter stays as it is.
    """
    copy = copy_of(meter)
    take_standing(copy, standing)
    return _walk_to_budget(copy, available_micros, at_ms, most)


def apply(charge: Charge, standing: Standing) -> None:
    """Move a standing by a charge: its counters, its pots, and one more usage where any unit was counted."""
    for change in charge.counter_changes:
        periods = standing.counters.get(change.counter_id)
        if periods is None:
            periods = {}
            standing.counters[change.counter_id] = periods
        periods[change.period_number] = periods.get(change.period_number, 0) + change.amount
    for use in charge.pot_uses:
        left = use.units
        for pot in standing.pots:
            if pot.bundle_id == use.bundle_id and pot.expires_at_ms == use.expires_at_ms:
                taken = pot.units if pot.units < left else left
                pot.units -= taken
                left -= taken
    if charge.first_report and charge.counted_units > 0:
        standing.usages += 1


def number_of_rule(plan: Plan, usage: Usage, situation: Situation) -> i64:
    """The number of the rule that prices a usage: one with conditions, else by rating group; or NOWHERE."""
    tables = plan.tables
    found = tables.select(usage.service, plan.terms, situation, usage.start_ms)
    if found != NOWHERE or (not tables.groups and not tables.groups_of_apn):
        return found
    return tables.place_of(usage.service, situation.rating_group(), usage.attributes.apn)


def situation_of(usage: Usage, context: Context) -> Situation:
    """The usage's attributes beside the catalogue's zones."""
    catalogue = context.catalogue
    return Situation(usage.attributes, catalogue.destinations, catalogue.networks, catalogue.locations)


def measured_units(usage: Usage, unit_kind: i64, octets_of: i64 = TOTAL) -> i64:
    """The units of a kind that a usage has; NOT_REPORTED where it has none of that kind."""
    if unit_kind == SECONDS:
        return usage.seconds
    if unit_kind != OCTETS:
        return usage.units
    if octets_of == INPUT:
        return usage.input_octets
    if octets_of == OUTPUT:
        return usage.output_octets
    if usage.octets == NOT_REPORTED and usage.input_octets >= 0 and usage.output_octets >= 0:
        return usage.input_octets + usage.output_octets
    return usage.octets


def _without_price(plan: Plan, number: i64, usage: Usage, situation: Situation, *, trace: bool) -> Charge:
    """The charge where no rule, or one without a price, is that of a usage."""
    charge = Charge(plan, number)
    rule = charge.rule
    if rule is None:
        _refused(charge, NO_RULE, f"{plan.plan_id}/{usage.service}")
    elif rule.action == DENIED:
        _refused(charge, DENIED_BY_RULE)
    else:
        charge.currency = plan.currency
    if trace:
        charge.trace = steps_of_rule(rule, situation)
    return charge


def _refused(charge: Charge, refusal: str, about: str = "") -> Charge:
    """The charge as a refusal; where nothing else is said, it is about the rule."""
    rule = charge.rule
    charge.refusal = refusal
    charge.refusal_about = rule.rule_id if rule is not None and not about else about
    return charge


def _price_of_flat_rule(
    plan: Plan, number: i64, usage: Usage, situation: Situation, context: Context
) -> Charge:
    terms = plan.terms[number]
    units = measured_units(usage, terms.unit_kind)
    if units < 0 or units > MOST_USAGE:
        if units < 0 and price_micros_in(plan.prices, terms.price_at) == 0:
            return Charge(plan, number, plan.currency)
        return _refused(Charge(plan, number), NOT_MEASURED if units < 0 else TOO_MUCH)
    charge = Charge(plan, number, plan.currency)
    charge.unit_kind = terms.unit_kind
    charge.used_units = units
    charge.counted_units = units
    price_flat(charge, plan, terms, usage.service, situation, context.standing, units, usage.start_ms)
    if context.trace:
        explain_flat(charge, plan.row[number], situation, units)
    return charge


def _lay_out(meter: Meter, units: i64, before: i64, from_ms: i64, to_ms: i64) -> None:
    """When the units of a report were used."""
    meter.pieces = 0
    meter.moment_end = 0
    meter.spread = False
    meter.span_units = 1
    if meter.tariff.unit_kind == SECONDS:
        meter.base_position = 0
        meter.base_ms = meter.started_ms
        meter.span_ms = 1000
        return
    policy = meter.tariff.switch_policy
    meter.base_position = before
    meter.base_ms = to_ms if policy == AT_END else from_ms
    meter.span_ms = 0
    if policy not in (AT_START, AT_END) and to_ms > from_ms and units > 0:
        meter.span_ms = to_ms - from_ms
        meter.span_units = units
        meter.spread = True


def _walk_to_budget(meter: Meter, available_micros: int, at_ms: i64, most: i64) -> i64:
    """The most units beyond the reported ones, up to ``most``, that are payable."""
    _lay_out(meter, 0, meter.reported, at_ms, at_ms)
    more: int = available_micros if available_micros > 0 else 0
    target = MOST_UNITS
    if most < MOST_USAGE:
        target = counted_units(meter.reported + most, meter.minimum, meter.increment)
    reached = walk(meter, target, meter.due + more, bounded=True)
    if reached >= MOST_UNITS:
        return most
    units = most_reported(reached, meter.minimum, meter.increment) - meter.reported
    return units if units < most else most
