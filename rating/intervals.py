"""Prefixes of digits as intervals of numbers, laid out flat: a lookup touches two or three lines of memory.

Every prefix means all numbers of ``digits`` digits that begin with it. Where one lies inside another the inner
one holds; what is left is a row of intervals without overlap, in octets, found through a table over the first
digits.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from rating.giving_way import OFTEN, give_way

MOST_DIGITS: Final = 18
NOTHING: Final = -1
TOO_SHORT: Final = -2
"""The number has fewer digits than the prefixes that lie there: they must be compared one by one."""
RECORD: Final = 16
"""Octets of an interval: the first number in it, then the value's place times 32 plus the prefix's length."""


class Intervals:
    """``places[n]`` belongs to ``prefixes[n]``; the prefixes are digits in ascending order, each once."""

    def __init__(self, prefixes: list[bytes], places: list[int]) -> None:
        self.digits: i64 = 0
        for prefix in prefixes:
            length: i64 = len(prefix)
            self.digits = length if length > self.digits else self.digits
        starts, infos = _join_equal(*_flatten(prefixes, places, self.digits))
        first_digits: i64 = 0
        while first_digits < self.digits and power_of_ten(first_digits + 1) <= len(prefixes):
            first_digits += 1
        self.step: i64 = power_of_ten(self.digits - first_digits)
        records = BytesWriter()
        for place, start in enumerate(starts):
            if place % OFTEN == 0:
                give_way()
            write_i64_be(records, start)
            write_i64_be(records, infos[place])
        self.records: bytes = records.getvalue()
        self.firsts: bytes = _first_records(starts, self.step, power_of_ten(first_digits))

    def find(self, number: bytes) -> i64:
        """The place of the longest prefix of a number; NOTHING, or TOO_SHORT where it can not be told here.

        What follows the first character that is no digit is not looked at.
        """
        digits = self.digits
        size: i64 = len(number)
        size = size if size < digits else digits
        value: i64 = 0
        known: i64 = 0
        while known < size:
            digit: i64 = number[known]
            if digit < 48 or digit > 57:
                break
            value = value * 10 + digit - 48
            known += 1
        if known < digits:
            value *= power_of_ten(digits - known)
        return self._find(value, known)

    def _find(self, value: i64, known: i64) -> i64:
        records = self.records
        at: i64 = value // self.step * 4
        low = i64(read_i32_be(self.firsts, at))
        high = i64(read_i32_be(self.firsts, at + 4))
        while low < high:
            middle: i64 = (low + high + 1) // 2
            if read_i64_be(records, middle * RECORD) <= value:
                low = middle
            else:
                high = middle - 1
        info: i64 = read_i64_be(records, low * RECORD + 8)
        if info < 0:
            return NOTHING
        return TOO_SHORT if info & 31 > known else info >> 5


def power_of_ten(exponent: i64) -> i64:
    """10 to a small power."""
    value: i64 = 1
    while exponent > 0:
        value *= 10
        exponent -= 1
    return value


def _flatten(prefixes: list[bytes], places: list[int], digits: i64) -> tuple[list[int], list[int]]:
    """The first number of each interval and what is known of it, from number 0 on without gaps."""
    starts: list[int] = [0]
    infos: list[int] = [-1]
    open_ends: list[int] = []
    open_infos: list[int] = [-1]
    for index, prefix in enumerate(prefixes):
        if index % OFTEN == 0:
            give_way()
        length: i64 = len(prefix)
        start: i64 = _number_of(prefix) * power_of_ten(digits - length)
        _close(starts, infos, open_ends, open_infos, start)
        _open_interval(starts, infos, start, places[index] * 32 + length)
        open_ends.append(start + power_of_ten(digits - length))
        open_infos.append(infos[len(infos) - 1])
    _close(starts, infos, open_ends, open_infos, power_of_ten(digits))
    return starts, infos


def _close(
    starts: list[int], infos: list[int], open_ends: list[int], open_infos: list[int], until: i64
) -> None:
    """End the prefixes that lie before a number: the one around each holds again."""
    while open_ends and open_ends[len(open_ends) - 1] <= until:
        end = open_ends.pop()
        open_infos.pop()
        _open_interval(starts, infos, end, open_infos[len(open_infos) - 1])


def _open_interval(starts: list[int], infos: list[int], start: i64, info: i64) -> None:
    last = len(starts) - 1
    if starts[last] == start:
        infos[last] = info
    else:
        starts.append(start)
        infos.append(info)


def _join_equal(starts: list[int], infos: list[int]) -> tuple[list[int], list[int]]:
    """Neighbours that lead to the same value as one, of the longest of their prefixes."""
    joined_starts: list[int] = []
    joined_infos: list[int] = []
    for index, start in enumerate(starts):
        if index % OFTEN == 0:
            give_way()
        info = infos[index]
        last = len(joined_infos) - 1
        if last >= 0 and joined_infos[last] >> 5 == info >> 5:
            joined_infos[last] = info if info > joined_infos[last] else joined_infos[last]
        else:
            joined_starts.append(start)
            joined_infos.append(info)
    return joined_starts, joined_infos


def _number_of(prefix: bytes) -> i64:
    value: i64 = 0
    for digit in prefix:
        value = value * 10 + digit - 48
    return value


def _first_records(starts: list[int], step: i64, count: i64) -> bytes:
    """For each beginning of ``step`` numbers the record it lies in; one more for the end."""
    firsts = BytesWriter()
    record: i64 = 0
    last: i64 = len(starts) - 1
    number: i64 = 0
    while number <= count:
        if number % OFTEN == 0:
            give_way()
        value: i64 = number * step
        while record < last and starts[record + 1] <= value:
            record += 1
        write_i32_be(firsts, i32(record))
        number += 1
    return firsts.getvalue()
