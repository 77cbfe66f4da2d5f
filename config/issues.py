"""What is wrong with a file: issues with a place and a hint, collected, never stopped at the first."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ERROR: Final = "error"
WARNING: Final = "warning"
"""What is read all the same, and most likely not meant."""
MOST_MESSAGE: Final = 400
"""Characters of a message; of longer ones, which quote a long text, the middle is left out."""
_MOST_WORD: Final = 100
_MOST_HINT: Final = 1000
_MOST_CHOICES: Final = 2000
"""Comparing words with more others than these takes longer than a hint is worth."""


@dataclass(frozen=True, order=True)
class Issue:
    """One mistake in a file; ``line`` and ``column`` count from 1, 0 = the place is the whole file or row.

    ``code`` is the stable number of the kind of mistake (``config.issue_codes``), "" where a file has none.
    """

    source: Path | str
    line: int
    column: int
    message: str
    hint: str = ""
    code: str = ""
    severity: str = ERROR

    @property
    def place(self) -> str:
        """``file:line:column``, without what is not known."""
        parts = [str(self.source)]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)

    def __str__(self) -> str:
        marks = [WARNING] if self.severity == WARNING else []
        if self.code:
            marks.append(self.code)
        text = f"{self.place}: {' '.join([*marks, self.message])}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


class ConfigError(Exception):
    """Files that were refused as a whole: every issue that was found, in the order of the files.

    ``unlisted`` counts the issues beyond those listed, where a file has too many to print.
    """

    def __init__(self, issues: Iterable[Issue], unlisted: int = 0) -> None:
        self.issues = list(issues)
        self.unlisted = unlisted
        super().__init__(self.issues, unlisted)

    def __str__(self) -> str:
        warnings = sum(issue.severity == WARNING for issue in self.issues)
        errors = len(self.issues) + self.unlisted - warnings
        lines = [str(issue) for issue in self.issues]
        if self.unlisted:
            lines.append(f"... and {self.unlisted} more")
        counts = [_count(errors, "error")] + ([_count(warnings, WARNING)] if warnings else [])
        lines.append(f"{', '.join(counts)}; nothing was loaded")
        return "\n".join(lines)


def clipped(message: str) -> str:
    """A message of bounded length, whatever stands in a file."""
    return message if len(message) <= MOST_MESSAGE else f"{message[: MOST_MESSAGE - 100]} ... {message[-60:]}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


class TextError(ValueError):
    """A text in a file that does not say what it should; ``hint`` tells what would."""

    def __init__(self, message: str, hint: str = "", code: str = "T104") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown word: the nearest known one, or all of them."""
    choices = sorted(known)
    if len(word) > _MOST_WORD:
        return ""
    by_lower_case = {choice.lower(): choice for choice in choices}
    if len(by_lower_case) > _MOST_CHOICES:
        return ""
    near = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    if near:
        return f"did you mean {by_lower_case[near[0]]!r}?"
    return f"known: {_listed(choices)}" if choices else ""


def _listed(choices: list[str]) -> str:
    """Words with commas, as many as a hint may be long."""
    length = 0
    for place, choice in enumerate(choices):
        length += len(choice) + 2
        if length > _MOST_HINT:
            return f"{', '.join(choices[:place])} ... and {len(choices) - place} more".removeprefix(" ... and ")
    return ", ".join(choices)
