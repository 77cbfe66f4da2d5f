"""Which rule of a plan prices a usage: tables by the attributes that rules ask for, the strongest first.

Rules of one priority that ask for the same attributes make a level. Within a level values that the same rules
name are one class, so that a lookup is one step for each attribute and one for the level, however many rules
and values there are.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.conditions import strength
from rating.rule import Rule
from rating.situation import Situation

MOST_COMBINATIONS: Final = 1_000_000
"""So many combinations of classes of values a level may have."""


class SelectionError(ValueError):
    """Rules name so many different combinations of values that no table of them fits."""


class Entry:
    """A rule and the service whose usage it prices."""

    def __init__(self, service: str, rule: Rule) -> None:
        self.service = service
        self.rule = rule


class Level:
    """The rules of one priority and strength; ``following`` is the next weaker level.

    ``rules`` has the first rule that was put where values lead, ``dated`` those of other times.
    """

    def __init__(self, priority: i64, mask: i64) -> None:
        self.priority = priority
        self.mask = mask
        self.first: Step | None = None
        self.rules: dict[int, Rule] = {}
        self.dated: dict[int, list[Rule]] = {}
        self.following: Level | None = None

    def select(self, situation: Situation, at_ms: i64) -> Rule | None:
        """The rule whose conditions hold and that is valid at the instant."""
        key: i64 = 0
        step = self.first
        while step is not None:
            number = step.classes.get(situation.value(step.attribute))
            if number is None:
                return None
            key = key * step.size + number
            step = step.following
        rule = self.rules.get(key)
        if rule is None or rule.valid_from_ms <= at_ms < rule.valid_until_ms:
            return rule
        for other in self.dated.get(key, []):
            if other.valid_from_ms <= at_ms < other.valid_until_ms:
                return other
        return None

    def rules_of(self, key: int) -> list[Rule]:
        """All rules where values lead."""
        rule = self.rules.get(key)
        return [] if rule is None else [rule, *self.dated.get(key, [])]


class Step:
    """One attribute that a level asks for, and the class of each value that a rule of it names."""

    def __init__(self, attribute: i64, classes: dict[bytes, int], following: Step | None) -> None:
        self.attribute = attribute
        self.classes = classes
        self.size: i64 = len(classes) + 1
        self.following = following


class Selector:
    """The levels of one service, the strongest first."""

    def __init__(self, levels: list[Level]) -> None:
        self.first: Level | None = None
        for level in reversed(levels):
            level.following = self.first
            self.first = level

    def select(self, situation: Situation, at_ms: i64) -> Rule | None:
        """The strongest rule that matches and is valid at the instant; None = the usage can not be rated."""
        level = self.first
        while level is not None:
            rule = level.select(situation, at_ms)
            if rule is not None:
                return rule
            level = level.following
        return None

    def all_rules(self) -> list[Rule]:
        """Every rule once, those of the strongest level first, for people and for hashes."""
        found: dict[int, Rule] = {}
        level = self.first
        while level is not None:
            for key in level.rules:
                for rule in level.rules_of(key):
                    found[id(rule)] = rule
            level = level.following
        return list(found.values())


class Selection:
    """Selectors by service; rules of which neither is stronger; rules that another always comes before."""

    def __init__(self) -> None:
        self.selectors: dict[str, Selector] = {}
        self.ambiguous: list[tuple[Rule, Rule]] = []
        self.unreachable: list[tuple[Rule, Rule]] = []


def build_selectors(entries: list[Entry]) -> Selection:
    """The selectors of a plan's rules. SelectionError where the combinations of values are too many."""
    selection = Selection()
    services: dict[str, list[Rule]] = {}
    for entry in entries:
        services.setdefault(entry.service, []).append(entry.rule)
    for service, rules in services.items():
        groups: dict[tuple[int, int], list[Rule]] = {}
        for rule in rules:
            groups.setdefault((rule.priority, strength(rule.conditions)), []).append(rule)
        levels = []
        for priority, mask in sorted(groups, reverse=True):
            levels.append(_build_level(priority, mask, groups[priority, mask], selection))
        selection.selectors[service] = Selector(levels)
    return selection


def _build_level(priority: i64, mask: i64, rules: list[Rule], selection: Selection) -> Level:
    attributes = sorted(condition.attribute for condition in rules[0].conditions)
    level = Level(priority, mask)
    tables: list[dict[bytes, int]] = [{} for _ in attributes]
    members = [{condition.attribute: condition.members for condition in rule.conditions} for rule in rules]
    of_rule: list[list[list[int]]] = [[] for _ in rules]
    for place, attribute in enumerate(attributes):
        named: dict[bytes, list[int]] = {}
        for number, wanted in enumerate(members):
            for value in wanted[attribute]:
                named.setdefault(value, []).append(number)
        classes: dict[tuple[int, ...], int] = {}
        for value, numbers in named.items():
            tables[place][value] = classes.setdefault(tuple(numbers), len(classes))
        chosen: list[list[int]] = [[] for _ in rules]
        for numbers_of_class, class_number in classes.items():
            for number in numbers_of_class:
                chosen[number].append(class_number)
        for number, found in enumerate(chosen):
            of_rule[number].append(found)
    combinations = 0
    for number, rule in enumerate(rules):
        keys = [0]
        for place, found in enumerate(of_rule[number]):
            size = len(tables[place]) + 1
            combinations += len(keys) * len(found)
            if combinations > MOST_COMBINATIONS:
                raise SelectionError(f"more than {MOST_COMBINATIONS} combinations of values")
            keys = [key * size + each for key in keys for each in found]
        clashes = _put(level, keys, rule)
        if clashes is not None:
            selection.ambiguous.append((clashes, rule))
    for place in reversed(range(len(attributes))):
        level.first = Step(attributes[place], tables[place], level.first)
    return level


def _put(level: Level, keys: list[int], rule: Rule) -> Rule | None:
    """Put a rule where its values lead; the first rule found there that is valid at the same time.

    Beside such a rule it is not put, so that rules of one place never overlap in time and stay few.
    """
    clash = None
    for key in keys:
        here: Rule | None = None
        for other in level.rules_of(key):
            if other.valid_from_ms < rule.valid_until_ms and rule.valid_from_ms < other.valid_until_ms:
                here = other
                break
        if here is None:
            if key in level.rules:
                level.dated.setdefault(key, []).append(rule)
            else:
                level.rules[key] = rule
        elif clash is None:
            clash = here
    return clash
