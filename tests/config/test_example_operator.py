"""The example operator: its price list says what its documentation and the demo rely on."""

from pathlib import Path

import pytest

from balance.quantity import OCTETS
from config.catalogue_file import load_catalogue
from config.catalogue_schema import catalogue_json_schema
from config.price_list import describe_catalogue
from config.settings_schema import EXAMPLE_OPERATOR
from config.subscribers_file import read_subscribers
from rating.catalogue import CHARGE, DENIED, NO_RATING_GROUP, NOT_CONTROLLED, Catalogue, Rule
from rating.pricing import price_micros_of


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The example's catalogue."""
    return load_catalogue(EXAMPLE_OPERATOR)


def _rule(catalogue: Catalogue, plan: str, group: int) -> Rule:
    rule = catalogue.plans[plan].rule_for("data", group, b"internet")
    assert rule is not None
    return rule


@pytest.mark.parametrize("plan", ["payg", "bundle"])
@pytest.mark.parametrize("group", [NO_RATING_GROUP, 0, 1, 4_294_967_295])
def test_one_octet_costs_one_micro(catalogue: Catalogue, plan: str, group: int) -> None:
    """On payg and bundle every octet of every rating group, or none, costs a micro of a euro."""
    rule = _rule(catalogue, plan, group)
    assert catalogue.plans[plan].currency == "EUR"
    assert catalogue.plans[plan].overdraft_allowed
    assert rule.action == CHARGE
    assert [price_micros_of(units, rule.rate) for units in (0, 1, 1_000_000)] == [0, 1, 1_000_000]
    assert (rule.grant.default_units, rule.grant.maximum_units) == (10_000_000, 100_000_000)
    assert (rule.grant.validity_time_s, rule.grant.threshold_percent) == (3600, 0)


def test_bundle_begins_with_a_gigabyte(catalogue: Catalogue) -> None:
    """The bundle is 10^9 octets for any rating group or none, without end."""
    (bundle,) = catalogue.plans["bundle"].bundles
    assert (bundle.unit_kind, bundle.units, bundle.rating_groups, bundle.valid_for_s) == (
        OCTETS,
        10**9,
        None,
        0,
    )
    assert catalogue.plans["payg"].bundles == []


def test_junior_shows_the_other_kinds_of_rules(catalogue: Catalogue) -> None:
    """Junior has groups of their own prices, a free, an uncontrolled and a denied one, and no overdraft."""
    assert not catalogue.plans["junior"].overdraft_allowed
    assert price_micros_of(1, _rule(catalogue, "junior", 10).rate) == 10_000
    assert price_micros_of(1, _rule(catalogue, "junior", 20).rate) == 20_000
    assert price_micros_of(1, _rule(catalogue, "junior", NO_RATING_GROUP).rate) == 500
    assert price_micros_of(10**9, _rule(catalogue, "junior", 30).rate) == 0
    assert _rule(catalogue, "junior", 40).action == NOT_CONTROLLED
    assert _rule(catalogue, "junior", 50).action == DENIED
    assert _rule(catalogue, "junior", 77).rule_id == "junior/data-any"
    assert catalogue.emergency_apns == {b"sos"}


def test_gateways_of_3gpp_and_open5gs_ask_for_data(catalogue: Catalogue) -> None:
    """The Service-Context-Ids of real gateways mean the service data."""
    for context in (b"32251@3gpp.org", b"8.32251@3gpp.org", b"open5gs-smfd@open5gs.org"):
        assert catalogue.service_of(context) == "data"


def test_subscribers_of_the_demo_are_there(catalogue: Catalogue) -> None:
    """A thousand subscribers in a row on all plans, and the test subscriber of Open5GS on payg."""
    rows = list(read_subscribers(EXAMPLE_OPERATOR / "subscribers.csv", catalogue.plans))
    by_msisdn = {row.msisdn: row for row in rows}
    for number in range(1000):
        row = by_msisdn[b"%d" % (447_700_000_000 + number)]
        assert row.imsi == b"%d" % (234_150_000_000_000 + number)
        assert row.account_id == row.msisdn.decode()
    assert {row.plan_id for row in rows} == set(catalogue.plans)
    assert sum(row.plan_id == "payg" for row in rows) > 500
    open5gs = by_msisdn[b"491700000001"]
    assert (open5gs.imsi, open5gs.plan_id) == (b"999700000000001", "payg")


def test_price_list_reads_like_one(catalogue: Catalogue) -> None:
    """The description names plans, prices, increments and what is special, in words."""
    lines = [" ".join(line.split()) for line in describe_catalogue(catalogue).splitlines()]
    assert lines[0] == f"catalogue {catalogue.version}"
    assert "data: Service-Context-Id 32251@3gpp.org, open5gs-smfd@open5gs.org" in lines
    assert "free of charge: APN sos" in lines
    assert "payg: Pay as you go (EUR, overuse may overdraw)" in lines
    price = "1.00 EUR per 1 MB, by 1 octet, rounded up"
    assert f"data, any rating group or none {price} grants 10 MB to 100 MB, valid 1 h" in lines
    assert "1 GB included for all use" in lines
    assert "data, rating group 40 not controlled (4011)" in lines
    assert "data, rating group 50 denied (4010)" in lines


def test_editor_schema_is_current() -> None:
    """The JSON Schema in the repository is the one of the code.

    ``python -c 'from config.catalogue_schema import *; print(catalogue_json_schema(), end="")'`` writes it.
    """
    schema = Path(EXAMPLE_OPERATOR).parents[1] / "catalogue.schema.json"
    assert schema.read_text() == catalogue_json_schema()
