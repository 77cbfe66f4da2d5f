"""The telephone numbers of lines: each column is read once, however many fields are made of it."""

from __future__ import annotations

from collections.abc import Sequence

from config.column_texts import ChosenColumn
from config.usage_mapping import NUMBER_FIELDS, UsageMapping
from ocs.usage_import.plain_columns import chosen_texts, plain_numbers
from ocs.usage_import.refusal import WORD, Refusal
from ocs.usage_import.texts import Parse, number_parser
from rating.numbering import Numbering

Texts = tuple[str, ...]


class NumberFields:
    """Reads those fields of a mapping that are numbers; ``positions`` are columns' places in a line."""

    def __init__(self, mapping: UsageMapping, numbering: Numbering | None, positions: dict[str, int]) -> None:
        self._numbering = numbering
        self._positions = positions
        self._fields = {
            name: column for name in NUMBER_FIELDS if (column := getattr(mapping, name)) is not None
        }
        self._parsers: dict[str, Parse] = {
            name: number_parser(numbering, name, service_numbers=name == "called", any_text=name == "calling")
            for name in self._fields
        }

    def read(
        self, columns: Sequence[Texts], lines: list[int], refused: dict[int, Refusal]
    ) -> dict[str, list[str]]:
        """The numbers by field; a line without one is refused, if it was not before."""
        known: dict[str, list[str]] = {}
        odd: dict[str, list[int]] = {}
        found = {}
        for name, column in self._fields.items():
            chosen = column.chosen() if isinstance(column, ChosenColumn) else [column.column]
            for one in chosen:
                if one not in known:
                    odd[one] = []
                    known[one] = plain_numbers(columns[self._positions[one]], self._numbering, odd[one])
            if isinstance(column, ChosenColumn):
                found[name] = self._choose(name, column, columns, known, lines, refused)
            elif odd[column.column]:
                texts = columns[self._positions[column.column]]
                found[name] = known[column.column].copy()
                for place in odd[column.column]:
                    found[name][place] = self._odd(name, texts[place], lines[place], refused)
            else:
                found[name] = known[column.column]
        return found

    def _choose(
        self,
        name: str,
        column: ChosenColumn,
        columns: Sequence[Texts],
        known: dict[str, list[str]],
        lines: list[int],
        refused: dict[int, Refusal],
    ) -> list[str]:
        """The number of the column that each line's word chooses."""
        chosen = column.chosen()
        words = columns[self._positions[column.by]]
        unknown = len(chosen)
        otherwise = unknown if column.otherwise is None else chosen.index(column.otherwise)
        places = {word: chosen.index(one) for word, one in column.columns.items()}
        picked = [places.get(word, otherwise) for word in words]
        parts = [*(known[one] for one in chosen), [""] * len(words)]
        found = chosen_texts(picked, parts)
        if "" in found:
            for place, number in enumerate(found):
                if number:
                    continue
                if picked[place] == unknown:
                    reason = f"{name} is chosen by {column.by}, whose {words[place]!r} is not in the mapping"
                    refused.setdefault(lines[place], Refusal(WORD, reason))
                else:
                    texts = columns[self._positions[chosen[picked[place]]]]
                    found[place] = self._odd(name, texts[place], lines[place], refused)
        return found

    def _odd(self, name: str, text: str, line: int, refused: dict[int, Refusal]) -> str:
        """A number that is not of the usual form."""
        value = self._parsers[name](text)
        if isinstance(value, Refusal):
            refused.setdefault(line, value)
            return ""
        return str(value)
