"""Catalogue files: what right ones mean. What is wrong with others is in test_catalogue_mistakes."""

from pathlib import Path

import pytest

from balance.quantity import OCTETS, SECONDS
from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from protocol.messages import ABSENT
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    DENIED,
    NO_RATING_GROUP,
    NOT_CONTROLLED,
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    Catalogue,
    GrantPolicy,
    Rate,
    Rule,
)
from tests.config.catalogue_folder import HEAD, load_plan_rules, write_files


def _rate(rate: Rate) -> tuple[int, int, int, int, int]:
    return rate.unit_kind, rate.price_micros, rate.per_units, rate.increment, rate.rounding


def _grant(policy: GrantPolicy) -> tuple[int, int, int, int, int]:
    return (
        policy.default_units,
        policy.maximum_units,
        policy.validity_time_s,
        policy.threshold_percent,
        policy.quota_holding_time_s,
    )


def _rule(catalogue: Catalogue, group: int, apn: bytes = b"internet", service: str = "data") -> Rule:
    rule = catalogue.plans["p"].rule_for(service, group, apn)
    assert rule is not None
    return rule


def test_price_means_a_rate(tmp_path: Path) -> None:
    """A price per size with increment and rounding is that rate; the octet and rounding up are the defaults."""
    catalogue = load_plan_rules(
        tmp_path,
        "{rating_group: 1, price: 2.50 EUR per 1 MB},"
        "{rating_group: 2, price: 0.05 EUR per 60 s, increment: 10 s, rounding: half up},"
        "{rating_group: 3, price: 1 EUR per 1 GiB, increment: 1 KiB, rounding: down}",
    )
    assert _rate(_rule(catalogue, 1).rate) == (OCTETS, 2_500_000, 1_000_000, 1, ROUND_UP)
    assert _rate(_rule(catalogue, 2).rate) == (SECONDS, 50_000, 60, 10, ROUND_HALF_UP)
    assert _rate(_rule(catalogue, 3).rate) == (OCTETS, 1_000_000, 1 << 30, 1024, ROUND_DOWN)


def test_rating_groups_find_their_rules(tmp_path: Path) -> None:
    """A number, a list, none and any each find the rule that names them, and any finds the rest."""
    catalogue = load_plan_rules(
        tmp_path,
        "{rating_group: 0, price: free, name: zero}, {rating_group: [10, 4294967295], price: free},"
        "{rating_group: none, price: free}, {rating_group: any, price: free}",
    )
    found = [_rule(catalogue, group).rule_id for group in (0, 10, 4294967295, NO_RATING_GROUP, 7)]
    assert found == ["p/zero", "p/data-10-4294967295", "p/data-10-4294967295", "p/data-none", "p/data-any"]
    assert set(catalogue.plans["p"].rules["data"]) == {0, 10, 4294967295, NO_RATING_GROUP, ANY_RATING_GROUP}
    assert catalogue.plans["p"].rule_for("voice", 10, b"internet") is None


def test_any_covers_requests_without_a_rating_group(tmp_path: Path) -> None:
    """Where no rule says none, any answers for it; where none says any, the rest can not be rated."""
    assert (
        _rule(load_plan_rules(tmp_path, "{rating_group: any, price: free}"), NO_RATING_GROUP).action == CHARGE
    )
    plan = load_plan_rules(tmp_path, "{rating_group: 1, price: free}").plans["p"]
    assert plan.rule_for("data", NO_RATING_GROUP, b"") is None
    assert plan.rule_for("data", 2, b"") is None


def test_access_means_an_action(tmp_path: Path) -> None:
    """Free is charged at nothing; the other accesses are actions of their own."""
    catalogue = load_plan_rules(
        tmp_path,
        "{rating_group: 1, price: free}, {rating_group: 2, access: not controlled},"
        "{rating_group: 3, access: denied}",
    )
    assert [_rule(catalogue, group).action for group in (1, 2, 3)] == [CHARGE, NOT_CONTROLLED, DENIED]
    assert _rule(catalogue, 1).rate.price_micros == 0


def test_grant_is_inherited_setting_by_setting(tmp_path: Path) -> None:
    """Each setting of a grant comes from the rule, the plan, the catalogue or is built in, in this order."""
    write_files(
        tmp_path,
        c=HEAD
        + """\
grant: { default: [5 MB, 60 s], validity_time: 10 min, quota_holding_time: 0 s }
plans:
  p:
    name: x
    currency: EUR
    grant: { maximum: 50 MB, threshold: 20 % }
    data:
      - { rating_group: 1, price: free, grant: { default: 1 MB, quota_holding_time: client } }
      - { rating_group: 2, price: free }
      - { rating_group: 3, price: free per 1 s }
""",
    )
    catalogue = load_catalogue(tmp_path)
    assert _grant(_rule(catalogue, 1).grant) == (1_000_000, 50_000_000, 600, 20, ABSENT)
    assert _grant(_rule(catalogue, 2).grant) == (5_000_000, 50_000_000, 600, 20, 0)
    assert _grant(_rule(catalogue, 3).grant) == (60, 3600, 600, 20, 0)


def test_grant_without_a_word_has_the_defaults(tmp_path: Path) -> None:
    """Ten megabytes, a hundred at most, an hour; a maximum alone bounds the default and a default lifts it."""
    catalogue = load_plan_rules(
        tmp_path,
        "{rating_group: 1, price: free}, {rating_group: 2, price: free, grant: {maximum: 1 MB}},"
        "{rating_group: 3, price: free, grant: {default: 1 GB}}",
    )
    assert _grant(_rule(catalogue, 1).grant) == (10_000_000, 100_000_000, 3600, 0, ABSENT)
    assert _grant(_rule(catalogue, 2).grant)[:2] == (1_000_000, 1_000_000)
    assert _grant(_rule(catalogue, 3).grant)[:2] == (10**9, 10**9)


def test_apn_rules_are_asked_first(tmp_path: Path) -> None:
    """The rules of an APN win over the plan's, whatever the case of its name."""
    plan = "name: x, currency: EUR, apns: {IMS: {data: [{rating_group: 1, price: free}]}}"
    catalogue = load_plan_rules(tmp_path, "{rating_group: any, price: 1 EUR per MB}", plan)
    assert _rule(catalogue, 1, b"ims").rule_id == "p/data-1@ims"
    assert _rule(catalogue, 1, b"IMS").rule_id == "p/data-1@ims"
    assert _rule(catalogue, 2, b"ims").rule_id == "p/data-any"
    assert _rule(catalogue, 1, b"internet").rule_id == "p/data-any"


def test_bundles_keep_their_order_and_scope(tmp_path: Path) -> None:
    """Bundles come in the order of the file, each for its rating groups and time."""
    plan = (
        "name: x, currency: EUR, overdraft: forbidden, bundles: {night: {units: 1 GB, rating_group: [1, none]},"
        " all: {units: 60 min, valid_for: 30 d}, eternal: {units: 1 MB, valid_for: ever}}"
    )
    found = load_plan_rules(tmp_path, "{rating_group: any, price: free}", plan).plans["p"]
    assert not found.overdraft_allowed
    bundles = [(b.bundle_id, b.unit_kind, b.units, b.rating_groups, b.valid_for_s) for b in found.bundles]
    assert bundles == [
        ("p/night", OCTETS, 10**9, frozenset({1, NO_RATING_GROUP}), 0),
        ("p/all", SECONDS, 3600, None, 2_592_000),
        ("p/eternal", OCTETS, 10**6, None, 0),
    ]


def test_service_contexts_match_by_suffix(tmp_path: Path) -> None:
    """A Service-Context-Id means a service by its end after a point; others mean none (TS 32.299, 7.1.12)."""
    catalogue = load_plan_rules(tmp_path, "{rating_group: any, price: free}")
    assert catalogue.service_of(b"32251@3gpp.org") == "data"
    assert catalogue.service_of(b"ext.001.01.8.32251@3gpp.org") == "data"
    assert catalogue.service_of(b"8.32260@3gpp.org") == "voice"
    assert catalogue.service_of(b"932251@3gpp.org") == ""


def test_files_of_a_folder_make_one_catalogue(tmp_path: Path) -> None:
    """Plans may lie in several files; other files of the folder are left alone."""
    write_files(
        tmp_path,
        a=HEAD + "emergency_apns: [SOS, sos.mnc001]\n",
        b="plans: {p: {name: x, currency: EUR, data: [{rating_group: any, price: free}]}}\n",
        c="plans: {q: {name: y, currency: USD, voice: [{rating_group: any, price: 1 USD per min}]}}\n",
    )
    (tmp_path / "notes.txt").write_text("not: [yaml")
    (tmp_path / ".hidden.yaml").write_text("not: [yaml")
    catalogue = load_catalogue(tmp_path)
    assert sorted(catalogue.plans) == ["p", "q"]
    assert catalogue.plans["q"].currency == "USD"
    assert catalogue.emergency_apns == {b"sos", b"sos.mnc001"}


def test_version_depends_on_meaning_only(tmp_path: Path) -> None:
    """Comments, layout, spelling and cut into files keep the version; a price changes it."""
    first = load_plan_rules(tmp_path, "{rating_group: any, price: 1.00 EUR per 1 MB}").version
    (tmp_path / "c.yaml").write_text(
        """# the same, otherwise written
plans:
  p:
    currency: EUR
    overdraft: allowed
    name: 'x'
    data:
      - price: 1 EUR per 1_000_000 octets
        rating_group: [any]
        increment: 1 byte
        grant: { default: 10000 kB }
"""
    )
    (tmp_path / "d.yaml").write_text(
        "service_contexts:\n  voice: [32260@3gpp.org]\n  data:\n  - 32251@3gpp.org\n"
    )
    assert load_catalogue(tmp_path).version == first
    assert len(first) == 12
    (tmp_path / "d.yaml").unlink()
    assert load_plan_rules(tmp_path, "{rating_group: any, price: 1.01 EUR per 1 MB}").version != first


def test_path_without_a_catalogue_is_refused(tmp_path: Path) -> None:
    """A path that is not there, and a folder without YAML, are told plainly."""
    with pytest.raises(ConfigError, match="there is no such file or folder"):
        load_catalogue(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"the folder has no \*.yaml file"):
        load_catalogue(tmp_path)
