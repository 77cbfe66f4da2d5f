"""Bundles that come anew: when a period is entered, what rolls over, and what stays held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from balance.account import Account
from balance.quantity import OCTETS
from config.time_zones import zone_named
from ocs.charging.renewal import first_bucket, renew_buckets, start_of
from rating.bundles import BundleDefinition
from rating.catalogue import Catalogue, Plan
from rating.periods import DAY, MONTH

BERLIN = zone_named("Europe/Berlin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


def at(text: str) -> int:
    """Epoch milliseconds of a time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)


def monthly(rollover: int = 0, periods: int = 0, recurs: int = MONTH) -> BundleDefinition:
    """A hundred octets a month."""
    return BundleDefinition(
        "plan/gb", OCTETS, 100, None, 0, recurs=recurs, rollover_units=rollover, rollover_periods=periods
    )


def renewed(account: Account, bundle: BundleDefinition, now: str) -> list[tuple[str, int, int]]:
    """The account's buckets after a request at a time: which month, what is left, what is held."""
    plan = Plan("plan", "Plan", "EUR", True, {}, {}, [bundle])
    renew_buckets(account, plan, Catalogue("v", {}, {}, frozenset(), zone=BERLIN), at(now))
    assert account.faults() == []
    return [
        (str(int(bucket.bucket_id.partition("@")[2]) % 12 + 1), bucket.remaining, bucket.reserved)
        for bucket in account.buckets
    ]


def account_of(bundle: BundleDefinition, now: str) -> Account:
    """An account that received the bundle at a time."""
    account = Account("a", "EUR", 0)
    account.buckets += (first_bucket(bundle, BERLIN, at(now)),)
    return account


def test_a_month_begins_at_local_midnight() -> None:
    """Not a second earlier; a month that was left out leaves no bucket."""
    bundle = monthly()
    account = account_of(bundle, "2026-11-05T12:00")
    assert account.buckets[0].expires_at_ms == at("2026-12-01T00:00")
    account.buckets[0].remaining = 30
    assert renewed(account, bundle, "2026-11-30T23:59:59") == [("11", 30, 0)]
    assert renewed(account, bundle, "2026-12-01T00:00:00") == [("12", 100, 0)]
    assert renewed(account, bundle, "2027-03-15T00:00:00") == [("3", 100, 0)]


def test_what_is_left_rolls_over_within_its_bounds() -> None:
    """So much at most, for so many periods, and what was used stays counted."""
    bundle = monthly(rollover=40, periods=1)
    account = account_of(bundle, "2026-11-05T12:00")
    account.buckets[0].remaining = 70
    assert renewed(account, bundle, "2026-12-01T00:00:00") == [("11", 40, 0), ("12", 100, 0)]
    november = account.buckets[0]
    assert (november.initial - november.remaining, november.expires_at_ms) == (30, at("2027-01-01T00:00"))
    assert renewed(account, bundle, "2027-01-01T00:00:00") == [("12", 40, 0), ("1", 100, 0)]


def test_what_a_session_holds_of_the_last_period_stays_until_it_is_reported() -> None:
    """A grant over midnight is paid by the bucket that it was made of."""
    bundle = monthly()
    account = account_of(bundle, "2026-11-05T12:00")
    account.buckets[0].reserved = 60
    assert renewed(account, bundle, "2026-12-01T00:00:00") == [("11", 100, 60), ("12", 100, 0)]
    account.buckets[0].reserved = 0
    assert renewed(account, bundle, "2026-12-02T00:00:00") == [("11", 100, 0), ("12", 100, 0)]
    assert renewed(account, bundle, "2027-01-02T00:00:00") == [("1", 100, 0)]


def test_a_bundle_that_was_never_given_does_not_come() -> None:
    """Offers of a plan are not its parts."""
    assert renewed(Account("a", "EUR", 0), monthly(), "2026-12-01T00:00:00") == []


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "UTC"])
def test_a_day_begins_when_its_date_does(name: str) -> None:
    """Also where the clocks leave midnight out, or have it twice."""
    zone, local = zone_named(name), ZoneInfo(name)
    for number in range(20_000, 22_200):
        start = datetime.fromtimestamp(int(start_of(zone, number)) // 1000, UTC)
        day = EPOCH + timedelta(days=number)
        assert start.astimezone(local).date() == day
        assert (start - timedelta(seconds=1)).astimezone(local).date() < day


def test_daily_bundles_come_every_day() -> None:
    """Through the days on which the clocks change."""
    bundle = monthly(recurs=DAY)
    account = account_of(bundle, "2026-10-24T12:00")
    for day in ("2026-10-25T00:00", "2026-10-25T23:59", "2026-10-26T00:00"):
        account.buckets[0].remaining = 1
        plan = Plan("plan", "Plan", "EUR", True, {}, {}, [bundle])
        renew_buckets(account, plan, Catalogue("v", {}, {}, frozenset(), zone=BERLIN), at(day))
    assert [bucket.remaining for bucket in account.buckets] == [100]
