"""The catalogue of the simulation."""

from typing import Final

from balance.quantity import OCTETS
from rating.calendar import Zone
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    ROUND_UP,
    BundleDefinition,
    Catalogue,
    GrantPolicy,
    Plan,
    Rate,
    Rule,
)
from rating.fees import OWE, Fee
from rating.periods import DAY

VALIDITY_TIME_S = 60
FEE_MICROS: Final = 300
MIDNIGHT_S: Final = 30
"""A day begins so many seconds after a simulation does."""
_BEGINS_S: Final = 1_800_000_000
_ZONE: Final = Zone("Nowhere", [0], [86_400 - _BEGINS_S % 86_400 - MIDNIGHT_S])


def catalogue(version: str, price_micros: int) -> Catalogue:
    """Four plans: overdraft, no overdraft, a bundle before money, and a fee each day that waits for nothing."""
    rate = Rate(OCTETS, price_micros, 1, 1, ROUND_UP)
    grant = GrantPolicy(1000, 100_000, VALIDITY_TIME_S, 20, -1)
    bundle = BundleDefinition("bundle", OCTETS, 10_000, None, 0)
    fee = Fee("daily/fee", FEE_MICROS, DAY, unpaid=OWE)
    plans = {}
    for name, overdraft, bundles, fees in (
        ("payg", True, [], []),
        ("junior", False, [], []),
        ("bundle", True, [bundle], []),
        ("daily", False, [], [fee]),
    ):
        rules = {"data": {ANY_RATING_GROUP: Rule(f"{name}/any", CHARGE, rate, grant)}}
        plans[name] = Plan(name, name, "EUR", overdraft, rules, {}, list(bundles), fees=list(fees))
    return Catalogue(version, plans, {b"32251@3gpp.org": "data"}, frozenset(), zone=_ZONE)
