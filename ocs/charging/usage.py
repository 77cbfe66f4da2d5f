"""Charging what was used: buckets first, then money, each service by one kind of unit only."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.account import Account, Bucket
from balance.operations import Reservation, debit_money, debit_units
from balance.quantity import LIMIT_MICROS, OCTETS, SECONDS
from ocs.charging.line_rate import line_rate
from ocs.charging.rated_service import ChargeLine, Service
from protocol.messages import ABSENT, MultipleServicesCreditControl
from rating.catalogue import BundleDefinition, Plan, Rate, Rule
from rating.pricing import price_micros_of
from rating.tariff import INPUT, TOTAL, Tariff

MAX_REPORTED_UNITS: Final = 1 << 50
"""More units than this in one report are an error of the client's, not usage (a petaoctet)."""

UNRATED: Final = "unrated"
"""The rule id of used units for which the plan has no price: recorded, never lost, at no charge."""

_NO_BUCKETS: Final[list[Bucket]] = []


def used_units_of(mscc: MultipleServicesCreditControl, unit_kind: i64) -> i64:
    """The used units of one kind; ABSENT where the client did not report that kind."""
    if unit_kind == OCTETS:
        return mscc.used_octets
    if unit_kind == SECONDS:
        return mscc.used_time_s
    return mscc.used_specific_units


def measured_units_of(mscc: MultipleServicesCreditControl, tariff: Tariff) -> i64:
    """The used units that a tariff counts; ABSENT where the client did not report them."""
    if tariff.unit_kind == OCTETS and tariff.octets_of != TOTAL:
        return mscc.used_input_octets if tariff.octets_of == INPUT else mscc.used_output_octets
    return used_units_of(mscc, tariff.unit_kind)


def add_usage(service: Service, mscc: MultipleServicesCreditControl) -> None:
    """Count the reported units of every kind."""
    if mscc.used_octets != ABSENT:
        service.used_octets += mscc.used_octets
    if mscc.used_input_octets != ABSENT:
        service.input_octets += mscc.used_input_octets
    if mscc.used_output_octets != ABSENT:
        service.output_octets += mscc.used_output_octets
    if mscc.used_time_s != ABSENT:
        service.time_s += mscc.used_time_s
    if mscc.used_specific_units != ABSENT:
        service.specific_units += mscc.used_specific_units


def bundle_applies(bundle: BundleDefinition, rate: Rate, rating_group: i64) -> bool:
    """Whether a bundle pays for the units of a rate in a rating group. What costs nothing uses no bundle."""
    if bundle.unit_kind != rate.unit_kind or rate.price_micros == 0:
        return False
    groups = bundle.rating_groups
    return groups is None or rating_group in groups


def usable_buckets(account: Account, plan: Plan, rate: Rate, rating_group: i64) -> list[Bucket]:
    """The buckets that pay for a rate in their order of use: soonest end first, then the plan's order."""
    if not account.buckets or not plan.bundles:
        return _NO_BUCKETS
    found: list[Bucket] = []
    for bundle in plan.bundles:
        if not bundle_applies(bundle, rate, rating_group):
            continue
        for bucket in account.buckets:
            if bucket.bucket_id == bundle.bundle_id:
                at = len(found)
                while at > 0 and _ends_before(bucket, found[at - 1]):
                    at -= 1
                found.insert(at, bucket)
    return found


def _ends_before(one: Bucket, other: Bucket) -> bool:
    if one.expires_at_ms == 0:
        return False
    return other.expires_at_ms == 0 or one.expires_at_ms < other.expires_at_ms


def current_line(service: Service, rule: Rule, catalogue: str) -> ChargeLine | None:
    """The line (to be read) on which the service is charged now, if this rule of this catalogue did so last."""
    line = service.line
    if line is not None and line.rate.catalogue == catalogue and line.rate.rule_id == rule.rule_id:
        return line
    return None


def _new_line(service: Service, rule: Rule, catalogue: str) -> ChargeLine:
    at = rule.rate
    rate = line_rate(
        rule.rule_id, catalogue, at.price_micros, at.per_units, at.increment, at.rounding, rule.tax
    )
    fresh = ChargeLine(rate, 0, 0)
    service.add_line(fresh)
    return fresh


def _payable(bucket: Bucket, held: Reservation, now_ms: i64) -> i64:
    """The units a bucket pays for: what is available, and after its end what a grant held of it before."""
    if not bucket.is_expired(now_ms):
        return bucket.available(now_ms)
    units = held.units_of(bucket.bucket_id)
    left = bucket.remaining - bucket.reserved
    return units if units < left else left


def charge(
    account: Account,
    service: Service,
    plan: Plan,
    rule: Rule,
    catalogue: str,
    units: i64,
    held: Reservation,
    now_ms: i64,
) -> bool:
    """Charge used units in full. False, and nothing is changed, where the price is beyond any account.

    Money is charged on the service's units so far and rounded once: the line's amount is always the price of
    the line's units, whatever the sizes of the reports. ``held`` is what was reserved for them and is released.
    """
    rate = rule.rate
    line = current_line(service, rule, catalogue)
    charged: i64 = 0 if line is None else line.units
    highest: int = price_micros_of(charged + units, rate)
    if highest > LIMIT_MICROS or (plan.overdraft_allowed and highest > LIMIT_MICROS + account.balance_micros):
        return False
    service.used_units += units
    left = units
    for bucket in usable_buckets(account, plan, rate, service.rating_group):
        taken = _payable(bucket, held, now_ms)
        taken = min(taken, left)
        if taken > 0:
            debit_units(bucket, taken)
            service.take_from_bucket(bucket.bucket_id, taken)
            left -= taken
    if left > 0:
        line = _new_line(service, rule, catalogue) if line is None else service.own_line(line)
        line.units += left
        amount: i64 = highest if left == units else price_micros_of(line.units, rate)
        due = amount - line.amount_micros
        line.amount_micros = amount
        lost = debit_money(account, due, plan.overdraft_allowed)
        service.amount_micros += due - lost
        service.written_off_micros += lost
    return True


def record_unrated(service: Service, units: i64, catalogue: str) -> None:
    """Keep used units that have no price."""
    service.used_units += units
    last = service.line
    if last is not None and last.rate.rule_id == UNRATED:
        service.own_line(last).units += units
        return
    service.add_line(ChargeLine(line_rate(UNRATED, catalogue, 0, 1, 1, 0), units, 0))
