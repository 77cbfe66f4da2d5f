"""Which rule is chosen: against a plain search over all rules, and the order of strength by example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balance.quantity import SECONDS
from rating.attributes import (
    APN,
    CALLED,
    DESTINATION,
    DESTINATION_GROUP,
    DIRECTION,
    LOCATION,
    NETWORK,
    NETWORK_GROUP,
    QOS_CLASS,
    RAT_TYPE,
    RATING_GROUP,
    SERVICE_IDENTIFIER,
    SLICE,
    SUBSCRIBER_GROUP,
)
from rating.catalogue import Catalogue, GrantPolicy, Plan
from rating.conditions import Attributes, Condition
from rating.prefixes import zones_of
from rating.rates import ROUND_UP, Rate
from rating.rule import CHARGE, Rule
from rating.selection import Entry, Selection, SelectionError, build_selectors
from rating.sharing import Sharing
from rating.situation import Situation
from rating.tariff import Tariff, Tier

ASKED = (SUBSCRIBER_GROUP, CALLED, APN, DIRECTION)
VALUES = (b"", b"a", b"b", b"c")
GRANT = GrantPolicy(1, 1, 1, 0, -1)
RATE = Rate(SECONDS, 1, 1, 1, ROUND_UP)


def rule_of(
    name: str, conditions: list[Condition], priority: int = 0, since: int = 0, until: int = 100
) -> Rule:
    """A rule that holds for a while."""
    return Rule(
        name,
        CHARGE,
        RATE,
        GRANT,
        conditions=conditions,
        priority=priority,
        valid_from_ms=since,
        valid_until_ms=until,
    )


def plan_of(selection: Selection) -> Plan:
    """A plan that has these rules with conditions only."""
    return Plan("p", "p", "EUR", True, {}, {}, [], selectors=selection.selectors)


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    """Rules with any conditions, priorities and times."""
    found = []
    for number in range(draw(st.integers(1, 8))):
        asked = draw(st.lists(st.sampled_from(ASKED), unique=True, max_size=3))
        conditions = [
            Condition(each, frozenset(draw(st.lists(st.sampled_from(VALUES), min_size=1, max_size=3))))
            for each in asked
        ]
        since, until = draw(st.sampled_from([(0, 100), (0, 100), (0, 50), (50, 100)]))
        found.append(rule_of(f"rule-{number}", conditions, draw(st.sampled_from([0, 0, 1])), since, until))
    return found


def attributes_of(values: tuple[bytes, ...]) -> Attributes:
    """Attributes in the order of ASKED."""
    group, called, apn, direction = values
    return Attributes(subscriber_group=group, called=called, apn=apn, direction=direction)


def strongest(found: list[Rule], values: tuple[bytes, ...], at_ms: int) -> set[str]:
    """The strongest rules that match, by looking at all of them; several where none is stronger."""
    matching = []
    for rule in found:
        asked = {condition.attribute: condition.values for condition in rule.conditions}
        holds = all(value in asked.get(name, {value}) for name, value in zip(ASKED, values, strict=True))
        if holds and rule.valid_from_ms <= at_ms < rule.valid_until_ms:
            matching.append(((rule.priority, [name in asked for name in ASKED]), rule.rule_id))
    best = max((strength for strength, _ in matching), default=None)
    return {rule_id for strength, rule_id in matching if strength == best}


def both_match(one: Rule, other: Rule) -> set[str]:
    """The ids of two rules where one usage matches both at one time and neither is stronger."""
    asked = {condition.attribute: condition.values for condition in one.conditions}
    same = {condition.attribute: condition.values for condition in other.conditions}
    alike = asked.keys() == same.keys() and one.priority == other.priority
    common = alike and all(asked[name] & same[name] for name in asked)
    times = max(one.valid_from_ms, other.valid_from_ms) < min(one.valid_until_ms, other.valid_until_ms)
    return {one.rule_id, other.rule_id} if common and times else set()


@given(found=rules(), asked=st.lists(st.tuples(*[st.sampled_from(VALUES)] * 4), min_size=1, max_size=8))
def test_the_strongest_rule_that_matches_is_chosen(found: list[Rule], asked: list[tuple[bytes, ...]]) -> None:
    """And where two are equally strong for any usage, that is told, and no such catalogue is used."""
    selection = build_selectors([Entry("voice", rule) for rule in found])
    for one, other in selection.ambiguous:
        assert both_match(one, other)
    plan = plan_of(selection)
    for values in [] if selection.ambiguous else asked:
        for at_ms in (0, 50, 99):
            rule = plan.select("voice", Situation(attributes_of(values)), at_ms)
            expected = strongest(found, values, at_ms)
            assert expected == ({rule.rule_id} if rule is not None else set())


def test_two_rules_are_ambiguous_only_where_values_and_times_overlap() -> None:
    """The same attributes and priority, one usage that both match at one time."""
    a, b = frozenset([b"a", b"x"]), frozenset([b"b", b"x"])
    cases = [
        ([Condition(APN, a)], [Condition(APN, b)], 0, 1),
        ([Condition(APN, a)], [Condition(APN, frozenset([b"b"]))], 0, 0),
        ([Condition(APN, a)], [Condition(APN, b)], 50, 0),
        ([Condition(APN, a)], [Condition(APN, b), Condition(DIRECTION, a)], 0, 0),
        ([], [], 0, 1),
    ]
    for one, other, until, pairs in cases:
        first = rule_of("one", one, until=until or 100)
        second = rule_of("other", other, since=until)
        assert len(build_selectors([Entry("v", first), Entry("v", second)]).ambiguous) == pairs
        assert not build_selectors([Entry("v", first), Entry("w", second)]).ambiguous


ORDER = (
    (SUBSCRIBER_GROUP, b"staff"),
    (CALLED, b"49301"),
    (DESTINATION, b"germany"),
    (DESTINATION_GROUP, b"eu"),
    (NETWORK, b"france"),
    (NETWORK_GROUP, b"eu"),
    (LOCATION, b"station"),
    (APN, b"web"),
    (SLICE, b"1-000001"),
    (SERVICE_IDENTIFIER, b"7"),
    (RATING_GROUP, b"10"),
    (QOS_CLASS, b"9"),
    (RAT_TYPE, b"nr"),
    (DIRECTION, b"outgoing"),
)
MEMBERS = {DESTINATION_GROUP: frozenset([b"germany"]), NETWORK_GROUP: frozenset([b"france"])}
ALL = Attributes(
    subscriber_group=b"staff",
    called=b"49301",
    network=b"20801",
    location=b"station-7",
    apn=b"WEB",
    slice=b"1-000001",
    service_identifier=b"7",
    rating_group=b"10",
    qos_class=b"9",
    rat_type=b"nr",
    direction=b"outgoing",
)


@pytest.mark.parametrize("weaker", range(1, len(ORDER)))
def test_attributes_are_stronger_the_earlier_they_stand(weaker: int) -> None:
    """One that stands earlier wins over all those after it together, and a priority over everything."""
    conditions = [Condition(name, frozenset([value]), MEMBERS.get(name)) for name, value in ORDER]
    situation = Situation(
        ALL,
        zones_of({b"49": b"germany"}),
        zones_of({b"208": b"france"}),
        zones_of({b"station": b"station"}),
    )
    strong = rule_of("strong", [conditions[weaker - 1]])
    weak = rule_of("weak", conditions[weaker:])
    plan = plan_of(build_selectors([Entry("v", weak), Entry("v", strong)]))
    assert plan.select("v", situation, 0) is strong
    raised = rule_of("raised", conditions[weaker:], priority=1)
    plan = plan_of(build_selectors([Entry("v", raised), Entry("v", strong)]))
    assert plan.select("v", situation, 0) is raised
    assert plan.select("v", Situation(Attributes()), 0) is None


def test_too_many_combinations_are_refused() -> None:
    """Values that each pair of rules names otherwise would need a table without end."""
    found = []
    for number in range(24):
        conditions = [
            Condition(name, frozenset(b"%d" % value for value in range(600) if value >> number % 10 & 1))
            for name in (SUBSCRIBER_GROUP, CALLED, APN, DIRECTION)
        ]
        found.append(Entry("v", rule_of(f"rule-{number}", conditions)))
    with pytest.raises(SelectionError):
        build_selectors(found)


def test_plans_that_ask_alike_share_what_is_alike() -> None:
    """Tables, and terms and prices where they are the same; every plan chooses its own rules."""
    sharing = Sharing()
    plans: list[Plan] = []
    for price in (1, 1, 2):
        found = []
        for zone in (b"a", b"b"):
            rule = rule_of(zone.decode(), [Condition(APN, frozenset([zone, zone * 2]))])
            rule.tariff = Tariff(SECONDS, [Tier(1 << 62, [Rate(SECONDS, price, 60, 1, ROUND_UP)])])
            found.append(Entry("v", rule))
        plans.append(plan_of(build_selectors(found, sharing)))
    Catalogue("v", {str(number): plan for number, plan in enumerate(plans)}, {}, frozenset())
    one, other, dearer = plans
    assert one.tables is other.tables is dearer.tables
    assert one.terms is other.terms is dearer.terms
    assert one.prices is other.prices
    assert one.prices != dearer.prices
    chosen = [plan.select("v", Situation(Attributes(apn=b"bb")), 0) for plan in plans]
    assert [rule is plan.row[1] for rule, plan in zip(chosen, plans, strict=True)] == [True] * 3
    assert one.row[0].tariff is other.row[1].tariff
    assert one.row[0].tariff is not dearer.row[0].tariff
