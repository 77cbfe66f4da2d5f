"""The content of tariffs, bundles, fees and the like, as JSON that two equal ones have in common."""

from __future__ import annotations

import hashlib
from typing import Final

from rating.bundles import BundleDefinition
from rating.calendar import FAR_MS, Calendar
from rating.conditions import Condition
from rating.decks import RateDeck
from rating.exchange import ExchangeRate
from rating.fees import Fee
from rating.numbering import Numbering
from rating.offers import Addon, Bonus
from rating.prefixes import PrefixZones
from rating.rule import Rule
from rating.tariff import Cap, Counter, Discount, Tariff

_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    BundleDefinition: (
        *("bundle_id", "unit_kind", "units", "rating_groups", "valid_for_s", "conditions", "services"),
        *("priority", "recurs", "rollover_units", "rollover_periods", "shared"),
    ),
    Counter: ("counter_id", "measure", "unit_kind", "period"),
    Cap: ("cap_id", "amount_micros", "period", "counter", "name"),
    Discount: (
        *("name", "numerator", "denominator", "amount_micros", "every_nth", "counter", "first_ms"),
        *("calendar", "bands", "conditions"),
    ),
    Fee: ("fee_id", "amount_micros", "every", "event", "prorate", "in_advance", "tax"),
    Bonus: (
        *("bonus_id", "when", "counter", "reaches", "at_least_micros", "give_micros", "give_bundle"),
        *("valid_for_ms", "part_numerator", "part_denominator", "credit", "gives_to"),
    ),
    Addon: ("addon_id", "name", "currency", "fees", "bundles", "valid_for_ms", "plans"),
    ExchangeRate: ("source", "target", "numerator", "denominator", "valid_from_ms", "valid_until_ms"),
    Numbering: ("country", "national_prefix", "international_prefix"),
    Calendar: ("name", "bands", "days", "holidays", "in_subscriber_zone"),
    Condition: ("attribute", "values", "members"),
    Tariff: (
        *("unit_kind", "octets_of", "increment", "minimum", "rounding", "connection_fee_micros", "calendar"),
        *("tier_mode", "caps", "deck", "switch_policy", "currency"),
    ),
}
"""What of each decides about a charge, by name; ``place`` does not."""
_FIELDS_IN_USE: Final[dict[type, tuple[str, ...]]] = {
    BundleDefinition: ("calendar", "bands"),
    Fee: ("unpaid",),
    Numbering: ("national_digits",),
    Tariff: ("band_decks",),
}
"""What counts where it says something, so that a catalogue without it keeps its version."""


def fields_of(thing: object) -> dict[str, object]:
    """The fields of a thing that decide about charges, as JSON."""
    found = {name: _json(getattr(thing, name)) for name in _FIELDS[type(thing)]}
    in_use = {name: getattr(thing, name) for name in _FIELDS_IN_USE.get(type(thing), ())}
    return found | {name: _json(value) for name, value in in_use.items() if value}


def tariff_content(rule: Rule) -> dict[str, object]:
    """What a rule says beyond its rate and its grant; empty where it says no more."""
    found: dict[str, object] = {}
    tariff = rule.tariff
    if tariff is not None:
        found["tariff"] = fields_of(tariff)
        found["tier_counter"] = "" if tariff.tier_counter is None else tariff.tier_counter.counter_id
        found["counts"] = [counter.counter_id for counter in tariff.counts]
        found["bundles"] = [bundle.bundle_id for bundle in tariff.bundles]
        found["discounts"] = [discount.name for discount in tariff.discounts]
        found["tiers"] = [
            [tier.up_to, *([rate.price_micros, rate.per_units, rate.rounding] for rate in tier.rates)]
            for tier in tariff.tiers
        ]
    more = {
        "conditions": [fields_of(condition) for condition in rule.conditions],
        "priority": rule.priority,
        "valid_from": rule.valid_from_ms,
        "valid_until": 0 if rule.valid_until_ms == FAR_MS else rule.valid_until_ms,
        "tax": rule.tax,
    }
    found.update({key: value for key, value in more.items() if value})
    return found


def prefixes_digest(zones: PrefixZones | None) -> str:
    """A hash of prefixes and their zones, whatever their order; "" where there are none."""
    if zones is None:
        return ""
    prefixes = zones.prefixes
    digest = hashlib.sha256()
    for index in range(prefixes.count):
        digest.update(b"%b:%b\n" % (prefixes.at(index), zones.zone_at(index)))
    return digest.hexdigest()


def _json(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (frozenset, set)):
        return sorted((_json(each) for each in value), key=str)
    if isinstance(value, (list, tuple)):
        return [_json(each) for each in value]
    if isinstance(value, RateDeck):
        return value.deck_id
    if isinstance(value, Calendar):
        return value.name
    if type(value) in _FIELDS:
        return fields_of(value)
    return value
