"""Buckets of one bundle: what a usage takes is taken from each of them, whatever they have in common."""

from __future__ import annotations

import pytest

from balance.account import Account, Bucket
from balance.operations import Reservation
from balance.quantity import OCTETS
from balance.subscriber import ACTIVE, Subscriber
from ocs.charging.decision import decide
from ocs.charging.metering import purse_of
from ocs.charging.session import SessionIdentity
from rating.bundles import BundleDefinition
from rating.catalogue import CHARGE, Catalogue, Plan, Rule
from rating.rates import ROUND_UP, Rate
from rating.selection import Entry, build_selectors
from rating.tariff import Tariff, Tier
from tests.ocs.charging.building import MSISDN, NOW_MS, POLICY, grant_policy, initial, mscc, termination

ENDS_MS = NOW_MS + 1_000_000


def catalogue_of(bundle: BundleDefinition) -> Catalogue:
    """A plan whose one rule has a tariff with the bundle: a micro an octet."""
    rate = Rate(OCTETS, 1, 1, 1, ROUND_UP)
    tariff = Tariff(OCTETS, [Tier(1 << 62, [rate])], bundles=[bundle])
    rule = Rule("plan/data", CHARGE, rate, grant_policy(), tariff=tariff)
    selectors = build_selectors([Entry("data", rule)]).selectors
    plan = Plan("plan", "Plan", "EUR", True, {}, {}, [bundle], selectors=selectors)
    return Catalogue("v", {"plan": plan}, {b"32251@3gpp.org": "data"}, frozenset())


@pytest.mark.parametrize("ends_ms", [ENDS_MS, 0])
def test_buckets_that_end_together_are_told_apart(ends_ms: int) -> None:
    """What rolled over ends with what is new: both are used up, the older one first."""
    account = Account("A", "EUR", 1000)
    account.buckets = (
        Bucket("plan/gb+gift", OCTETS, 40, 40, 0, ends_ms),
        Bucket("plan/gb", OCTETS, 100, 100, 0, ends_ms),
    )
    prices = catalogue_of(BundleDefinition("plan/gb", OCTETS, 100, None, 0))
    subscriber = Subscriber(MSISDN, b"", "A", "plan", ACTIVE)
    opened = decide(initial(mscc(want=150)), None, subscriber, account, prices, POLICY, NOW_MS)
    assert opened.account is not None
    assert opened.session is not None
    assert [bucket.reserved for bucket in opened.account.buckets] == [40, 100]
    assert opened.account.reserved_micros == 10
    closed = decide(termination(1, mscc(used=60)), opened.session, None, opened.account, prices, POLICY, NOW_MS)
    assert closed.account is not None
    assert [bucket.remaining for bucket in closed.account.buckets] == [0, 80]
    assert (closed.account.balance_micros, closed.account.reserved_micros) == (1000, 0)
    assert closed.account.faults() == []


def test_each_bucket_has_a_pot_of_its_own() -> None:
    """No two pots have the same bundle and end, so that each use leads to its bucket."""
    account = Account("A", "EUR", 0)
    account.buckets = tuple(
        Bucket(f"plan/gb@{number}", OCTETS, 10, 10, 0, ends)
        for number, ends in enumerate((0, 0, ENDS_MS, ENDS_MS, ENDS_MS + 1))
    )
    who = SessionIdentity(b"", "A", b"", b"", "plan", "data", b"")
    purse = purse_of(account, who, None, Reservation(), NOW_MS)
    ends = [pot.expires_at_ms for pot in purse.standing.pots]
    assert len(set(ends)) == 5
    assert [purse.bucket_of("plan/gb", end).bucket_id for end in ends] == [
        bucket.bucket_id for bucket in account.buckets
    ]
