"""The version of a catalogue: a hash of what it means, whatever its files look like."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from rating.catalogue import BundleDefinition, Plan, Rule

VERSION_DIGITS: Final = 12


def version_of_content(
    plans: dict[str, Plan], service_contexts: dict[bytes, str], emergency_apns: frozenset[bytes]
) -> str:
    """The first hexadecimal digits of a SHA-256 over all that decides about a charge.

    Comments, order of keys, spelling of quantities and the cut into files do not count. The order of
    bundles does.
    """
    content = {
        "service_contexts": {suffix.decode(): service for suffix, service in service_contexts.items()},
        "emergency_apns": sorted(apn.decode() for apn in emergency_apns),
        "plans": {plan_id: _plan(plan) for plan_id, plan in plans.items()},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


def _plan(plan: Plan) -> dict[str, object]:
    return {
        "name": plan.name,
        "currency": plan.currency,
        "overdraft": plan.overdraft_allowed,
        "rules": _tables(plan.rules),
        "apns": {apn.decode(): _tables(tables) for apn, tables in plan.apn_rules.items()},
        "bundles": [_bundle(bundle) for bundle in plan.bundles],
    }


def _tables(tables: dict[str, dict[int, Rule]]) -> dict[str, dict[str, object]]:
    return {
        service: {str(group): _rule(rule) for group, rule in table.items()} for service, table in tables.items()
    }


def _rule(rule: Rule) -> list[object]:
    rate, grant = rule.rate, rule.grant
    return [
        rule.rule_id,
        rule.action,
        [rate.unit_kind, rate.price_micros, rate.per_units, rate.increment, rate.rounding],
        [grant.default_units, grant.maximum_units, grant.validity_time_s],
        [grant.threshold_percent, grant.quota_holding_time_s],
    ]


def _bundle(bundle: BundleDefinition) -> list[object]:
    groups = None if bundle.rating_groups is None else sorted(bundle.rating_groups)
    return [bundle.bundle_id, bundle.unit_kind, bundle.units, groups, bundle.valid_for_s]
