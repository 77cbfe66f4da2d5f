"""Building the tables by which a plan's rules are chosen, and finding rules of which neither is stronger."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.conditions import strength
from rating.rule import Rule
from rating.selector import Level, Selector, Step
from rating.sharing import Sharing

__all__ = ["Entry", "Selection", "SelectionError", "Selector", "build_selectors"]

MOST_COMBINATIONS: Final = 1_000_000
"""So many combinations of classes of values a level may have."""


class SelectionError(ValueError):
    """Rules name so many different combinations of values that no table of them fits."""


class Entry:
    """A rule and the service whose usage it prices."""

    def __init__(self, service: str, rule: Rule) -> None:
        self.service = service
        self.rule = rule


class Selection:
    """Selectors by service; pairs of rules of which neither is stronger."""

    def __init__(self) -> None:
        self.selectors: dict[str, Selector] = {}
        self.ambiguous: list[tuple[Rule, Rule]] = []


def build_selectors(entries: list[Entry], sharing: Sharing | None = None) -> Selection:
    """The selectors of a plan's rules. SelectionError where the combinations of values are too many.

    ``sharing`` is one for all plans of a catalogue: tables and tariffs that are alike are then kept once.
    """
    selection = Selection()
    services: dict[str, list[Rule]] = {}
    for entry in entries:
        services.setdefault(entry.service, []).append(entry.rule)
    for service, rules in services.items():
        first = _build_levels(rules, selection)
        if sharing is not None:
            first = sharing.levels(first)
            for rule in rules:
                if rule.tariff is not None:
                    rule.tariff = sharing.tariff(rule.tariff)
        selection.selectors[service] = Selector(first, rules)
    return selection


def _build_levels(rules: list[Rule], selection: Selection) -> Level:
    """The levels of a service's rules, the strongest first."""
    groups: dict[tuple[int, int], list[int]] = {}
    for place, rule in enumerate(rules):
        groups.setdefault((rule.priority, strength(rule.conditions)), []).append(place)
    strongest: Level | None = None
    for priority, mask in sorted(groups):
        level = _build_level(Level(priority, mask), rules, groups[priority, mask], selection)
        level.following = strongest
        strongest = level
    if strongest is None:
        raise ValueError("a service has at least one rule")
    return strongest


def _build_level(level: Level, rules: list[Rule], places: list[int], selection: Selection) -> Level:
    members = [_members(rules[place]) for place in places]
    attributes = sorted(members[0])
    tables: list[dict[bytes, int]] = []
    classes_of: list[list[list[int]]] = [[] for _ in places]
    for attribute in attributes:
        tables.append(_classes([wanted[attribute] for wanted in members], classes_of))
    combinations = 0
    for number, place in enumerate(places):
        keys = [0]
        for table, found in zip(tables, classes_of[number], strict=True):
            combinations += len(keys) * len(found)
            if combinations > MOST_COMBINATIONS:
                raise SelectionError(f"more than {MOST_COMBINATIONS} combinations of values")
            size = len(table) + 1
            keys = [key * size + each for key in keys for each in found]
        clash = _put(level, keys, rules, place)
        if clash is not None:
            selection.ambiguous.append((clash, rules[place]))
    for attribute, table in zip(reversed(attributes), reversed(tables), strict=True):
        level.first = Step(attribute, table, level.first)
    return level


def _members(rule: Rule) -> dict[int, frozenset[bytes]]:
    """The values that each attribute may have; conditions on one attribute all hold."""
    found: dict[int, frozenset[bytes]] = {}
    for condition in rule.conditions:
        known = found.get(condition.attribute)
        found[condition.attribute] = condition.members if known is None else known & condition.members
    return found


def _classes(wanted: list[frozenset[bytes]], classes_of: list[list[list[int]]]) -> dict[bytes, int]:
    """The class of each value, and for each rule those it names: values that the same rules name are one."""
    named: dict[bytes, list[int]] = {}
    for number, values in enumerate(wanted):
        for value in sorted(values):
            named.setdefault(value, []).append(number)
    table: dict[bytes, int] = {}
    classes: dict[tuple[int, ...], int] = {}
    for value, numbers in named.items():
        table[value] = classes.setdefault(tuple(numbers), len(classes))
    for of_rule in classes_of:
        of_rule.append([])
    for numbers_of_class, class_number in classes.items():
        for number in numbers_of_class:
            classes_of[number][-1].append(class_number)
    return table


def _put(level: Level, keys: list[int], rules: list[Rule], place: i64) -> Rule | None:
    """Put a rule where its values lead; the first rule found there that is valid at the same time.

    Beside such a rule it is not put, so that rules of one place never overlap in time and stay few.
    """
    rule = rules[place]
    clash: Rule | None = None
    for key in keys:
        here: Rule | None = None
        for held in level.places_of(key):
            other = rules[held]
            if other.valid_from_ms < rule.valid_until_ms and rule.valid_from_ms < other.valid_until_ms:
                here = other
                break
        if here is None:
            if key in level.places:
                level.dated.setdefault(key, []).append(place)
            else:
                level.places[key] = place
        elif clash is None:
            clash = here
    return clash
