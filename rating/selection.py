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
    """The rules of one priority and strength. ``classes[n]`` has the class of a value of ``attributes[n]``."""

    def __init__(self, priority: i64, mask: i64, attributes: list[int]) -> None:
        self.priority = priority
        self.mask = mask
        self.attributes = attributes
        self.classes: list[dict[bytes, int]] = [{} for _ in attributes]
        self.rules: dict[int, list[Rule]] = {}

    def rules_for(self, situation: Situation) -> list[Rule] | None:
        """The rules whose conditions hold, whatever their validity."""
        key: i64 = 0
        for place, attribute in enumerate(self.attributes):
            table = self.classes[place]
            number = table.get(situation.value(attribute))
            if number is None:
                return None
            key = key * (len(table) + 1) + number
        return self.rules.get(key)


class Selector:
    """The levels of one service, the strongest first."""

    def __init__(self, levels: list[Level]) -> None:
        self.levels = levels

    def select(self, situation: Situation, at_ms: i64) -> Rule | None:
        """The strongest rule that matches and is valid at the instant; None = the usage can not be rated."""
        for level in self.levels:
            found = level.rules_for(situation)
            if found is not None:
                for rule in found:
                    if rule.valid_from_ms <= at_ms < rule.valid_until_ms:
                        return rule
        return None


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
    level = Level(priority, mask, attributes)
    members = [{condition.attribute: condition.members for condition in rule.conditions} for rule in rules]
    of_rule: list[list[list[int]]] = [[] for _ in rules]
    for place, attribute in enumerate(attributes):
        named: dict[bytes, list[int]] = {}
        for number, wanted in enumerate(members):
            for value in wanted[attribute]:
                named.setdefault(value, []).append(number)
        classes: dict[tuple[int, ...], int] = {}
        for value, numbers in named.items():
            level.classes[place][value] = classes.setdefault(tuple(numbers), len(classes))
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
            size = len(level.classes[place]) + 1
            combinations += len(keys) * len(found)
            if combinations > MOST_COMBINATIONS:
                raise SelectionError(f"more than {MOST_COMBINATIONS} combinations of values")
            keys = [key * size + each for key in keys for each in found]
        clashes = _put(level, keys, rule)
        if clashes is not None:
            selection.ambiguous.append((clashes, rule))
    return level


def _put(level: Level, keys: list[int], rule: Rule) -> Rule | None:
    """Put a rule where its values lead; the first rule found there that is valid at the same time.

    Beside such a rule it is not put, so that rules of one place never overlap in time and stay few.
    """
    clash = None
    for key in keys:
        held = level.rules.setdefault(key, [])
        here: Rule | None = None
        for other in held:
            if other.valid_from_ms < rule.valid_until_ms and rule.valid_from_ms < other.valid_until_ms:
                here = other
                break
        if here is None:
            held.append(rule)
        elif clash is None:
            clash = here
    return clash
