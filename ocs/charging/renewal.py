"""Bundles that come anew every day, week or month: buckets that are made when a period is entered.

Nothing runs at midnight: the first request of a period finds the buckets of the one before and makes new ones.
A bucket of a period is called ``bundle@number``; what rolls over stays in its bucket, which ends later.
"""

from __future__ import annotations

from mypy_extensions import i64

from balance.account import Account, Bucket
from ocs.charging.metering import GENERATION, bundle_of
from rating.bundles import BundleDefinition
from rating.calendar import DAY_S, Zone
from rating.catalogue import Catalogue, Plan
from rating.periods import EVER, first_day, period_number


def renew_buckets(account: Account, plan: Plan, catalogue: Catalogue, now_ms: i64) -> None:
    """Give an account the buckets of the current periods of its plan's recurring bundles.

    A bundle that the account never had is not given: it is an offer, not a part of the plan that was loaded.
    """
    for bundle in plan.bundles:
        if bundle.recurs != EVER:
            zone = plan.zone
            if zone is None:
                zone = catalogue.zone
            _renew(account, bundle, zone, now_ms)


def first_bucket(bundle: BundleDefinition, zone: Zone, now_ms: i64) -> Bucket:
    """The bucket of a bundle for an account that receives it now; ``zone`` is its plan's."""
    if bundle.recurs != EVER:
        return _bucket(bundle, period_number(bundle.recurs, zone, now_ms), zone)
    ends_ms: i64 = now_ms + bundle.valid_for_s * 1000 if bundle.valid_for_s else 0
    return Bucket(bundle.bundle_id, bundle.unit_kind, bundle.units, bundle.units, 0, ends_ms)


def _renew(account: Account, bundle: BundleDefinition, zone: Zone, now_ms: i64) -> None:
    number = period_number(bundle.recurs, zone, now_ms)
    found = False
    for bucket in account.buckets:
        if bundle_of(bucket) == bundle.bundle_id:
            found = True
            if number_of(bucket) >= number:
                return
    if not found:
        return
    ends_ms = start_of(zone, first_day(bundle.recurs, number + 1))
    kept: list[Bucket] = []
    room: i64 = bundle.rollover_units
    for bucket in account.buckets:
        if bundle_of(bucket) != bundle.bundle_id or number_of(bucket) < 0:
            kept.append(bucket)
            continue
        age = number - number_of(bucket)
        rolls = age <= bundle.rollover_periods and room > 0
        left = bucket.remaining - bucket.reserved
        if rolls and left > 0:
            excess: i64 = left - room if left > room else 0
            bucket.initial -= excess
            bucket.remaining -= excess
            room -= left - excess
            bucket.expires_at_ms = ends_ms
            kept.append(bucket)
        elif bucket.reserved > 0:
            kept.append(bucket)
    kept.append(_bucket(bundle, number, zone))
    account.buckets = tuple(kept)


def _bucket(bundle: BundleDefinition, number: i64, zone: Zone) -> Bucket:
    ends_ms = start_of(zone, first_day(bundle.recurs, number + 1))
    name = bundle.bundle_id + GENERATION + str(number)
    return Bucket(name, bundle.unit_kind, bundle.units, bundle.units, 0, ends_ms)


def number_of(bucket: Bucket) -> i64:
    """The number of the period that a bucket is for; -1 where it is for none."""
    name = bucket.bucket_id
    at = name.find(GENERATION)
    return -1 if at < 0 else int(name[at + 1 :])


def start_of(zone: Zone, day: i64) -> i64:
    """The instant (ms) at which a local day begins; where the clocks leave midnight out, the first after it."""
    local_s: i64 = day * DAY_S
    before: i64 = zone.offset_s(local_s - DAY_S)
    after: i64 = zone.offset_s(local_s + DAY_S)
    early: i64 = local_s - (before if before > after else after)
    late: i64 = local_s - (after if before > after else before)
    if early + zone.offset_s(early) >= local_s:
        return early * 1000
    return late * 1000
