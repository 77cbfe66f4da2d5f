"""Rules without a tariff cost by ``price`` what the online service charges for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from balance.quantity import OCTETS
from rating.bundles import MONEY, BundleDefinition
from rating.catalogue import ANY_RATING_GROUP, Catalogue, GrantPolicy, Plan
from rating.conditions import Attributes
from rating.engine import afford, apply, price
from rating.pricing import price_micros_of
from rating.rates import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Rate
from rating.rule import CHARGE, Rule
from rating.usage import Context, Funds, Pot, Standing, Usage

GRANT = GrantPolicy(1, 1, 1, 0, -1)
RATES = st.builds(
    Rate,
    unit_kind=st.just(OCTETS),
    price_micros=st.integers(0, 1000),
    per_units=st.integers(1, 100),
    increment=st.integers(1, 50),
    rounding=st.sampled_from([ROUND_UP, ROUND_HALF_UP, ROUND_DOWN]),
)


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """A plan of data with a bundle for rating group 7, one for all, and credit."""
    rule = Rule("data/any", CHARGE, draw(RATES), GRANT)
    bundles = [
        BundleDefinition("data/seven", OCTETS, 0, frozenset([7]), 0),
        BundleDefinition(
            "data/all", OCTETS, 0, None, 0, services=draw(st.sampled_from([None, frozenset(["voice"])]))
        ),
        BundleDefinition("data/credit", MONEY, 0, None, 0),
    ]
    pots = [
        Pot(
            bundle.bundle_id, bundle.unit_kind, draw(st.integers(0, 300)), draw(st.sampled_from([0, 500, 2000]))
        )
        for bundle in draw(st.lists(st.sampled_from(bundles), unique=True))
    ]
    plan = Plan("data", "Data", "EUR", True, {"data": {ANY_RATING_GROUP: rule}}, {}, bundles)
    return Context(Catalogue("v", {"data": plan}, {}, frozenset()), "data", standing=Standing(pots=pots))


def usage_of(units: int, group: bytes) -> Usage:
    """Octets of a rating group."""
    return Usage("data", 1000, octets=units, attributes=Attributes(rating_group=group))


@given(context=contexts(), units=st.integers(0, 2000), group=st.sampled_from([b"", b"7", b"8"]))
def test_pots_pay_reported_units_and_money_pays_the_rest(context: Context, units: int, group: bytes) -> None:
    """Pots that are alive and meant for the usage, then the price of what is left, then credit."""
    charge = price(usage_of(units, group), context)
    plan = context.catalogue.plans["data"]
    rate = plan.rules["data"][ANY_RATING_GROUP].rate
    held, credit = 0, 0
    for pot in context.standing.pots:
        bundle = next(one for one in plan.bundles if one.bundle_id == pot.bundle_id)
        meant = bundle.rating_groups is None or group == b"7"
        if meant and bundle.services is None and pot.expires_at_ms != 500:
            held += pot.units if pot.unit_kind == OCTETS else 0
            credit += pot.units if pot.unit_kind == MONEY else 0
    paid = min(units, held) if rate.price_micros else 0
    assert sum(use.units for use in charge.pot_uses if use.unit_kind == OCTETS) == paid
    assert charge.amount_micros == price_micros_of(units - paid, rate)
    assert charge.due_micros == max(charge.amount_micros - credit, 0)
    before = sum(pot.units for pot in context.standing.pots)
    apply(charge, context.standing)
    assert before - sum(pot.units for pot in context.standing.pots) == sum(use.units for use in charge.pot_uses)
    assert min((pot.units for pot in context.standing.pots), default=0) >= 0


@given(context=contexts(), money=st.integers(-5, 3000), group=st.sampled_from([b"", b"7"]))
def test_afford_is_the_inverse_of_price_of_flat_rules(context: Context, money: int, group: bytes) -> None:
    """What is affordable is payable, and one octet more is not; a debt buys what costs nothing."""
    units = afford(Funds(money), context, usage_of(0, group), 10**6)
    assert price(usage_of(units, group), context).due_micros <= max(money, 0)
    if units < 10**6:
        assert price(usage_of(units + 1, group), context).due_micros > max(money, 0)
