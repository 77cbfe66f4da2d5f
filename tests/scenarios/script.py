"""Reads scenario files: plain text that an operator can follow, one statement a line.

A file holds several scenarios, each under a line ``Scenario: what it shows``. ``#`` begins a comment. The first
word of a statement says what it is; README.md beside this file lists them. Numbers may end in k, M or G.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

_FACTORS = {"k": 1_000, "M": 1_000_000, "G": 1_000_000_000}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = re.compile(r"(\d+)([kMG]?)")
_DURATION = re.compile(r"(\d+)([smhd])")


@dataclass(frozen=True)
class Statement:
    """One line: where it is, its verb, and the rest as written."""

    place: str
    verb: str
    rest: str

    def words(self) -> list[str]:
        """The rest, word by word."""
        return self.rest.split()


@dataclass
class Scenario:
    """A title and what happens under it."""

    title: str
    statements: list[Statement] = field(default_factory=list)


def read_scenarios(path: Path) -> list[Scenario]:
    """All scenarios of a file. ValueError where a statement comes before the first title."""
    scenarios: list[Scenario] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        if text.startswith("Scenario:"):
            scenarios.append(Scenario(text.removeprefix("Scenario:").strip()))
            continue
        if not scenarios:
            raise ValueError(f"{path.name}:{number}: a statement before the first scenario")
        verb, _, rest = text.partition(" ")
        scenarios[-1].statements.append(Statement(f"{path.name}:{number}", verb, rest.strip()))
    return scenarios


def number_of(word: str) -> int:
    """The number of a word such as ``250``, ``10k`` or ``5M``. ValueError for any other word."""
    match = _NUMBER.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is no number")
    return int(match[1]) * _FACTORS.get(match[2], 1)


def plain(text: str) -> str:
    """A text with one space between words and its numbers written out."""
    return " ".join(str(number_of(word)) if _NUMBER.fullmatch(word) else word for word in text.split())


def milliseconds_of(word: str) -> int:
    """The milliseconds of a duration such as ``90s`` or ``2h``."""
    match = _DURATION.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is no duration")
    return int(match[1]) * _SECONDS[match[2]] * 1000
