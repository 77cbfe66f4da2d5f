"""From the texts of a usage file to values: each function gives the value, or a Refusal where there is none.

Texts repeat, so that their values are remembered: a lookup costs 40 ns, a time by its format 8 us.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.column_texts import TimeColumn, WordColumn
from config.quantity_text import LIMIT_UNITS, UNITS
from ocs.usage_import.plain_columns import MOST_DIGITS
from ocs.usage_import.refusal import AMOUNT_OF_USE, NUMBER, TIME, WORD, Refusal
from rating.numbering import Numbering

MOST_REMEMBERED: Final = 100_000
_DECIMAL: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")
_CLOCK: Final = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])")
_NUMBER: Final = re.compile(rf"\+?[0-9]{{1,{MOST_DIGITS}}}")
_SERVICE_NUMBER: Final = re.compile(rf"[0-9*#]{{1,{MOST_DIGITS}}}")
_TYPOGRAPHY: Final = str.maketrans("", "", " -./()")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MS: Final = 631_152_000_000
"""1990: what is before was no usage."""
LAST_MS: Final = 1 << 42

Parse = Callable[[str], Any]


class Remembered(dict[str, Any]):
    """Values by text; ``refused`` says that some text had none. Refusals are not remembered."""

    def __init__(self, parse: Parse) -> None:
        super().__init__()
        self.parse = parse
        self.refused = False

    def __missing__(self, text: str) -> Any:
        value = self.parse(text)
        if type(value) is Refusal:
            self.refused = True
        else:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[text] = value
        return value


def read_column(
    values: Remembered, texts: Iterable[str], lines: list[int], refused: dict[int, Refusal]
) -> list[Any]:
    """The values of a column; a line without one is refused, if it was not before."""
    column = [values[text] for text in texts]
    if values.refused:
        values.refused = False
        for line, value in zip(lines, column, strict=True):
            if type(value) is Refusal:
                refused.setdefault(line, value)
    return column


def moment_parser(column: TimeColumn) -> Parse:
    """Texts to epoch milliseconds, by the format and the zone of a column."""
    if column.format == "epoch":
        return _epoch_s
    if column.format == "epoch_ms":
        return _epoch_ms
    if column.format == "iso":
        return _iso_ms
    zone = ZoneInfo(column.time_zone)
    fold = 1 if column.twice == "second" else 0

    def parse(text: str) -> int | Refusal:
        try:
            local = datetime.strptime(text, column.format)  # noqa: DTZ007 - the zone follows
        except ValueError:
            return Refusal(TIME, f"{text!r} is not a time such as {column.format}")
        if local.tzinfo is not None:
            return _in_range(text, local)
        instant = local.replace(tzinfo=zone, fold=fold)
        found = _in_range(text, instant)  # before UTC is asked for, which the years 1 and 9999 may not have
        if type(found) is Refusal:
            return found
        if instant.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
            return Refusal(TIME, f"{text!r} was left out when {column.time_zone} changed its clocks")
        return found

    return parse


def _in_range(text: str, instant: datetime) -> int | Refusal:
    delta = instant - _EPOCH
    return _checked_ms(text, (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000)


def _checked_ms(text: str, found: int) -> int | Refusal:
    if FIRST_MS <= found < LAST_MS:
        return found
    return Refusal(TIME, f"{text!r} is not a time of any usage")


def _epoch_s(text: str) -> int | Refusal:
    if _DECIMAL.fullmatch(text) is None:
        return Refusal(TIME, f"{text!r} is not a number of seconds since 1970")
    return _checked_ms(text, int(Decimal(text) * 1000))


def _epoch_ms(text: str) -> int | Refusal:
    if not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
        return Refusal(TIME, f"{text!r} is not a number of milliseconds since 1970")
    return _checked_ms(text, int(text))


def _iso_ms(text: str) -> int | Refusal:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return Refusal(TIME, f"{text!r} is not a time such as 2026-11-03T18:01:22+01:00")
    if instant.tzinfo is None:
        return Refusal(TIME, f"{text!r} has no offset from UTC")
    return _in_range(text, instant)


def seconds_parser(unit: str) -> Parse:
    """Texts to seconds; begun seconds count."""
    if unit == "clock":
        return _clock_s
    factor = {"s": Decimal(1), "ms": Decimal("0.001"), "min": Decimal(60)}[unit]
    return _scaled(factor, "a duration")


def octets_parser(unit: str) -> Parse:
    """Texts to octets; begun octets count."""
    return _scaled(Decimal(UNITS[unit][1]), "a volume")


def units_parser() -> Parse:
    """Texts to whole units."""
    return _scaled(Decimal(1), "a number of units")


def _scaled(factor: Decimal, what: str) -> Parse:
    def parse(text: str) -> int | Refusal:
        if _DECIMAL.fullmatch(text) is None:
            return Refusal(AMOUNT_OF_USE, f"{text!r} is not {what}")
        found = int((Decimal(text) * factor).to_integral_value(ROUND_CEILING))
        return found if found < LIMIT_UNITS else Refusal(AMOUNT_OF_USE, f"{text!r} is beyond any usage")

    return parse


def _clock_s(text: str) -> int | Refusal:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return Refusal(AMOUNT_OF_USE, f"{text!r} is not a duration such as 0:01:03")
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])


def number_parser(numbering: Numbering | None, field: str, *, service_numbers: bool, any_text: bool) -> Parse:
    """Texts to numbers in international form.

    ``service_numbers`` lets ``*100#`` pass, ``any_text`` what stands there for callers without a number.
    """

    def parse(text: str) -> str | Refusal:
        number = text if text.isdigit() else text.translate(_TYPOGRAPHY)
        digits = number.isdigit() and number.isascii() and len(number) <= MOST_DIGITS
        if digits or _NUMBER.fullmatch(number) is not None:
            if numbering is None:
                return number.lstrip("+")
            found = numbering.international(number.encode()).decode()
            if found:
                return found
        elif (service_numbers and _SERVICE_NUMBER.fullmatch(number)) or (any_text and len(text) <= MOST_DIGITS):
            return number
        return Refusal(NUMBER, f"{field} {text!r} is not a number")

    return parse


def word_parser(column: WordColumn, field: str) -> Parse:
    """Texts to what ``values`` or ``otherwise`` say that they mean."""
    values = column.values
    otherwise = column.otherwise

    def parse(text: str) -> str | Refusal:
        found = values.get(text, otherwise)
        if found is None:
            return Refusal(WORD, f"{field} {text!r} is not in the mapping")
        return found

    return parse
