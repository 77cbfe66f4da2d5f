"""The catalogue of the simulation."""

from balance.quantity import OCTETS
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

VALIDITY_TIME_S = 60


def catalogue(version: str, price_micros: int) -> Catalogue:
    """Three plans: overdraft, no overdraft, and a bundle before money."""
    rate = Rate(OCTETS, price_micros, 1, 1, ROUND_UP)
    grant = GrantPolicy(1000, 100_000, VALIDITY_TIME_S, 20, -1)
    bundle = BundleDefinition("bundle", OCTETS, 10_000, None, 0)
    plans = {}
    for name, overdraft, bundles in (("payg", True, []), ("junior", False, []), ("bundle", True, [bundle])):
        rules = {"data": {ANY_RATING_GROUP: Rule(f"{name}/any", CHARGE, rate, grant)}}
        plans[name] = Plan(name, name, "EUR", overdraft, rules, {}, list(bundles))
    return Catalogue(version, plans, {b"32251@3gpp.org": "data"}, frozenset())
