"""What a catalogue names and refers to elsewhere: found by name, told where unknown, doubled or unused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

from config.issues import TextError, did_you_mean
from config.piece_reader import IssueCollector, read_mapping
from config.yaml_nodes import Data, Document, Location

Value = TypeVar("Value")


class Entry(NamedTuple):
    """One ``name: data`` of a mapping and where it stands."""

    document: Document
    location: Location
    name: str
    data: Data


class Named(Generic[Value]):
    """Everything of one kind (``calendar``, ``counter`` ...) by name; a value is None where it was refused."""

    def __init__(self, issues: IssueCollector, kind: str) -> None:
        self.kind = kind
        self._issues = issues
        self._values: dict[str, Value | None] = {}
        self._places: dict[str, tuple[Document, Location]] = {}
        self._used: set[str] = set()

    def add(self, entry: Entry, value: Value | None) -> None:
        """Keep a value under its name; an issue where the name is taken."""
        if entry.name in self._places:
            other, at = self._places[entry.name]
            line, _ = other.mark(at, at_key=True)
            message = f"{self.kind} {entry.name!r} is in {other.source}:{line} already"
            self._issues.add(entry.document.issue(entry.location, message, code="T107", at_key=True))
            return
        self._places[entry.name] = (entry.document, entry.location)
        self._values[entry.name] = value

    def find(self, name: str, document: Document, location: Location) -> Value | None:
        """The value of a name that stands at a place; None, and an issue unless it was refused itself."""
        self._used.add(name)
        if name not in self._values:
            hint = did_you_mean(name, self._values) or f"there is no {self.kind} in this catalogue"
            message = f"there is no {self.kind} {name!r}"
            self._issues.add(document.issue(location, message, hint, "T201"))
            return None
        return self._values[name]

    def mark_used(self, name: str) -> None:
        """Somebody uses what has this name."""
        self._used.add(name)

    def is_used(self, name: str) -> bool:
        """Whether anybody does."""
        return name in self._used

    def items(self) -> Iterator[tuple[str, Value]]:
        """Names and values, in the order of the files, without those that were refused."""
        return ((name, value) for name, value in self._values.items() if value is not None)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def names(self) -> frozenset[str]:
        """All names, of refused values too."""
        return frozenset(self._values)

    def place(self, name: str) -> tuple[Document, Location]:
        """Where a name was given."""
        return self._places[name]

    def warn_of_unused(self, hint: str = "") -> None:
        """A warning for each name that nothing has asked for."""
        for name in self._values:
            if name not in self._used:
                document, location = self._places[name]
                message = f"nothing uses {self.kind} {name!r}"
                self._issues.add(document.warning(location, message, hint, "T902", at_key=True))


def entries_of(issues: IssueCollector, documents: list[Document], *keys: str) -> Iterator[Entry]:
    """The ``name: data`` of a mapping that every file may have a part of."""
    for document in documents:
        data: Data = document.data
        for depth, key in enumerate(keys):
            if not isinstance(data, dict) or key not in data:
                break
            data = read_mapping(issues, document, data[key], keys[: depth + 1])
        else:
            if isinstance(data, dict):
                for name, entry in data.items():
                    yield Entry(document, (*keys, name), name, entry)


def refuse(issues: IssueCollector, document: Document, location: Location, error: TextError) -> None:
    """Keep what is wrong with a text as an issue at its place."""
    issues.add(document.issue(location, str(error), error.hint, error.code))
