"""The example operator: its price list says what its documentation and the demo rely on."""

from pathlib import Path

import pytest

from balance.quantity import OCTETS
from config.catalogue_file import check_catalogue, load_catalogue
from config.catalogue_schema import catalogue_json_schema
from config.price_list import describe_catalogue
from config.settings_schema import EXAMPLE_OPERATOR
from config.subscribers_file import SubscriberRow, read_subscribers
from ocs.demo.run import CUSTOMERS, FIRST_IMSI, FIRST_MSISDN
from ocs.simulation.profile import LoadProfile
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


@pytest.fixture(scope="module")
def rows(catalogue: Catalogue) -> list[SubscriberRow]:
    """The example's subscribers."""
    return list(read_subscribers(EXAMPLE_OPERATOR / "subscribers.csv", catalogue.plans))


def test_load_generators_find_subscribers_they_cannot_empty(rows: list[SubscriberRow]) -> None:
    """The first thousand are in a row from the generators' default on, payg, with ten million euros each."""
    usual = LoadProfile()
    assert usual.subscribers == 1000
    for number, row in enumerate(rows[: usual.subscribers]):
        assert row.msisdn == b"%d" % (int(usual.msisdn_base) + number)
        assert row.imsi == b"%d" % (int(usual.imsi_base) + number)
        assert (row.account_id, row.plan_id) == (row.msisdn.decode(), "payg")
        assert row.opening_micros == 10_000_000 * 1_000_000


def test_customers_of_the_demo_have_little_money(rows: list[SubscriberRow]) -> None:
    """The demo's customers follow in a row, on the three plans of data, some with little money."""
    customers = rows[1000 : 1000 + CUSTOMERS]
    for number, row in enumerate(customers):
        assert row.msisdn == b"%d" % (int(FIRST_MSISDN) + number)
        assert row.imsi == b"%d" % (int(FIRST_IMSI) + number)
    assert {row.plan_id for row in customers} == {"payg", "bundle", "junior"}
    balances = [row.opening_micros for row in customers]
    assert min(balances) == 5_000_000
    assert max(balances) == 250_000_000


def test_open5gs_finds_its_test_subscriber(rows: list[SubscriberRow]) -> None:
    """The usual UE of Open5GS is there once, on payg with 100 euros."""
    (open5gs,) = rows[1000 + CUSTOMERS :]
    assert (open5gs.imsi, open5gs.msisdn) == (b"999700000000001", b"491700000001")
    assert (open5gs.plan_id, open5gs.opening_micros) == ("payg", 100_000_000)


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


def test_everything_an_operator_sells_has_an_example(catalogue: Catalogue) -> None:
    """Prepaid, postpaid and hybrid plans, and each service, have examples that are proved when it is read."""
    checked = check_catalogue(EXAMPLE_OPERATOR)
    assert checked.issues == []
    assert {example.usage.service for example in checked.examples} == {"data", "voice", "sms", "mms", "iot"}
    payments = {catalogue.plans[example.plan_id].payment for example in checked.examples}
    assert payments == {"prepaid", "postpaid", "hybrid"}
    proved = {example.plan_id for example in checked.examples}
    assert {"payg", "bundle", "junior", "talk", "comfort", "family", "meter", "enterprise"} <= proved
    assert any(example.usage.attributes.network.startswith(b"228") for example in checked.examples)


def test_price_list_has_what_rules_ask_for_and_what_plans_offer(catalogue: Catalogue) -> None:
    """Conditions, bands, tiers, decks, fees, bundles, caps, discounts and add-ons are in words."""
    text = describe_catalogue(catalogue)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("talk: "))
    assert lines[start] == "talk: Talk, prepaid (EUR, never below zero)"
    assert "cap day-data: at most 2.50 EUR per day" in lines
    assert "discount tenth: 100 % off, every 10th usage" in lines
    assert (
        "fee monthly: 14.99 EUR every month, in advance, parts of a period in proportion, tax telecom" in lines
    )
    bands = "peak 0.09 EUR per 1 min, weekend 0.03 EUR per 1 min, off-peak 0.05 EUR per 1 min"
    assert f"voice, destination home, direction outgoing {bands} by 1 min, rounded up, tax telecom" in lines
    assert any("as in deck international" in line for line in lines)
    assert any(
        line.startswith("sms, any rating group or none 0.07 EUR") and "tax telecom, grants" in line
        for line in lines
    )
    assert any(line.startswith("add-on swiss-week: A week in Switzerland (4.99 EUR, for ") for line in lines)
    tiers = "up to 1 h 0.19 EUR per 1 min; up to 2 h 0.12 EUR per 1 min; then 0.06 EUR per 1 min"
    assert any(tiers in line and "tiers of minutes-abroad" in line for line in lines)
    assert "comfort: Comfort (EUR, postpaid, overuse may overdraw, from 2027-01-01)" in lines
