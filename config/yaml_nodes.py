"""YAML as plain texts, lists and mappings whose places are known.

Scalars stay the text that was written: no ``NO`` that becomes false, no ``18:30`` that becomes 1110, no price
that becomes a float. Anchors, aliases, tags, merge keys and duplicate keys are refused, each with its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Union

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from config.issues import Issue

MOST_LEVELS: Final = 16
"""No file of ours nests deeper; a deeper one is refused before it can exhaust anything."""

Data = Union[str, list["Data"], dict[str, "Data"]]  # noqa: UP007 - a recursive name can not be written with |
Location = tuple[str | int, ...]
"""The keys and indexes that lead to a value, such as ("plans", "payg", "data", 0, "price")."""
Mark = tuple[int, int]
"""A line and a column, both from 1."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SYNTAX_HINTS: Final = {
    "mapping values are not allowed": "a text with ': ' in it needs quotes",
    "did not find expected ',' or": "a bracket is not closed, or a comma is missing",
    "did not find expected key": "the lines of one mapping start in the same column",
    "did not find expected '-'": "the lines of one list start with '-' in the same column",
    "unexpected end of stream": "a quote or bracket is not closed",
}


@dataclass
class Document:
    """One YAML file: its data, the mark of every value and of every key, and what is wrong with its form."""

    source: Path
    data: dict[str, Data] = field(default_factory=dict)
    values: dict[Location, Mark] = field(default_factory=dict)
    keys: dict[Location, Mark] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    broken: bool = False
    """The file could not be read to its end: there is no data."""

    def issue(self, location: Location, message: str, hint: str = "", *, at_key: bool = False) -> Issue:
        """An issue at the value (or the key) of a location, or at the nearest place above that was written."""
        mark = (self.keys.get(location) if at_key else None) or self.values.get(location)
        while mark is None and location:
            location = location[:-1]
            mark = self.keys.get(location) or self.values.get(location)
        line, column = mark or (1, 1)
        return Issue(self.source, line, column, message, hint)


def read_yaml(source: Path) -> Document:
    """Read one file; everything that is wrong with its form is in ``issues``, an unreadable file too."""
    document = Document(source)
    issue = _read_into(document)
    if issue is not None:
        document.broken = True
        document.issues.append(issue)
    return document


def _read_into(document: Document) -> Issue | None:
    source = document.source
    try:
        octets = source.read_bytes()
    except OSError as error:
        return Issue(source, 0, 0, f"can not be read: {error.strerror}")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        message = f"octet 0x{octets[error.start]:02x} is not UTF-8"
        return Issue(source, line, 0, message, "save the file as UTF-8")
    try:
        _Builder(document, text).build()
    except yaml.MarkedYAMLError as error:
        return _syntax_issue(source, text, error)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Issue(source, line, 0, f"character {error.character:#x} is not allowed in YAML")
    return None


def _syntax_issue(source: Path, text: str, error: yaml.MarkedYAMLError) -> Issue:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = error.problem or "syntax error"
    lines = text.splitlines()
    if line and line <= len(lines) and lines[line - 1][column - 1 : column] == "\t":
        return Issue(source, line, column, "a tab can not indent YAML", "indent with spaces")
    hint = next((hint for start, hint in _SYNTAX_HINTS.items() if start in problem), "")
    if error.context and error.context_mark:
        problem = f"{problem} {error.context} that began in line {error.context_mark.line + 1}"
    return Issue(source, line, column, problem, hint)


class _Builder:
    """Turns the parser's events into the data and the marks of a document."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)

    def build(self) -> None:
        documents = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, "a second document in one file", "remove the '---'")
            elif isinstance(event, NodeEvent):
                data = self._value(event, ())
                if documents == 1 and isinstance(data, dict):
                    self._document.data = data
                elif documents == 1 and data != "":
                    self._refuse(event, "a mapping (key: value) is expected here")

    def _refuse(self, event: yaml.Event, message: str, hint: str = "") -> None:
        issue = Issue(self._document.source, *_mark_of(event), message, hint)
        self._document.issues.append(issue)

    def _value(self, event: NodeEvent, location: Location) -> Data:
        self._document.values.setdefault(location, _mark_of(event))
        if isinstance(event, AliasEvent):
            self._refuse(event, f"alias *{event.anchor} is not supported", "write the value out")
            return ""
        if event.anchor is not None:
            self._refuse(event, f"anchor &{event.anchor} is not supported", "write the value out")
        if isinstance(event, ScalarEvent):
            text: str = event.value
            if event.tag is not None and event.tag != "!":
                self._refuse(event, f"tag {event.tag} is not supported", "all values are read as text")
            return text
        if len(location) >= MOST_LEVELS:
            self._refuse(event, f"nested deeper than {MOST_LEVELS} levels")
            self._skip()
            return ""
        if isinstance(event, SequenceStartEvent):
            return self._sequence(location)
        if isinstance(event, MappingStartEvent):
            return self._mapping(location)
        raise AssertionError(event)

    def _skip(self) -> None:
        level = 1
        for event in self._events:
            if isinstance(event, (SequenceStartEvent, MappingStartEvent)):
                level += 1
            elif isinstance(event, CollectionEndEvent):
                level -= 1
                if level == 0:
                    return

    def _sequence(self, location: Location) -> list[Data]:
        found: list[Data] = []
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                break
            assert isinstance(event, NodeEvent)  # noqa: S101 - the parser's grammar
            found.append(self._value(event, (*location, len(found))))
        return found

    def _mapping(self, location: Location) -> dict[str, Data]:
        found: dict[str, Data] = {}
        for event in self._events:
            if isinstance(event, CollectionEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                self._refuse(event, "a key is a plain text")
                assert isinstance(event, NodeEvent)  # noqa: S101 - the parser's grammar
                self._value(event, (*location, "?"))
                self._value(self._next_node(), (*location, "?"))
                continue
            key: str = event.value
            at = (*location, key)
            if key in found:
                line, _ = self._document.keys[at]
                self._refuse(event, f"key {key!r} was given already in line {line}")
                self._value(self._next_node(), (*location, "?"))
                continue
            self._document.keys[at] = _mark_of(event)
            found[key] = self._value(self._next_node(), at)
        return found

    def _next_node(self) -> NodeEvent:
        event = next(self._events)
        assert isinstance(event, NodeEvent)  # noqa: S101 - the parser's grammar
        return event


def _mark_of(event: yaml.Event) -> Mark:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)
