"""A catalogue in words, as an operator would print it."""

from __future__ import annotations

from typing import Final

from config.quantity_text import Price, Quantity, format_price, format_quantity
from protocol.messages import ABSENT
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    DENIED,
    NO_RATING_GROUP,
    BundleDefinition,
    Catalogue,
    GrantPolicy,
    Plan,
    Rule,
)

_ROUNDING: Final = ("up", "half up", "down")


def describe_catalogue(catalogue: Catalogue) -> str:
    """The price list: services, emergency access points, then each plan's bundles, prices and grants."""
    lines = [f"catalogue {catalogue.version}", ""]
    for service in sorted(set(catalogue.service_contexts.values())):
        suffixes = [suffix.decode() for suffix, name in catalogue.service_contexts.items() if name == service]
        lines.append(f"{service}: Service-Context-Id {', '.join(sorted(suffixes))}")
    if catalogue.emergency_apns:
        lines.append(
            f"free of charge: APN {', '.join(sorted(apn.decode() for apn in catalogue.emergency_apns))}"
        )
    for plan_id in sorted(catalogue.plans):
        lines += ["", *_plan_lines(catalogue.plans[plan_id])]
    return "\n".join(lines) + "\n"


def _plan_lines(plan: Plan) -> list[str]:
    overdraft = "overuse may overdraw" if plan.overdraft_allowed else "never below zero"
    lines = [f"{plan.plan_id}: {plan.name} ({plan.currency}, {overdraft})"]
    lines += [f"  {_bundle_text(bundle)}" for bundle in plan.bundles]
    lines += _table_lines(plan, plan.rules, "")
    for apn in sorted(plan.apn_rules):
        lines += _table_lines(plan, plan.apn_rules[apn], f" on APN {apn.decode()}")
    return lines


def _bundle_text(bundle: BundleDefinition) -> str:
    groups = "all use" if bundle.rating_groups is None else _groups_text(bundle.rating_groups)
    life = f", for {format_quantity(Quantity(2, bundle.valid_for_s))}" if bundle.valid_for_s else ""
    return f"{format_quantity(Quantity(bundle.unit_kind, bundle.units))} included for {groups}{life}"


def _table_lines(plan: Plan, tables: dict[str, dict[int, Rule]], where: str) -> list[str]:
    rows = []
    for service, table in tables.items():
        groups_of: dict[str, set[int]] = {}
        rules = {}
        for group, rule in table.items():
            groups_of.setdefault(rule.rule_id, set()).add(group)
            rules[rule.rule_id] = rule
        for rule_id, rule in rules.items():
            what = f"{service}{where}, {_groups_text(groups_of[rule_id])}"
            rows.append((what, _price_text(plan, rule), _grant_text(rule)))
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {what:{widths[0]}}  {price:{widths[1]}}  {grant}".rstrip() for what, price, grant in rows]


def _groups_text(groups: set[int] | frozenset[int]) -> str:
    if ANY_RATING_GROUP in groups:
        return "any rating group or none"
    numbers = [str(group) for group in sorted(groups) if group >= 0]
    words = [f"rating group {', '.join(numbers)}"] if numbers else []
    if NO_RATING_GROUP in groups:
        words.append("no rating group")
    return " or ".join(words)


def _price_text(plan: Plan, rule: Rule) -> str:
    if rule.action != CHARGE:
        return "denied (4010)" if rule.action == DENIED else "not controlled (4011)"
    rate = rule.rate
    text = format_price(Price(rate.price_micros, plan.currency, Quantity(rate.unit_kind, rate.per_units)))
    if rate.price_micros == 0:
        return text
    step = format_quantity(Quantity(rate.unit_kind, rate.increment))
    return f"{text}, by {step}, rounded {_ROUNDING[rate.rounding]}"


def _grant_text(rule: Rule) -> str:
    if rule.action != CHARGE:
        return ""
    grant: GrantPolicy = rule.grant
    sizes = [
        format_quantity(Quantity(rule.rate.unit_kind, n)) for n in (grant.default_units, grant.maximum_units)
    ]
    parts = [f"grants {sizes[0]} to {sizes[1]}", f"valid {format_quantity(Quantity(2, grant.validity_time_s))}"]
    if grant.threshold_percent:
        parts.append(f"asked again at {grant.threshold_percent} % left")
    if grant.quota_holding_time_s == 0:
        parts.append("held without end when idle")
    elif grant.quota_holding_time_s != ABSENT:
        parts.append(f"returned after {format_quantity(Quantity(2, grant.quota_holding_time_s))} idle")
    return ", ".join(parts)
