"""YAML as plain texts, lists and mappings whose places are known.

Scalars stay the text that was written: no ``NO`` that becomes false, no ``18:30`` that becomes 1110, no price
that becomes a float. Anchors, aliases, tags, merge keys and duplicate keys are refused, each with its place.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Union

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from config.issues import WARNING, Issue, clipped

MOST_LEVELS: Final = 16
"""No file of ours nests deeper; a deeper one is refused before it can exhaust anything."""
MOST_OCTETS: Final = 32_000_000
"""A longer file is refused unread: what is long is a deck, and decks are CSV."""
MOST_VALUES: Final = 1_000_000
"""Texts, lists and mappings of one file; at some 700 octets of memory each."""
MOST_FORM_ISSUES: Final = 100
"""Mistakes of form that are told of one file."""

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
    length: int = 0
    """Characters of the file."""
    broken: bool = False
    """The file could not be read to its end: there is no data."""

    def mark(self, location: Location, *, at_key: bool = False) -> Mark:
        """Where the value (or the key) of a location stands, or the nearest above it that was written."""
        mark = (self.keys.get(location) if at_key else None) or self.values.get(location)
        while mark is None and location:
            location = location[:-1]
            mark = self.keys.get(location) or self.values.get(location)
        return mark or (1, 1)

    def issue(
        self, location: Location, message: str, hint: str = "", code: str = "T104", *, at_key: bool = False
    ) -> Issue:
        """An issue at the value (or the key) of a location, or at the nearest place above that was written."""
        line, column = self.mark(location, at_key=at_key)
        return Issue(self.source, line, column, clipped(message), hint, code)

    def warning(
        self, location: Location, message: str, hint: str = "", code: str = "T901", *, at_key: bool = False
    ) -> Issue:
        """A warning at a place as ``issue`` finds it."""
        return replace(self.issue(location, message, hint, code, at_key=at_key), severity=WARNING)


def read_yaml_files(sources: Iterable[Path]) -> list[Document]:
    """Read files that make one thing; together they may have as much as one file.

    After the one that is too much none is read.
    """
    found: list[Document] = []
    length, values = 0, 0
    for source in sources:
        document = read_yaml(source, MOST_OCTETS - length, MOST_VALUES - values)
        found.append(document)
        if length and document.broken and document.issues[-1].code == "T007":
            break
        length += document.length
        values += len(document.values)
    return found


def read_yaml(source: Path, most_octets: int = MOST_OCTETS, most_values: int = MOST_VALUES) -> Document:
    """Read one file; everything that is wrong with its form is in ``issues``, an unreadable file too."""
    document = Document(source)
    issue = _read_into(document, most_octets, most_values)
    if issue is not None:
        document.broken = True
        document.issues.append(issue)
    return document


def _read_into(document: Document, most_octets: int, most_values: int) -> Issue | None:
    source = document.source
    text = read_text(source, most_octets)
    if isinstance(text, Issue):
        if text.code == "T007" and most_octets < MOST_OCTETS:
            text = replace(text, message=f"more than {MOST_OCTETS // 1_000_000} MB, with the files before it")
        return text
    document.length = len(text)
    try:
        _Builder(document, text, most_values).build()
    except yaml.MarkedYAMLError as error:
        return _syntax_issue(source, text, error)
    except yaml.reader.ReaderError as error:
        line, column = _place_of(text, text.find(chr(error.character)))
        message = f"character {error.character:#x} is not allowed in YAML"
        return Issue(source, line, column, message, code="T002")
    except _TooMuchError as error:
        return error.issue
    return None


def read_text(source: Path, most_octets: int) -> str | Issue:
    """The text of a UTF-8 file, without a byte order mark; an issue where it is none, or is too long."""
    try:
        found = source.stat()
        if not stat.S_ISREG(found.st_mode):
            return Issue(source, 0, 0, "is not a file", code="T001")
        if found.st_size > most_octets:
            message = f"the file has more than {most_octets // 1_000_000} MB"
            return Issue(source, 0, 0, message, "long lists of prefixes belong into decks (CSV)", "T007")
        octets = source.read_bytes()
    except OSError as error:
        return Issue(source, 0, 0, f"can not be read: {error.strerror}", code="T001")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = octets[: error.start].decode("utf-8-sig")
        line, column = _place_of(before, len(before))
        message = f"octet 0x{octets[error.start]:02x} is not UTF-8"
        return Issue(source, line, column, message, "save the file as UTF-8", "T002")


def _place_of(text: str, index: int) -> Mark:
    """The line and column of a character."""
    index = max(index, 0)
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _syntax_issue(source: Path, text: str, error: yaml.MarkedYAMLError) -> Issue:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    problem = error.problem or "syntax error"
    lines = text.splitlines()
    if line and line <= len(lines) and lines[line - 1][column - 1 : column] == "\t":
        return Issue(source, line, column, "a tab can not indent YAML", "indent with spaces", "T003")
    hint = next((hint for start, hint in _SYNTAX_HINTS.items() if start in problem), "")
    if error.context and error.context_mark:
        problem = f"{problem} {error.context} that began in line {error.context_mark.line + 1}"
    return Issue(source, line, column, problem, hint, "T003")


class _TooMuchError(Exception):
    """A file that is not read further, and why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue)
        self.issue = issue


class _Builder:
    """Turns the parser's events into the data and the marks of a document."""

    def __init__(self, document: Document, text: str, most_values: int) -> None:
        self._document = document
        self._most_values = most_values
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._values = 0

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
                    self._refuse(event, "a mapping (key: value) is expected here", code="T103")

    def _refuse(self, event: yaml.Event, message: str, hint: str = "", code: str = "T004") -> None:
        issue = Issue(self._document.source, *_mark_of(event), message, hint, code)
        if len(self._document.issues) >= MOST_FORM_ISSUES:
            message = f"more than {MOST_FORM_ISSUES} mistakes in the form of this file"
            raise _TooMuchError(replace(issue, message=message, hint="", code="T007"))
        self._document.issues.append(issue)

    def _value(self, event: NodeEvent, location: Location) -> Data:
        self._document.values.setdefault(location, _mark_of(event))
        self._values += 1
        if self._values > self._most_values:
            others = "" if self._most_values == MOST_VALUES else ", with the files before it"
            message = f"the file has more than {MOST_VALUES} values{others}"
            hint = "long lists of prefixes belong into decks (CSV)"
            raise _TooMuchError(Issue(self._document.source, *_mark_of(event), message, hint, "T007"))
        if isinstance(event, AliasEvent):
            self._refuse(event, f"alias *{event.anchor} is not supported", "write the value out")
            return ""
        if isinstance(event, ScalarEvent | CollectionStartEvent):
            self._refuse_anchor_and_tag(event)
        if isinstance(event, ScalarEvent):
            text: str = event.value
            return text
        if len(location) >= MOST_LEVELS:
            # reading on would cost the parser's time with the square of the depth
            message = f"nested deeper than {MOST_LEVELS} levels"
            raise _TooMuchError(Issue(self._document.source, *_mark_of(event), message, code="T006"))
        if isinstance(event, SequenceStartEvent):
            return self._sequence(location)
        if isinstance(event, MappingStartEvent):
            return self._mapping(location)
        raise AssertionError(event)

    def _refuse_anchor_and_tag(self, event: ScalarEvent | CollectionStartEvent) -> None:
        """What may stand before any value or key, and changes what it means elsewhere."""
        if event.anchor is not None:
            self._refuse(event, f"anchor &{event.anchor} is not supported", "write the value out")
        tag: str | None = event.tag
        if tag is not None and tag != "!":
            self._refuse(event, f"tag {tag} is not supported", "all values are read as text")

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
            self._refuse_anchor_and_tag(event)
            key: str = event.value
            at = (*location, key)
            if key in found:
                line, _ = self._document.keys[at]
                self._refuse(event, f"key {key!r} was given already in line {line}", code="T005")
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
