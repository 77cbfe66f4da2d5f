"""Where among a plan's rules the one for a usage stands: by conditions, or by rating group and APN.

Tables know rules by their numbers only: plans that ask alike have one set of them, and plans that differ in
prices alone one list of terms too. However many plans there are, of each a rating then reads the plan and its
prices, and the rule itself is for those who ask for it: less waiting for memory than for many objects of each.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from rating.price_row import write_prices
from rating.rule import Rule, RuleTerms
from rating.selector import Level, Selector
from rating.situation import Situation

ANY_RATING_GROUP: Final = -2
NOWHERE: Final = -1
LOW_GROUPS: Final = 64
"""Rating groups below this are found without a search."""


class Choice:
    """The levels of a service, and the places of its rules: ``count`` from ``start`` on."""

    def __init__(self, first: Level | None, start: i64, count: i64) -> None:
        self.first = first
        self.start = start
        self.count = count


class GroupPlaces:
    """The places of the rules of rating groups, those of low groups in a row; NOWHERE where there is none."""

    def __init__(self, places: dict[int, int]) -> None:
        self.places = places
        self._of_others: i64 = places.get(ANY_RATING_GROUP, NOWHERE)
        self._of_low = [places.get(group, int(self._of_others)) for group in range(LOW_GROUPS)]

    def place_of(self, rating_group: i64) -> i64:
        """The place of a group's rule, else that of the rule for any group."""
        if 0 <= rating_group < LOW_GROUPS:
            return self._of_low[rating_group]
        place = self.places.get(rating_group)
        return self._of_others if place is None else place


class PlanTables:
    """Choices by service, and places by service and rating group, for all APNs and for single ones."""

    def __init__(
        self,
        choices: dict[str, Choice],
        groups: dict[str, GroupPlaces],
        groups_of_apn: dict[bytes, dict[str, GroupPlaces]],
    ) -> None:
        self.choices = choices
        self.groups = groups
        self.groups_of_apn = groups_of_apn

    def select(self, service: str, terms: list[RuleTerms], situation: Situation, at_ms: i64) -> i64:
        """The number of the strongest rule with conditions that matches and is valid, or NOWHERE."""
        choice = self.choices.get(service)
        if choice is None:
            return NOWHERE
        level = choice.first
        while level is not None:
            key = level.key_of(situation)
            if key >= 0:
                known = level.places.get(key)
                if known is not None:
                    place: i64 = choice.start + i64(known)
                    if terms[place].is_valid(at_ms):
                        return place
                    if level.dated:
                        for later in level.dated.get(key, []):
                            place = choice.start + i64(later)
                            if terms[place].is_valid(at_ms):
                                return place
            level = level.following
        return NOWHERE

    def place_of(self, service: str, rating_group: i64, apn: bytes) -> i64:
        """The place of the rule of a rating group; NOWHERE where there is none."""
        if self.groups_of_apn:
            tables = self.groups_of_apn.get(apn.lower())
            if tables is not None:
                of_apn = tables.get(service)
                found: i64 = NOWHERE if of_apn is None else of_apn.place_of(rating_group)
                if found != NOWHERE:
                    return found
        places = self.groups.get(service)
        return NOWHERE if places is None else places.place_of(rating_group)

    def content(self) -> tuple[object, ...]:
        """The same for two that can stand for one another; levels have been shared by then."""
        choices = tuple((name, id(each.first), each.start, each.count) for name, each in self.choices.items())
        apns = tuple((apn, _content(tables)) for apn, tables in self.groups_of_apn.items())
        return (choices, _content(self.groups), apns)


class PlanRules:
    """All rules of a plan and all their prices in a row, and the tables that know their places."""

    def __init__(
        self,
        selectors: dict[str, Selector],
        rules: dict[str, dict[int, Rule]],
        apn_rules: dict[bytes, dict[str, dict[int, Rule]]],
    ) -> None:
        self.row: list[Rule] = []
        self._known: dict[int, int] = {}
        choices: dict[str, Choice] = {}
        for service, selector in selectors.items():
            choices[service] = Choice(selector.first, len(self.row), len(selector.rules))
            self.row.extend(selector.rules)
        groups_of_apn = {apn: self._places(tables) for apn, tables in apn_rules.items()}
        self.tables = PlanTables(choices, self._places(rules), groups_of_apn)
        self.terms: list[RuleTerms] = []
        prices = BytesWriter()
        for number, rule in enumerate(self.row):
            rule.number = number
            self.terms.append(RuleTerms(rule, len(prices)))
            tariff = rule.tariff
            write_prices(prices, [rule.rate] if tariff is None else tariff.rates_in_order())
        self.prices: bytes = prices.getvalue()

    def _places(self, tables: dict[str, dict[int, Rule]]) -> dict[str, GroupPlaces]:
        return {
            service: GroupPlaces({group: self._place(rule) for group, rule in table.items()})
            for service, table in tables.items()
        }

    def _place(self, rule: Rule) -> int:
        """Where a rule stands that several rating groups may share."""
        place = self._known.get(id(rule))
        if place is None:
            place = len(self.row)
            self._known[id(rule)] = place
            self.row.append(rule)
        return place


def rules_by_group(row: list[Rule], groups: dict[str, GroupPlaces]) -> dict[str, dict[int, Rule]]:
    """The rules themselves where tables have places."""
    return {
        service: {group: row[place] for group, place in table.places.items()}
        for service, table in groups.items()
    }


def _content(groups: dict[str, GroupPlaces]) -> tuple[object, ...]:
    return tuple((service, tuple(table.places.items())) for service, table in groups.items())
