"""Pieces of a file: the texts that state one party, account, cycle or subscription, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar

from config.issues import ConfigError, Issue, TextError
from config.yaml_nodes import Location

CYCLE: Final = "cycle"
PARTY: Final = "party"
ACCOUNT: Final = "account"
SUBSCRIPTION: Final = "subscription"

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    CYCLE: ("day", "time_zone"),
    PARTY: ("name", "kind", "address", "country", "language", "email", "tax_number"),
    ACCOUNT: (
        "party",
        "parent",
        "payer",
        "currency",
        "cycle",
        "tax_status",
        "jurisdiction",
        "language",
        "payment_terms",
        "opened",
        "closed",
    ),
    SUBSCRIPTION: ("account", "msisdn", "imsi", "plan", "group", "time_zone", "from", "until", "addons"),
}
"""What is said of each, beside its id."""

MOST_LISTED_ISSUES: Final = 100

Token = int | Location
"""A place in a source: a line, or the keys that lead there."""

Value = TypeVar("Value")


class Source(Protocol):
    """A file that was, or is being, read."""

    path: Path

    def pieces(self, issues: Issues) -> Iterator[Piece]:
        """Everything that it states, in its order."""

    def issue(self, token: Token, kind: str, field: str, message: str, hint: str) -> Issue:
        """A mistake in a field of what stands at a place; '' = in its id, or in all of it."""


class Issues:
    """What is wrong: counted, the first of it kept."""

    def __init__(self) -> None:
        self._found: dict[Issue, None] = {}
        self.count = 0

    def add(self, issue: Issue) -> None:
        """Keep an issue, once."""
        if issue not in self._found:
            self.count += 1
            if len(self._found) < MOST_LISTED_ISSUES:
                self._found[issue] = None

    def raise_them(self) -> None:
        """ConfigError where there is any."""
        if self.count:
            listed = sorted(self._found, key=lambda issue: (str(issue.source), issue.line, issue.column))
            raise ConfigError(listed, self.count - len(listed))


class Piece:
    """The texts of one thing by field; those that are empty are not there."""

    __slots__ = ("issues", "kind", "name", "source", "texts", "token")

    def __init__(
        self, source: Source, token: Token, issues: Issues, kind: str, name: str, texts: dict[str, str]
    ) -> None:
        self.source = source
        self.token = token
        self.issues = issues
        self.kind = kind
        self.name = name
        self.texts = texts

    def refuse(self, field: str, message: str, hint: str = "") -> None:
        """Add an issue."""
        self.issues.add(self.source.issue(self.token, self.kind, field, message, hint))

    def read(self, field: str, reader: Callable[[str], Value], default: Value) -> Value:
        """The value of a field; the default, and perhaps an issue, where it has no text or a wrong one."""
        text = self.texts.get(field)
        if text is None:
            return default
        try:
            return reader(text)
        except TextError as error:
            self.refuse(field, f"{field}: {error}", error.hint)
            return default

    def require(self, field: str, hint: str = "") -> bool:
        """Whether a field is there; an issue where it is not."""
        if field in self.texts:
            return True
        self.refuse("", f"{self.kind} {self.name}: {field!r} is missing", hint)
        return False

    def choose(self, field: str, words: tuple[str, ...], default: str) -> str:
        """The word of a field that has one of a few."""
        text = self.texts.get(field, default)
        if text not in words:
            listed = ", ".join(f"'{word}'" for word in words[:-1])
            self.refuse(field, f"{field}: {text!r} is not {listed} or '{words[-1]}'")
            return default
        return text
