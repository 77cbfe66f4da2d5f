"""Instants of records, read from their text by arithmetic. Compiled."""

from __future__ import annotations

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from rating.periods import day_of_month_start

_DAY_S: Final = 86_400

# an instant in three pieces: their octets with every digit 0, and the places of the digits
_DATE: Final = 0x303030302D30302D  # 0000-00-
_DATE_DIGITS: Final = 0x0F0F0F0F000F0F00
_CLOCK: Final = 0x30305430303A3030  # 00T00:00
_CLOCK_DIGITS: Final = 0x0F0F000F0F000F0F
_REST: Final = 0x3A30302E3030305A  # :00.000Z
_REST_DIGITS: Final = 0x000F0F000F0F0F00
_SIXES: Final = 0x0606060606060606
_ONES: Final = 0x0101010101010101


class Instants:
    """Epoch milliseconds of texts in UTC such as ``2026-11-23T00:47:04.120Z``; the last month is remembered."""

    def __init__(self) -> None:
        self._month: i64 = -1
        self._first_day: i64 = 0
        self._days: i64 = 0

    def of(self, text: str) -> i64:
        """The instant; -1 where the text is none, or before 1970. It is read in three pieces of 8 octets."""
        octets = text.encode()
        if len(octets) != 24:
            return -1
        date, clock, rest = read_i64_be(octets, 0), read_i64_be(octets, 8), read_i64_be(octets, 16)
        if not (_is(date, _DATE, _DATE_DIGITS) and _is(clock, _CLOCK, _CLOCK_DIGITS)):
            return -1
        if not _is(rest, _REST, _REST_DIGITS):
            return -1
        year = _two(date, 48) * 100 + _two(date, 32)
        month, day = _two(date, 8), _two(clock, 48)
        hour, minute, second = _two(clock, 24), _two(clock, 0), _two(rest, 40)
        if year < 1970 or month < 1 or month > 12 or day < 1 or hour > 23 or minute > 59 or second > 59:
            return -1
        number = year * 12 + month - 1
        if number != self._month:
            self._month = number
            self._first_day = day_of_month_start(number)
            self._days = day_of_month_start(number + 1) - self._first_day
        if day > self._days:
            return -1
        seconds = (self._first_day + day - 1) * _DAY_S + hour * 3600 + minute * 60 + second
        return seconds * 1000 + _two(rest, 16) * 10 + (rest >> 8 & 15)


def _is(octets: i64, form: i64, digits: i64) -> bool:
    """Whether eight octets have a decimal digit where ``digits`` has 15, and are the form's elsewhere."""
    if octets & ~digits != form:
        return False
    over_nine = ((octets & digits) + (digits & _SIXES)) & ((digits & _ONES) << 4)
    return over_nine == 0


def _two(octets: i64, place: i64) -> i64:
    """The number of the two digits of which the second is so many bits from the end."""
    return (octets >> (place + 8) & 15) * 10 + (octets >> place & 15)
