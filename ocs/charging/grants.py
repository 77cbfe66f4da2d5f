"""Granting quota: sized by plan and request, bounded by what the account affords (RFC 8506, 5.1-5.6)."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.account import Account, Bucket
from balance.operations import reserve_money, reserve_units
from balance.quantity import OCTETS, SECONDS
from ocs.charging.metering import Purse, reserve_metered
from ocs.charging.rated_service import Service
from ocs.charging.usage import current_line, usable_buckets
from protocol.messages import MultipleServicesCreditControl, ServiceAnswer
from protocol.result_codes import CREDIT_LIMIT_REACHED, RATING_FAILED, SUCCESS
from rating.catalogue import GrantPolicy, Plan, Rate, Rule
from rating.meter import Meter
from rating.meter_state import save_meter
from rating.pricing import affordable_units, price_micros_of

FINAL_UNIT_TERMINATE: Final = 0
MAX_THRESHOLD: Final = 0xFFFFFFFF


def wanted_units(mscc: MultipleServicesCreditControl, unit_kind: i64, policy: GrantPolicy) -> i64:
    """What a Requested-Service-Unit asks for of this kind, else the plan's default; at most its maximum."""
    if unit_kind == OCTETS:
        wanted = mscc.requested_octets
    elif unit_kind == SECONDS:
        wanted = mscc.requested_time_s
    else:
        wanted = mscc.requested_specific_units
    if wanted <= 0:
        wanted = policy.default_units
    return wanted if wanted < policy.maximum_units else policy.maximum_units


def grant(
    account: Account,
    service: Service,
    plan: Plan,
    rule: Rule,
    catalogue: str,
    wanted: i64,
    answer: ServiceAnswer,
    now_ms: i64,
) -> None:
    """Reserve up to ``wanted`` units for a service that holds nothing, and say so in its answer.

    No unit at all: 4012. The last units that the account affords carry a Final-Unit-Indication TERMINATE.
    """
    rate = rule.rate
    left = wanted
    validity_time_s = rule.grant.validity_time_s
    more_in_buckets = False
    for bucket in usable_buckets(account, plan, rate, service.rating_group):
        held = bucket.available(now_ms)
        if held > left:
            more_in_buckets = True
            held = left
        if held > 0:
            reserve_units(bucket, service.reserve_anew(), held)
            left -= held
            validity_time_s = _until_end(bucket, validity_time_s, now_ms)
    final = False
    if rate.price_micros > 0 and not more_in_buckets:
        line = current_line(service, rule, catalogue)
        charged: i64 = 0 if line is None else line.units
        left, final = _reserve_affordable(account, service, rate, charged, left)
    elif rate.price_micros == 0:
        left = 0
    granted = wanted - left
    if granted <= 0:
        answer.result_code = CREDIT_LIMIT_REACHED
        return
    service.granted = granted
    service.granted_under = catalogue
    service.unit_kind = rate.unit_kind
    service.validity_time_s = validity_time_s
    answer.validity_time_s = validity_time_s
    _answer_grant(answer, rule.grant, rate.unit_kind, granted, final)


def grant_metered(
    service: Service,
    rule: Rule,
    meter: Meter,
    purse: Purse,
    version: str,
    wanted: i64,
    answer: ServiceAnswer,
    now_ms: i64,
) -> None:
    """The same for a rule with a tariff. The client comes back when its price may become another.

    5031 where the tariff has no price for this usage.
    """
    if meter.refusal:
        answer.result_code = RATING_FAILED
        return
    promise = reserve_metered(service, meter, purse, wanted, now_ms)
    if promise.granted <= 0:
        answer.result_code = CREDIT_LIMIT_REACHED
        return
    validity_time_s = rule.grant.validity_time_s
    switch_s = (promise.until_ms - now_ms + 999) // 1000
    if switch_s < validity_time_s or validity_time_s <= 0:
        validity_time_s = switch_s
    unit_kind = rule.unit_kind()
    service.granted = promise.granted
    service.granted_under = version
    service.unit_kind = unit_kind
    service.validity_time_s = validity_time_s
    service.meter = save_meter(meter, version)
    answer.validity_time_s = validity_time_s
    _answer_grant(answer, rule.grant, unit_kind, promise.granted, promise.final)


def _until_end(bucket: Bucket, validity_time_s: i64, now_ms: i64) -> i64:
    """The Validity-Time of units of a bucket: not beyond the bucket's end."""
    if bucket.expires_at_ms == 0:
        return validity_time_s
    left_s = (bucket.expires_at_ms - now_ms + 999) // 1000
    return left_s if left_s < validity_time_s or validity_time_s <= 0 else validity_time_s


def _reserve_affordable(
    account: Account, service: Service, rate: Rate, charged_units: i64, wanted: i64
) -> tuple[i64, bool]:
    """Reserve money for the affordable wanted units; how many are left, and whether no more is affordable."""
    available = account.available_micros()
    if available < 0:
        return wanted, True
    affordable: i64 = affordable_units(available, rate, charged_units)
    taken = wanted if wanted < affordable else affordable
    if taken > 0:
        price: i64 = price_micros_of(charged_units + taken, rate) - price_micros_of(charged_units, rate)
        reserve_money(account, service.reserve_anew(), price)
    return wanted - taken, affordable <= wanted


def _answer_grant(
    answer: ServiceAnswer, policy: GrantPolicy, unit_kind: i64, granted: i64, final: bool
) -> None:
    answer.result_code = SUCCESS
    answer.granted_kind = unit_kind
    answer.granted = granted
    answer.quota_holding_time_s = policy.quota_holding_time_s
    if final:
        answer.final_unit_action = FINAL_UNIT_TERMINATE
    elif policy.threshold_percent > 0:
        threshold = granted * policy.threshold_percent // 100
        if threshold > 0:
            answer.threshold = threshold if threshold < MAX_THRESHOLD else MAX_THRESHOLD
