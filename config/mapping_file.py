"""A YAML file that says what the columns of a file of records mean: what all its forms have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from config.column_texts import Delimiter, Encoding, Flag, Word, WordColumn
from config.issues import ConfigError
from config.piece_reader import IssueCollector, read_piece
from config.text_pieces import Piece
from config.yaml_nodes import Location, read_yaml

Contradiction = tuple[Location, str, str]
"""What single values can not show: place, message and hint."""


class FileMapping(Piece):
    """How a file of records is written; a form of mapping adds what its columns mean."""

    delimiter: Delimiter = ","
    header: Flag = True
    encoding: Encoding = "utf-8"

    @abstractmethod
    def columns(self) -> Iterator[tuple[Location, str]]:
        """The columns of the file that are read, each with its place in the mapping."""


Form = TypeVar("Form", bound=FileMapping)


def load_mapping(
    path: Path, form: type[Form], contradictions: Callable[[Form], Iterator[Contradiction]]
) -> Form:
    """The mapping of a file; ConfigError with every issue."""
    document = read_yaml(path)
    issues = IssueCollector(document.issues)
    if document.broken:
        raise ConfigError(issues.in_order())
    mapping = read_piece(issues, document, form, document.data, ())
    if mapping is not None:
        for location, message, hint in (*_unnumbered(mapping), *contradictions(mapping)):
            issues.add(document.issue(location, message, hint))
    found = issues.in_order()
    if found or mapping is None:
        raise ConfigError(found)
    return mapping


def _unnumbered(mapping: FileMapping) -> Iterator[Contradiction]:
    if not mapping.header:
        for location, column in mapping.columns():
            if not column.isdigit() or column == "0":
                yield location, f"{column!r} is no number of a column, and the file has no header", "from 1"


def no_directions(direction: Word | None, known: tuple[str, ...]) -> Iterator[Contradiction]:
    """The words of a column of directions, or the one of all lines, that are not known."""
    words = [direction] if isinstance(direction, str) else []
    if isinstance(direction, WordColumn):
        words = [*direction.values.values(), *([direction.otherwise] if direction.otherwise else [])]
    for word in words:
        if word not in known:
            yield ("direction",), f"{word!r} is no direction", f"one of {', '.join(known)}"
