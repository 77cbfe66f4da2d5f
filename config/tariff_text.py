"""The small texts of tariffs: amounts, increments, shares, days, hours, dates and periods.

Every parse_ function raises TextError, with a hint, where the text is none of its kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from balance.quantity import AmountError, format_micros, parse_micros
from config.issues import TextError, did_you_mean
from config.quantity_text import LIMIT_UNITS, parse_currency, parse_quantity

DAY_S: Final = 86_400
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PERIODS: Final = ("day", "week", "month", "year", "ever")
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2060
"""Dates and time zones are known for these years, both included."""

_MONEY: Final = re.compile(r"(-?[0-9][0-9_]*(?:\.[0-9]+)?)\s+([A-Za-z]{3})(?:\s+per\s+([a-z]+))?")
_INCREMENTS: Final = re.compile(r"([0-9][0-9_]{0,18})\s*/\s*([0-9][0-9_]{0,18})")
_SHARE: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")
_RATE: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_MOMENT: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]+([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?")
_WORD: Final = re.compile(r"[a-z][a-z0-9_-]*")
_MONEY_HINT: Final = "write an amount such as '2.50 EUR'"


@dataclass(frozen=True)
class Money:
    """An amount and its currency; ``per`` is the word after "per", such as call or day, or empty."""

    micros: int
    currency: str
    per: str = ""


@dataclass(frozen=True)
class Increments:
    """Usage counts ``minimum`` first, then in whole ``increment``s; ``unit_kind`` 0 = that of the price."""

    minimum: int
    increment: int
    unit_kind: int = 0


@dataclass(frozen=True)
class Moment:
    """A local time: days since 1970-01-01 and seconds of that day."""

    day: int
    second: int


def parse_money(text: str) -> Money:
    """The amount of a text such as ``2.50 EUR`` or ``2.99 EUR per call``."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        hint = "a point before the decimals" if "," in text else _MONEY_HINT
        raise TextError(f"{text!r} is not an amount of money", hint)
    amount, currency, per = found.groups()
    if amount.startswith("-"):
        raise TextError(f"{text!r} is below zero")
    try:
        micros = parse_micros(amount.replace("_", ""))
    except AmountError as error:
        raise TextError(str(error)) from None
    return Money(micros, parse_currency(currency), per or "")


def parse_increments(text: str) -> Increments:
    """``60/1`` is a minimum of 60 and steps of 1 after it; ``60 s`` is a step, and as much for the least."""
    pair = _INCREMENTS.fullmatch(text.strip())
    if pair is None:
        quantity = parse_quantity(text)
        return Increments(quantity.units, quantity.units, quantity.unit_kind)
    minimum, increment = (int(digits.replace("_", "")) for digits in pair.groups())
    if increment == 0:
        raise TextError(f"{text!r} counts in steps of nothing", "60/1 is a minimum of 60 and steps of 1")
    if max(minimum, increment) >= LIMIT_UNITS:
        raise TextError(f"{text!r} is not below {LIMIT_UNITS}", code="T110")
    return Increments(minimum, increment)


def parse_share(text: str) -> Fraction:
    """The exact part of a text such as ``12.5 %``: more than 0 %, at most 100 %."""
    found = _SHARE.fullmatch(text.strip())
    share = Fraction(found.group(1)) / 100 if found else Fraction(0)
    if not 0 < share <= 1:
        raise TextError(f"{text!r} is not a percentage above 0 % and up to 100 %", "write it such as '20 %'")
    return share


def parse_exchange_rate(text: str) -> Fraction:
    """An exact positive factor such as ``0.92``."""
    factor = Fraction(text.strip()) if _RATE.fullmatch(text.strip()) else Fraction(0)
    if factor == 0:
        raise TextError(f"{text!r} is not an exchange rate", "a decimal number above 0, such as 0.92")
    return factor


def parse_moment(text: str) -> Moment:
    """A date, or a date and a time, such as ``2026-11-24`` or ``2026-11-24 19:58``."""
    found = _MOMENT.fullmatch(text.strip())
    try:
        day = date.fromisoformat(found.group(1)) if found else None
    except ValueError:
        day = None
    if found is None or day is None:
        raise TextError(f"{text!r} is not a date", "write it as 2026-11-24, or 2026-11-24 19:58 with the time")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise TextError(f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}", code="T110")
    second = parse_clock(found.group(2)) if found.group(2) else 0
    if second == DAY_S:
        raise TextError(f"{text!r} has the time 24:00", "write 00:00 of the day after")
    return Moment(day_number(day), second)


def parse_day(text: str) -> int:
    """A date as days since 1970-01-01."""
    moment = parse_moment(text)
    if moment.second:
        raise TextError(f"{text!r} is not a date", "write it as 2026-11-24")
    return moment.day


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def day_text(number: int) -> str:
    """The date of a day number, as ISO 8601 writes it."""
    return date.fromordinal(number + date(1970, 1, 1).toordinal()).isoformat()


def moment_text(epoch_s: int) -> str:
    """A local time given in seconds since 1970-01-01 00:00 local, with the time of day where there is one."""
    moment = datetime.fromtimestamp(epoch_s, UTC)
    return moment.strftime("%Y-%m-%d" if epoch_s % DAY_S == 0 else "%Y-%m-%d %H:%M:%S").removesuffix(":00")


def parse_clock(text: str) -> int:
    """The second of a day that a text such as ``08:00`` or ``24:00`` means."""
    found = _CLOCK.fullmatch(text.strip())
    if found is not None:
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        second = hours * 3600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and second <= DAY_S:
            return second
    raise TextError(f"{text!r} is not a time of day", "write it as 08:00; the end of a day is 24:00")


def parse_hours(text: str) -> tuple[int, int]:
    """From and until, seconds of a day: ``08:00-20:00``. The second may be the smaller: over midnight."""
    start, dash, end = text.partition("-")
    if not dash:
        raise TextError(f"{text!r} are not hours", "write them as 08:00-20:00")
    hours = parse_clock(start), parse_clock(end)
    if hours[0] == hours[1] or hours[0] == DAY_S:
        raise TextError(f"{text!r} has no hours in it", "a whole day is 00:00-24:00")
    return hours


def parse_days(text: str, names: frozenset[str]) -> frozenset[int | str]:
    """Weekdays (0 = Monday) and names of holidays: ``mon-fri``, ``sat``, ``all`` or one of ``names``."""
    word = text.strip().lower()
    if word == "all":
        return frozenset(range(7))
    if text.strip() in names:
        return frozenset({text.strip()})
    start, dash, end = word.partition("-")
    if start[:3] not in WEEKDAYS or (dash and end[:3] not in WEEKDAYS) or not _is_weekday(start, end, dash):
        known = [*WEEKDAYS, "all", *names]
        hint = did_you_mean(text, known) if _WORD.fullmatch(word) else f"known: {', '.join(known)}"
        raise TextError(f"{text!r} is no day", hint, "T201")
    first = WEEKDAYS.index(start[:3])
    last = WEEKDAYS.index(end[:3]) if dash else first
    return frozenset(day % 7 for day in range(first, last + 1 if last >= first else last + 8))


def _is_weekday(start: str, end: str, dash: str) -> bool:
    full = {"mon": "monday", "tue": "tuesday", "wed": "wednesday", "thu": "thursday"}
    full |= {"fri": "friday", "sat": "saturday", "sun": "sunday"}
    words = [start, end] if dash else [start]
    return all(word in full or word in full.values() for word in words)


def parse_years(text: str) -> range:
    """The years of ``2024-2030`` or ``2026``."""
    found = re.fullmatch(r"([0-9]{4})(?:\s*-\s*([0-9]{4}))?", text.strip())
    first, last = (int(found.group(1)), int(found.group(2) or found.group(1))) if found else (0, 0)
    if not FIRST_YEAR <= first <= last <= LAST_YEAR:
        raise TextError(f"{text!r} are not years from {FIRST_YEAR} to {LAST_YEAR}", "write them as 2024-2030")
    return range(first, last + 1)


def format_money(micros: int, currency: str) -> str:
    """An amount and its currency: ``2.50 EUR``."""
    return f"{format_micros(micros)} {currency}".rstrip()


def format_share(share: Fraction) -> str:
    """A part of a hundred, exactly: ``12.5 %``."""
    return f"{format_micros(int(share * 100 * 1_000_000)).rstrip('0').rstrip('.')} %"


def format_rate(numerator: int, denominator: int) -> str:
    """An exchange rate as it was written: price lists have decimal numbers only."""
    return f"{Decimal(numerator) / Decimal(denominator):f}"


def clock_text(second: int) -> str:
    """A second of a day as ``08:00``, with seconds where there are any."""
    hours, rest = divmod(second, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")
