"""Which rule of a plan prices a usage: tables by the attributes that rules ask for, the strongest first.

Rules of one priority that ask for the same attributes make a level. Within a level values that the same rules
name are one class, so that a lookup is one step for each attribute and one for the level, however many rules
and values there are. Tables know rules by their places only: plans whose rules ask alike share them.
"""

from __future__ import annotations

from mypy_extensions import i64

from rating.rule import Rule
from rating.situation import Situation


class Step:
    """One attribute that a level asks for, and the class of each value that a rule of it names."""

    def __init__(self, attribute: i64, classes: dict[bytes, int], following: Step | None) -> None:
        self.attribute = attribute
        self.size: i64 = len(classes) + 1
        self.classes = classes
        self.following = following


class Level:
    """The tables of one priority and strength; ``following`` is the next weaker level.

    ``places`` has the first rule for each combination of classes, ``dated`` those of other times.
    """

    def __init__(self, priority: i64, mask: i64) -> None:
        self.priority = priority
        self.mask = mask
        self.first: Step | None = None
        self.places: dict[int, int] = {}
        self.dated: dict[int, list[int]] = {}
        self.following: Level | None = None

    def key_of(self, situation: Situation) -> i64:
        """The combination of classes that a usage's values belong to; -1 where no rule names one of them."""
        key: i64 = 0
        step = self.first
        while step is not None:
            number = step.classes.get(situation.value(step.attribute))
            if number is None:
                return -1
            key = key * step.size + number
            step = step.following
        return key

    def places_of(self, key: int) -> list[int]:
        """The places of all rules for a combination."""
        place = self.places.get(key)
        return [] if place is None else [place, *self.dated.get(key, [])]


class Selector:
    """The levels of one service, the strongest first, and a plan's rules by their places."""

    def __init__(self, first: Level | None, rules: list[Rule]) -> None:
        self.first = first
        self.rules = rules

    def all_rules(self) -> list[Rule]:
        """Every rule that has a place once, those of the strongest level first, for people and for hashes."""
        found: dict[int, None] = {}
        level = self.first
        while level is not None:
            for key in level.places:
                for place in level.places_of(key):
                    found[place] = None
            level = level.following
        return [self.rules[place] for place in found]
