"""Rules without a tariff: one price for all units, reported units from bundles first, then money.

This is what the online service charges for such a rule, report by report (``rating.pricing``): bundles pay
reported units, and the increment rounds up what is left for money.
"""

from __future__ import annotations

from mypy_extensions import i64

from rating.bundles import MONEY, BundleDefinition
from rating.catalogue import Plan
from rating.charge import TOO_MUCH, Charge, Line, PotUse, Step
from rating.explain import steps_of_rule
from rating.price_row import per_units_in, price_micros_in, rounding_in
from rating.pricing import MOST_UNITS, affordable_units, amount_of
from rating.rates import Rate
from rating.rule import Rule, RuleTerms
from rating.situation import Situation
from rating.totals import LIMIT_MICROS
from rating.usage import Pot, Standing


def price_flat(
    charge: Charge,
    plan: Plan,
    terms: RuleTerms,
    service: str,
    situation: Situation,
    standing: Standing,
    units: i64,
    started_ms: i64,
) -> None:
    """Put into a charge what units of a flat rule of a plan cost."""
    price_micros = price_micros_in(plan.prices, terms.price_at)
    left: i64 = units
    if standing.pots and price_micros > 0:
        for pot in usable_pots(plan, service, terms.unit_kind, situation, standing, started_ms):
            taken: i64 = pot.units if pot.units < left else left
            if taken > 0:
                charge.pot_uses.append(PotUse(pot.bundle_id, pot.unit_kind, taken, pot.expires_at_ms))
                left -= taken
    if left <= 0:
        return
    counted = left
    increment: i64 = terms.increment
    if increment != 1:
        counted = (left + increment - 1) // increment * increment
    per_units = per_units_in(plan.prices, terms.price_at)
    rounding = rounding_in(plan.prices, terms.price_at)
    amount = amount_of(counted, price_micros, per_units, rounding)
    if amount > LIMIT_MICROS:
        charge.refusal = TOO_MUCH
        return
    charge.lines.append(Line(plan, charge.rule_number, "", price_micros, per_units, rounding, counted, amount))
    charge.amount_micros = amount
    charge.due_micros = amount
    if standing.pots:
        _pay_with_credit(charge, plan, service, situation, standing, started_ms)


def afford_flat(
    rate: Rate,
    plan: Plan,
    service: str,
    situation: Situation,
    standing: Standing,
    available_micros: int,
    started_ms: i64,
) -> i64:
    """The most units of a flat rule that pots and money pay."""
    money: int = available_micros if available_micros > 0 else 0
    included: int = 0
    if standing.pots and rate.price_micros > 0:
        for pot in usable_pots(plan, service, rate.unit_kind, situation, standing, started_ms):
            included += pot.units if pot.units > 0 else 0
        for credit in usable_pots(plan, service, MONEY, situation, standing, started_ms):
            money += credit.units if credit.units > 0 else 0
    money = money if money < LIMIT_MICROS else LIMIT_MICROS
    total: int = affordable_units(money, rate, 0) + included
    return total if total < MOST_UNITS else MOST_UNITS


def usable_pots(
    plan: Plan, service: str, unit_kind: i64, situation: Situation, standing: Standing, at_ms: i64
) -> list[Pot]:
    """The pots of a kind that pay for a usage at an instant, in the order of their use."""
    found: list[Pot] = []
    priorities: list[int] = []
    for bundle in plan.bundles:
        if bundle.unit_kind != unit_kind or not _pays_for(bundle, service, situation):
            continue
        for pot in standing.pots:
            ended = 0 < pot.expires_at_ms <= at_ms
            if pot.bundle_id == bundle.bundle_id and pot.unit_kind == unit_kind and not ended:
                at = len(found)
                while at > 0 and _comes_before(pot, bundle.priority, found[at - 1], priorities[at - 1]):
                    at -= 1
                found.insert(at, pot)
                priorities.insert(at, bundle.priority)
    return found


def _comes_before(one: Pot, priority: i64, other: Pot, other_priority: i64) -> bool:
    if priority != other_priority:
        return priority > other_priority
    if one.expires_at_ms == 0:
        return False
    return other.expires_at_ms == 0 or one.expires_at_ms < other.expires_at_ms


def _pays_for(bundle: BundleDefinition, service: str, situation: Situation) -> bool:
    if bundle.services is not None and service not in bundle.services:
        return False
    groups = bundle.rating_groups
    if groups is not None and situation.rating_group() not in groups:
        return False
    return situation.meets(bundle.conditions)


def _pay_with_credit(
    charge: Charge, plan: Plan, service: str, situation: Situation, standing: Standing, started_ms: i64
) -> None:
    for pot in usable_pots(plan, service, MONEY, situation, standing, started_ms):
        taken: i64 = pot.units if pot.units < charge.due_micros else charge.due_micros
        if taken > 0:
            charge.pot_uses.append(PotUse(pot.bundle_id, MONEY, taken, pot.expires_at_ms))
            charge.due_micros -= taken


def explain_flat(charge: Charge, rule: Rule, situation: Situation, units: i64) -> None:
    """The reasoning behind a flat price."""
    charge.trace += steps_of_rule(rule, situation)
    charge.trace.append(Step("reported", "", rule.place, [("units", units)]))
    for use in charge.pot_uses:
        what = "credit" if use.unit_kind == MONEY else "bundle"
        charge.trace.append(Step(what, use.bundle_id, "", [("units", use.units)]))
    for line in charge.lines:
        numbers = [("units", line.units), ("price_micros", line.price_micros), ("per_units", line.per_units)]
        charge.trace.append(Step("units", "", rule.place, [*numbers, ("line_micros", line.amount_micros)]))
