"""Rows of short texts, many of them: set fast, or so that screen readers can read them.

A typesetter's work is by cells. Where rows need not be told apart, cells of some rows that follow each other
become one cell of as many lines; every text in it fits its column, so that lines of all columns stay beside
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

Json = dict[str, Any]
Measure = Callable[[str], int]
"""The width of a text, in thousandths of its size, or more."""
LINES_TOGETHER: Final = 8
_POINTS_PER_10_MM: Final = 28_346
"""In thousandths of a point."""
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_AND_SO_ON: Final = "\N{HORIZONTAL ELLIPSIS}"
_MAY_BREAK: Final = "\N{ZERO WIDTH SPACE}"


class Columns:
    """The widths of a listing's columns in mm for text of ``size`` points; ``rooms`` are thousandths of it."""

    def __init__(self, widths_mm: Sequence[int], size: int) -> None:
        self.widths_mm = tuple(widths_mm)
        self.rooms = [width * _POINTS_PER_10_MM // (10 * size) for width in widths_mm]

    def fits(self, cells: Sequence[str], measure: Measure) -> bool:
        """Whether each text takes one line of its column."""
        return all(
            "\n" not in cell and measure(cell) <= room for cell, room in zip(cells, self.rooms, strict=True)
        )


def breakable(text: str, room: int, measure: Measure) -> str:
    """A text whose words fit a column: a word that is wider by itself may break after any letter."""
    if measure(text) <= room:
        return text
    words = text.split(" ")
    return " ".join(word if measure(word) <= room else _MAY_BREAK.join(word) for word in words)


def shortened(text: str, room: int, measure: Measure) -> str:
    """A text that takes one line of a column, with an ellipsis where its end is left out."""
    if measure(text) <= room:
        return text
    while text and measure(f"{text}{_AND_SO_ON}") > room:
        text = text[:-1]
    return f"{text.rstrip()}{_AND_SO_ON}"


def listing_rows(
    rows: Iterable[Sequence[str]], columns: Columns, measure: Measure, *, tagged: bool
) -> list[Json]:
    """The rows for ``listing`` of ``frame.typ``: each by itself where it is ``tagged``, else together.

    ``lines`` is the number of lines that a row takes, 0 where it may take any.
    """
    found: list[Json] = []
    together: list[Sequence[str]] = []
    for cells in rows:
        if not columns.fits(cells, measure):
            _close(together, found)
            fitting = [breakable(cell, room, measure) for cell, room in zip(cells, columns.rooms, strict=True)]
            found.append({"cells": fitting, "lines": 0})
            continue
        together.append(cells)
        if tagged or len(together) == LINES_TOGETHER:
            _close(together, found)
    _close(together, found)
    return found


def _close(together: list[Sequence[str]], found: list[Json]) -> None:
    """Turn the rows gathered so far into one."""
    if together:
        cells = ["\n".join(column).replace(" ", _NO_BREAK) for column in zip(*together, strict=True)]
        found.append({"cells": cells, "lines": len(together)})
        together.clear()
