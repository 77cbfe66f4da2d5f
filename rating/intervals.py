"""Prefixes of digits as intervals of numbers, laid out flat: a lookup touches two or three lines of memory.

A number is read in base eleven: each digit is one more than itself, and 0 is the end of the number. So a number
that is a prefix itself lies before all that go on from it, and every prefix means one interval. Where one lies
inside another the inner one holds. What is left, intervals without overlap, is found through a table over the
upper bits of the number; where many intervals lie in one entry of it, through a table of that entry's own.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, read_i32_be, read_i64_be, write_i64_be
from mypy_extensions import i64

from rating.giving_way import OFTEN, give_way
from rating.prefix_list import PrefixList

MOST_DIGITS: Final = 17
"""So many digits of base eleven fit into 59 bits, and room is left for sums."""
NOTHING: Final = -1
RUN: Final = 16
"""So many intervals of one entry are looked through; more have a table of their own."""

RECORD_BITS: Final = 62
"""Bits of an interval in an entry: where it begins there, and the place of its value."""

VALUE: Final = 0
"""An entry all of whose numbers have one value: above the two bits of its kind is the place plus one."""
INTERVALS: Final = 1
"""An entry of several intervals: above its kind their number in six bits, then the place of the first."""
TABLE: Final = 2
"""An entry with a table: above its kind the bits of a number below it in six bits, then the table's place."""


class Intervals:
    """``places`` has for each prefix four octets: of one that is there several times the last count.

    All prefixes are digits, MOST_DIGITS at most.
    """

    def __init__(self, prefixes: PrefixList, places: bytes) -> None:
        self.digits: i64 = prefixes.longest
        most: i64 = 0
        for index in range(prefixes.count):
            if index % OFTEN == 0:
                give_way()
            place = i64(read_i32_be(places, index * 4))
            most = place if place > most else most
        layout = _Layout(_flatten(prefixes, places), self.digits, bits_of(most + 1))
        self.place_bits: i64 = layout.place_bits
        self.shift: i64 = layout.shift
        self.entries: bytes = layout.entries()
        self.records: bytes = layout.records.getvalue()

    def share(self, other: Intervals) -> None:
        """Take the octets of another one where they are equal, so that they are in memory once."""
        if self.entries == other.entries:
            self.entries = other.entries
        if self.records == other.records:
            self.records = other.records

    def find(self, number: bytes) -> i64:
        """The place of the longest prefix of a number, or NOTHING.

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
            value = value * 11 + digit - 47
            known += 1
        while known < digits:
            value *= 11
            known += 1
        return self._find(value)

    def _find(self, value: i64) -> i64:
        entries = self.entries
        shift = self.shift
        entry: i64 = read_i64_be(entries, (value >> shift) * 8)
        while entry & 3 == TABLE:
            value -= value >> shift << shift
            shift = entry >> 2 & 63
            entry = read_i64_be(entries, ((entry >> 8) + (value >> shift)) * 8)
        if entry & 3 == VALUE:
            return (entry >> 2) - 1
        bits = self.place_bits
        records = self.records
        asked: i64 = ((value - (value >> shift << shift) + 1) << bits) - 1
        low: i64 = (entry >> 8) * 8
        high: i64 = low + (entry >> 2 & 63) * 8
        while high - low > 8:
            middle: i64 = (low + high) // 16 * 8
            if read_i64_be(records, middle) <= asked:
                low = middle
            else:
                high = middle
        found: i64 = read_i64_be(records, low)
        return found - (found >> bits << bits) - 1


def power_of_eleven(exponent: i64) -> i64:
    """11 to a small power."""
    value: i64 = 1
    while exponent > 0:
        value *= 11
        exponent -= 1
    return value


def power_of_two(exponent: i64) -> i64:
    """2 to a power. A literal 1 would be shifted in 32 bits where this is compiled."""
    value: i64 = 1
    while exponent > 0:
        value += value
        exponent -= 1
    return value


def bits_of(number: i64) -> i64:
    """The bits that a number takes."""
    bits: i64 = 0
    while number > 0:
        number >>= 1
        bits += 1
    return bits


class _Flat:
    """Intervals in ascending order: where each begins, and the place of its value plus one, 0 for none."""

    def __init__(self) -> None:
        self.octets = BytesWriter()
        self.count: i64 = 0
        self._start: i64 = 0
        self._value: i64 = 0
        self._written: i64 = -1

    def begin(self, start: i64, value: i64) -> None:
        """Begin an interval; one that begins at the same number is gone, one of an equal value goes on."""
        if start > self._start:
            self.end()
        self._start = start
        self._value = value

    def end(self) -> None:
        """Write the interval that was begun last."""
        if self._value != self._written:
            write_i64_be(self.octets, self._start)
            write_i64_be(self.octets, self._value)
            self._written = self._value
            self.count += 1


def _flatten(prefixes: PrefixList, places: bytes) -> _Flat:
    """The intervals of prefixes, from number 0 on without gaps."""
    flat = _Flat()
    open_ends: list[int] = []
    open_values: list[int] = [0]
    digits = prefixes.longest
    for index in range(prefixes.count):
        if index % OFTEN == 0:
            give_way()
        prefix = prefixes.at(index)
        size: i64 = power_of_eleven(digits - len(prefix))
        start: i64 = _number_of(prefix) * size
        _close(flat, open_ends, open_values, start)
        value: i64 = i64(read_i32_be(places, index * 4)) + 1
        flat.begin(start, value)
        open_ends.append(start + size)
        open_values.append(value)
    _close(flat, open_ends, open_values, power_of_eleven(digits))
    flat.end()
    return flat


def _close(flat: _Flat, open_ends: list[int], open_values: list[int], until: i64) -> None:
    """End the prefixes that lie before a number: the one around each holds again."""
    while open_ends and open_ends[len(open_ends) - 1] <= until:
        end: i64 = open_ends.pop()
        open_values.pop()
        flat.begin(end, open_values[len(open_values) - 1])


def _number_of(prefix: bytes) -> i64:
    value: i64 = 0
    for digit in prefix:
        value = value * 11 + digit - 47
    return value


class _Wanted:
    """A table that is still to be laid out: for numbers of so many ``bits`` from ``begin`` on.

    ``first`` is the interval that holds there, ``last`` the last one of the table.
    """

    def __init__(self, begin: i64, bits: i64, shift: i64, first: i64, last: i64) -> None:
        self.begin = begin
        self.bits = bits
        self.shift = shift
        self.first = first
        self.last = last


class _Layout:
    """Makes the tables of intervals: first the root, then the tables of its entries, and theirs."""

    def __init__(self, flat: _Flat, digits: i64, place_bits: i64) -> None:
        self.place_bits = place_bits
        self.records = BytesWriter()
        self._written: i64 = 0
        self._flat: bytes = flat.octets.getvalue()
        self._tables: list[bytes] = []
        self._size: i64 = 0
        self._waiting: list[_Wanted] = []
        bits = bits_of(power_of_eleven(digits))
        upper = _bits_for(flat.count)
        self.shift: i64 = bits - upper if upper < bits else 0
        self._want(_Wanted(0, bits, self.shift, 0, flat.count - 1))

    def entries(self) -> bytes:
        """All tables, one after the other."""
        while self._waiting:
            waiting = self._waiting
            self._waiting = []
            for wanted in waiting:
                self._lay_out(wanted)
        return b"".join(self._tables)

    def _want(self, wanted: _Wanted) -> i64:
        """The place that a table will have."""
        place = self._size
        self._size += power_of_two(wanted.bits - wanted.shift)
        self._waiting.append(wanted)
        return place

    def _lay_out(self, wanted: _Wanted) -> None:
        table = BytesWriter()
        shift = wanted.shift
        begin = wanted.begin
        until: i64 = begin + power_of_two(wanted.bits)
        size = power_of_two(shift)
        first = wanted.first
        done: i64 = 0
        while begin < until:
            if done % OFTEN == 0:
                give_way()
            done += 1
            end: i64 = begin + size
            last = first
            while last < wanted.last and self._start(last + 1) < end:
                last += 1
            write_i64_be(table, self._entry(begin, shift, first, last))
            first = last
            if last < wanted.last and self._start(last + 1) == end:
                first = last + 1
            begin = end
        self._tables.append(table.getvalue())

    def _entry(self, begin: i64, bits: i64, first: i64, last: i64) -> i64:
        """What leads to the intervals of numbers of so many bits from ``begin`` on."""
        count: i64 = last + 1 - first
        if count == 1:
            return self._value(first) << 2 | VALUE
        if count > RUN or bits + self.place_bits > RECORD_BITS:
            upper = _bits_for(count)
            shift: i64 = bits - upper if upper < bits else 0
            return self._want(_Wanted(begin, bits, shift, first, last)) << 8 | shift << 2 | TABLE
        place = self._written
        self._written += count
        while first <= last:
            start: i64 = self._start(first) - begin
            start = start if start > 0 else 0
            write_i64_be(self.records, start << self.place_bits | self._value(first))
            first += 1
        return place << 8 | count << 2 | INTERVALS

    def _start(self, index: i64) -> i64:
        return read_i64_be(self._flat, index * 16)

    def _value(self, index: i64) -> i64:
        return read_i64_be(self._flat, index * 16 + 8)


def _bits_for(count: i64) -> i64:
    """The bits of a table's size for so many intervals: some two in an entry."""
    bits = bits_of(count) - 1
    return bits if bits > 2 else 2
