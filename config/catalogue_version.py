"""The version of a catalogue: a hash of what it means, whatever its files look like."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from config.content_hash import Piece, content_hash
from config.kept_pieces import PlanContent, content_of
from config.tariff_version import fields_of, prefixes_digest, tariff_content
from rating.bundles import BundleDefinition
from rating.calendar import UTC, Calendar, Zone
from rating.catalogue import Catalogue, Plan, Rule
from rating.periods import EVER

VERSION_DIGITS: Final = 12


def version_of_content(
    catalogue: Catalogue, deck_digests: dict[str, str], calendars: dict[str, Calendar]
) -> tuple[str, dict[int, PlanContent]]:
    """The first hexadecimal digits of a SHA-256 over all that decides about a charge; each plan's, by identity.

    Comments, places, order of keys, spelling of quantities and the cut into files do not count, examples
    neither. The order of bundles and discounts does. What a catalogue does not use is not in it, so that one
    written for an earlier server keeps its version.
    """
    pieces = {id(plan): Piece(_plan(plan)) for plan in _all_plans(catalogue)}
    content: dict[str, object] = {
        "service_contexts": {
            suffix.decode(): service for suffix, service in catalogue.service_contexts.items()
        },
        "emergency_apns": sorted(apn.decode() for apn in catalogue.emergency_apns),
        "plans": {plan_id: pieces[id(plan)] for plan_id, plan in catalogue.plans.items()},
    }
    versions = {plan_id: [pieces[id(plan)] for plan in plans] for plan_id, plans in catalogue.versions.items()}
    around = {
        "zone": _zone(catalogue.zone),
        "numbering": None if catalogue.numbering is None else fields_of(catalogue.numbering),
        "destinations": prefixes_digest(catalogue.destinations),
        "networks": prefixes_digest(catalogue.networks),
        "locations": prefixes_digest(catalogue.locations),
        "exchange": [
            fields_of(rate)
            for _, targets in sorted(catalogue.exchange.pairs.items())
            for _, rates in sorted(targets.items())
            for rate in rates
        ],
        "calendars": {name: fields_of(calendar) for name, calendar in calendars.items()},
        "addons": {name: fields_of(addon) for name, addon in catalogue.addons.items()},
    }
    shared = {**around, "versions": versions, "decks": deck_digests}
    content.update({key: value for key, value in shared.items() if value})
    version = content_hash(content)[:VERSION_DIGITS]
    of_around = content_hash(around)
    plans = {id(plan): content_of(plan, pieces[id(plan)].digest, of_around) for plan in _all_plans(catalogue)}
    return version, plans


def _all_plans(catalogue: Catalogue) -> list[Plan]:
    """Every version of every plan."""
    found = [plan for plan_id, plan in catalogue.plans.items() if plan_id not in catalogue.versions]
    return [*found, *(plan for dated in catalogue.versions.values() for plan in dated)]


def _plan(plan: Plan) -> dict[str, object]:
    found: dict[str, object] = {
        "name": plan.name,
        "currency": plan.currency,
        "overdraft": plan.overdraft_allowed,
        "rules": _tables(plan.rules),
        "apns": {apn.decode(): _tables(tables) for apn, tables in plan.apn_rules.items()},
        "bundles": [_bundle(bundle) for bundle in plan.bundles],
    }
    selected = {
        service: [_rule(rule) for rule in selector.all_rules()] for service, selector in plan.selectors.items()
    }
    more = {
        "selected": {service: sorted(rules, key=json.dumps) for service, rules in selected.items()},
        "fees": [fields_of(fee) for fee in plan.fees],
        "counters": [fields_of(counter) for counter in plan.counters],
        "caps": [fields_of(cap) for cap in plan.caps],
        "discounts": [fields_of(discount) for discount in plan.discounts],
        "bonuses": [fields_of(bonus) for bonus in plan.bonuses],
        "valid_from": plan.valid_from_ms,
        "payment": "" if plan.payment == "prepaid" else plan.payment,
        "credit_limit": plan.credit_limit_micros,
        "zone": None if plan.zone is None else _zone(plan.zone),
        "tax": plan.tax,
    }
    found.update({key: value for key, value in more.items() if value})
    return found


def _zone(zone: Zone) -> list[object] | None:
    return None if zone is UTC else [zone.name, zone.starts_s, zone.offsets_s]


def _tables(tables: dict[str, dict[int, Rule]]) -> dict[str, dict[str, object]]:
    return {
        service: {str(group): partial(_rule, rule) for group, rule in table.items()}
        for service, table in tables.items()
    }


def _rule(rule: Rule) -> list[object]:
    rate, grant = rule.rate, rule.grant
    found: list[object] = [
        rule.rule_id,
        rule.action,
        [rate.unit_kind, rate.price_micros, rate.per_units, rate.increment, rate.rounding],
        [grant.default_units, grant.maximum_units, grant.validity_time_s],
        [grant.threshold_percent, grant.quota_holding_time_s],
    ]
    more = tariff_content(rule)
    return [*found, more] if more else found


def _bundle(bundle: BundleDefinition) -> list[object]:
    groups = None if bundle.rating_groups is None else sorted(bundle.rating_groups)
    found: list[object] = [bundle.bundle_id, bundle.unit_kind, bundle.units, groups, bundle.valid_for_s]
    plain = not bundle.conditions and bundle.services is None and bundle.priority == 0
    plain = plain and bundle.calendar is None
    if plain and bundle.recurs == EVER and not bundle.shared:
        return found
    return [*found, fields_of(bundle)]
