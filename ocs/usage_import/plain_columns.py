"""Columns of texts whose form is the usual one, to values: what a file of millions of lines mostly is.

Compiled where a compiler is there. What is not of the usual form is left to ``ocs.usage_import.texts``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from rating.numbering import Numbering

MOST_DIGITS: Final = 20
MOST_HOURS: Final = 100_000
NO_HOUR: Final = -1
_DATE_AND_HOUR: Final = 13
"""Characters of 2026-11-03T18."""
_UP_TO_SECONDS: Final = 19
_MINUTES_AND_SECONDS: Final = 6


def plain_numbers(texts: tuple[str, ...], numbering: Numbering | None, odd: list[int]) -> list[str]:
    """Telephone numbers in international form; "" at the places of others, which ``odd`` collects."""
    country = "" if numbering is None else numbering.country.decode()
    national = "" if numbering is None else numbering.national_prefix.decode()
    international = "" if numbering is None else numbering.international_prefix.decode()
    digits: frozenset[int] = frozenset() if numbering is None else numbering.national_digits
    after_national: i64 = len(national)
    after_international: i64 = len(international)
    found: list[str] = []
    for place, text in enumerate(texts):
        number = ""
        if text.startswith("+"):
            number = text[1:]
            if not (number.isdigit() and number.isascii()) or len(number) > MOST_DIGITS:
                number = ""
        elif text.isdigit() and text.isascii() and len(text) <= MOST_DIGITS:
            if after_international and text.startswith(international):
                number = text[after_international:]
            elif after_national and text.startswith(national):
                number = country + text[after_national:]
            elif len(text) in digits:
                number = country + text
            else:
                number = text
        if not number:
            odd.append(place)
        found.append(number)
    return found


def chosen_texts(picked: list[int], parts: list[list[str]]) -> list[str]:
    """Of several columns the text of that one which is picked at each place."""
    found: list[str] = []
    for place, pick in enumerate(picked):
        found.append(parts[pick][place])
    return found


def whole_numbers(texts: tuple[str, ...], least: i64, limit: i64) -> list[int] | None:
    """Whole numbers from ``least`` until before ``limit``; None where a text is none, or has many digits."""
    found: list[int] = []
    for text in texts:
        if not (text.isdigit() and text.isascii()) or len(text) >= MOST_DIGITS - 1:
            return None
        value = int(text)
        if value < least or value >= limit:
            return None
        found.append(value)
    return found


def moments_by_hour(
    texts: tuple[str, ...],
    hours: dict[str, int],
    learn: Callable[[str], int],
    within: dict[str, int],
    iso: bool,
) -> list[int] | None:
    """Moments: an hour's beginning, which ``hours`` remembers, with the minutes and seconds of ``within``.

    Those stand at the end, or, with ``iso``, before fractions and offset. ``learn`` tells the beginning of a
    new hour, or NO_HOUR; then, and where a text is shaped otherwise, None.
    """
    found: list[int] = []
    for text in texts:
        if iso:
            hour = text[:_DATE_AND_HOUR] + text[_UP_TO_SECONDS:]
            rest = within.get(text[_DATE_AND_HOUR:_UP_TO_SECONDS])
        else:
            hour = text[:-_MINUTES_AND_SECONDS]
            rest = within.get(text[-_MINUTES_AND_SECONDS:])
        begin = hours.get(hour)
        if begin is None:
            if len(hours) >= MOST_HOURS:
                hours.clear()
            begin = learn(text)
            if begin == NO_HOUR:
                return None
            hours[hour] = begin
        if rest is None:
            return None
        found.append(begin + rest)
    return found
