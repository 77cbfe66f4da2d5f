"""The counters of a plan whose values a state can tell: its own, and those of its caps and discounts."""

from __future__ import annotations

from collections.abc import Iterator

from rating.catalogue import Plan, Rule
from rating.tariff import Counter


def counters_of(plan: Plan) -> dict[str, Counter]:
    """Counters by id, a plan's own before those of its caps, discounts and rules."""
    found = [*plan.counters, *(cap.counter for cap in plan.caps), *(one.counter for one in plan.discounts)]
    found += [cap.counter for rule in _rules_of(plan) if rule.tariff is not None for cap in rule.tariff.caps]
    return {counter.counter_id: counter for counter in found if counter is not None}


def _rules_of(plan: Plan) -> Iterator[Rule]:
    """Every rule of a plan, some more than once."""
    for selector in plan.selectors.values():
        yield from selector.rules
    for tables in (plan.rules, *plan.apn_rules.values()):
        for table in tables.values():
            yield from table.values()
