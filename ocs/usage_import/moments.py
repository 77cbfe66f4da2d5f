"""The moments of lines: an hour is read once by its format, what lies within it costs little."""

from __future__ import annotations

from typing import Any, Final

from config.column_texts import TimeColumn
from ocs.usage_import.plain_columns import NO_HOUR, moments_by_hour, whole_numbers
from ocs.usage_import.refusal import Refusal
from ocs.usage_import.texts import FIRST_MS, LAST_MS, Remembered, moment_parser, read_column

_WITHIN_HOUR: Final = {
    f":{minute:02d}:{second:02d}": 1000 * (60 * minute + second) for minute in range(60) for second in range(60)
}
_LAST_S_MS: Final = _WITHIN_HOUR[":59:59"]
_DATE_AND_HOUR: Final = len("2026-11-03T18")
_UP_TO_SECONDS: Final = len("2026-11-03T18:01:22")


class Moments:
    """Reads a column of times. By hour where the format ends with minutes and seconds, or is iso."""

    def __init__(self, column: TimeColumn) -> None:
        self._format = column.format
        self._parse = moment_parser(column)
        self._whole = Remembered(self._parse)
        before = column.format.removesuffix(":%M:%S")
        self._iso = column.format == "iso"
        self._by_hour = self._iso or (
            before != column.format and not any(field in before for field in ("%M", "%S", "%z"))
        )
        self._hours: dict[str, int] = {}

    def read(self, texts: tuple[str, ...], lines: list[int], refused: dict[int, Refusal]) -> list[Any]:
        """Epoch milliseconds; a line without is refused, if it was not before."""
        found: list[int] | None = None
        if self._by_hour:
            found = moments_by_hour(texts, self._hours, self._learn, _WITHIN_HOUR, self._iso)
        elif self._format == "epoch_ms":
            found = whole_numbers(texts, FIRST_MS, LAST_MS)
        return read_column(self._whole, texts, lines, refused) if found is None else found

    def _learn(self, text: str) -> int:
        """The beginning of a text's hour, if all of it is there and without a change of clocks."""
        head, tail = (text[:_DATE_AND_HOUR], text[_UP_TO_SECONDS:]) if self._iso else (text[:-6], "")
        begin = self._parse(f"{head}:00:00{tail}")
        end = self._parse(f"{head}:59:59{tail}")
        if type(begin) is int and type(end) is int and end - begin == _LAST_S_MS:
            return begin
        return NO_HOUR
