"""The catalogue answers which rule and which service a request means."""

import pytest

from balance.quantity import OCTETS
from rating.catalogue import (
    ANY_RATING_GROUP,
    CHARGE,
    EARLIER_KEPT,
    NO_RATING_GROUP,
    ROUND_UP,
    Catalogue,
    GrantPolicy,
    Plan,
    Rate,
    Rule,
)
from rating.plan_tables import LOW_GROUPS


def _rule(name: str) -> Rule:
    return Rule(name, CHARGE, Rate(OCTETS, 1, 1, 1, ROUND_UP), GrantPolicy(1, 1, 1, 0, -1))


def test_rule_of_the_group_wins_over_any_and_apn_over_plan() -> None:
    """The order is: the APN's group, the APN's any, the plan's group, the plan's any, nothing."""
    plan = Plan(
        "p",
        "P",
        "EUR",
        True,
        {"data": {1: _rule("one"), ANY_RATING_GROUP: _rule("any")}, "voice": {NO_RATING_GROUP: _rule("none")}},
        {b"ims": {"data": {1: _rule("apn-one")}}, b"web": {"data": {ANY_RATING_GROUP: _rule("apn-any")}}},
        [],
    )
    asked = [
        ("data", 1, b"ims", "apn-one"),
        ("data", 1, b"IMS", "apn-one"),
        ("data", 2, b"ims", "any"),
        ("data", 1, b"web", "apn-any"),
        ("data", 1, b"other", "one"),
        ("data", NO_RATING_GROUP, b"", "any"),
        ("voice", NO_RATING_GROUP, b"ims", "none"),
        ("voice", 1, b"ims", ""),
        ("mail", 1, b"ims", ""),
    ]
    for service, group, apn, name in asked:
        rule = plan.rule_for(service, group, apn)
        assert (rule.rule_id if rule is not None else "") == name


@pytest.mark.parametrize("others", [True, False])
def test_low_and_high_rating_groups_are_found_alike(others: bool) -> None:
    """Groups that are looked up in a row and those that are searched for: their rule, or the one for any."""
    named = {0: "zero", LOW_GROUPS - 1: "last", LOW_GROUPS: "first", 0xFFFFFFFF: "highest"}
    rules = {group: _rule(name) for group, name in named.items()}
    if others:
        rules[ANY_RATING_GROUP] = _rule("any")
    plan = Plan("p", "P", "EUR", True, {"data": rules}, {}, [])
    for group in (*named, 1, LOW_GROUPS - 2, LOW_GROUPS + 1, NO_RATING_GROUP):
        rule = plan.rule_for("data", group, b"")
        expected = named.get(group, "any" if others else "")
        assert (rule.rule_id if rule is not None else "") == expected


def test_service_is_remembered_without_end_of_memory() -> None:
    """Contexts mean the same the second time, and made-up ones do not fill the memory."""
    catalogue = Catalogue("v", {}, {b"32251@3gpp.org": "data"}, frozenset())
    assert [catalogue.service_of(b"8.32251@3gpp.org") for _ in range(2)] == ["data", "data"]
    assert all(catalogue.service_of(b"%d@x" % number) == "" for number in range(2000))
    assert catalogue.service_of(b"32251@3gpp.org") == "data"


def test_a_plan_is_the_version_that_holds() -> None:
    """Before its first version a plan is not there; a later one takes its place when it begins."""
    old, new = (
        Plan("p", name, "EUR", True, {}, {}, [], valid_from_ms=since) for name, since in (("o", 10), ("n", 20))
    )
    catalogue = Catalogue("v", {"p": new}, {}, frozenset(), versions={"p": [old, new]})
    assert catalogue.plans_at(9) == {}
    assert [catalogue.plans_at(at)["p"].name for at in (10, 19, 20)] == ["o", "o", "n"]


def test_what_is_forgotten_comes_back_to_be_freed() -> None:
    """A catalogue that takes another's place says which no longer hold; each is said once."""
    current = _named("v0")
    said: list[str] = []
    for number in range(1, EARLIER_KEPT + 3):
        following = _named(f"v{number}")
        said += [each.version for each in following.follow(current)]
        current = following
    assert said == ["v0", "v1"]
    assert current.under("v1") is current
    assert current.under("v2").version == "v2"
    same = _named(current.version)
    assert same.follow(current) == [current]
    again = _named("v5")
    assert [each.version for each in again.follow(same)] == ["v5"]


def _named(version: str) -> Catalogue:
    return Catalogue(version, {}, {}, frozenset())
