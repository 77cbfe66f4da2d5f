"""The catalogue: an immutable value, checked whole, swapped whole, named by the hash of its content."""

from math import gcd
from typing import Final

from mypy_extensions import i64

ANY_RATING_GROUP: Final = -2
NO_RATING_GROUP: Final = -1

CHARGE: Final = 0
"""Rule action: price the units (a price of zero is a zero-rated service)."""
NOT_CONTROLLED: Final = 1
"""Rule action: answer 4011, the service is free and needs no quota."""
DENIED: Final = 2
"""Rule action: answer 4010, the service is barred on this plan."""

ROUND_UP: Final = 0
ROUND_HALF_UP: Final = 1
ROUND_DOWN: Final = 2


class Rate:
    """A price: ``price_micros`` for ``per_units`` units of a kind; usage counts in whole ``increment``s.

    ``numerator`` micros for ``denominator`` units is the same price in lowest terms, for small products.
    """

    def __init__(
        self, unit_kind: i64, price_micros: int, per_units: int, increment: int, rounding: i64
    ) -> None:
        self.unit_kind = unit_kind
        self.price_micros = price_micros
        self.per_units = per_units
        self.increment = increment
        self.rounding = rounding
        common = gcd(price_micros, per_units)
        self.numerator = price_micros // common
        self.denominator = per_units // common


class GrantPolicy:
    """How much is granted at once (units), for how long (s), and when the client shall ask again.

    ``default_units`` answers an empty Requested-Service-Unit; no grant is over ``maximum_units``.
    ``threshold_percent`` of the grant is sent as Volume- or Time-Quota-Threshold (0 = none).
    ``quota_holding_time_s`` is ABSENT (-1) where the client's own default shall hold.
    """

    def __init__(
        self,
        default_units: i64,
        maximum_units: i64,
        validity_time_s: i64,
        threshold_percent: i64,
        quota_holding_time_s: i64,
    ) -> None:
        self.default_units = default_units
        self.maximum_units = maximum_units
        self.validity_time_s = validity_time_s
        self.threshold_percent = threshold_percent
        self.quota_holding_time_s = quota_holding_time_s


class Rule:
    """What one service of a plan costs. ``rule_id`` (``plan/rule``) is written into every record it priced."""

    def __init__(self, rule_id: str, action: i64, rate: Rate, grant: GrantPolicy) -> None:
        self.rule_id = rule_id
        self.action = action
        self.rate = rate
        self.grant = grant


class BundleDefinition:
    """Units that are used before money: ``units`` of ``unit_kind``, for these rating groups (None = all).

    A subscriber's account receives it once, when the subscriber is loaded; ``valid_for_s`` 0 = without end.
    """

    def __init__(
        self, bundle_id: str, unit_kind: i64, units: i64, rating_groups: frozenset[int] | None, valid_for_s: i64
    ) -> None:
        self.bundle_id = bundle_id
        self.unit_kind = unit_kind
        self.units = units
        self.rating_groups = rating_groups
        self.valid_for_s = valid_for_s


class Plan:
    """A rate plan: rules by service name and rating group, bundles, and whether overuse may overdraw.

    ``rules[service]`` maps a Rating-Group, NO_RATING_GROUP or ANY_RATING_GROUP to its rule; ``apn_rules``
    holds the same tables for single APNs (lower case) and is asked first.
    """

    def __init__(
        self,
        plan_id: str,
        name: str,
        currency: str,
        overdraft_allowed: bool,
        rules: dict[str, dict[int, Rule]],
        apn_rules: dict[bytes, dict[str, dict[int, Rule]]],
        bundles: list[BundleDefinition],
    ) -> None:
        self.plan_id = plan_id
        self.name = name
        self.currency = currency
        self.overdraft_allowed = overdraft_allowed
        self.rules = rules
        self.apn_rules = apn_rules
        self.bundles = bundles

    def rule_for(self, service: str, rating_group: int, apn: bytes) -> Rule | None:
        """The rule of a rating group (NO_RATING_GROUP where the request has none); None = cannot be rated."""
        if self.apn_rules:
            tables = self.apn_rules.get(apn.lower())
            if tables is not None:
                found = _find(tables.get(service), rating_group)
                if found is not None:
                    return found
        return _find(self.rules.get(service), rating_group)


def _find(table: dict[int, Rule] | None, rating_group: int) -> Rule | None:
    if table is None:
        return None
    rule = table.get(rating_group)
    if rule is None:
        rule = table.get(ANY_RATING_GROUP)
    return rule


class Catalogue:
    """All plans. ``version`` is the hash of the content; ``service_contexts`` maps suffixes to services."""

    def __init__(
        self,
        version: str,
        plans: dict[str, Plan],
        service_contexts: dict[bytes, str],
        emergency_apns: frozenset[bytes],
    ) -> None:
        self.version = version
        self.plans = plans
        self.service_contexts = service_contexts
        self.emergency_apns = emergency_apns
        self._services: dict[bytes, str] = {}

    def service_of(self, service_context_id: bytes) -> str:
        """The service a Service-Context-Id names, matched on its suffix (TS 32.299, 7.1.12); "" = unknown."""
        known = self._services.get(service_context_id)
        if known is not None:
            return known
        found = ""
        for suffix, service in self.service_contexts.items():
            if service_context_id == suffix or service_context_id.endswith(b"." + suffix):
                found = service
        if len(self._services) < 1000:
            self._services[service_context_id] = found
        return found
