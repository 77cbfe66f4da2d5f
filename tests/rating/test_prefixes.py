"""The longest prefix wins, whatever the number of prefixes, their lengths and the number's own length."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter, write_i32_be

from rating.intervals import MOST_DIGITS, NOTHING, Intervals
from rating.prefix_list import NONE, PrefixList
from rating.prefixes import zones_of
from rating.sorting import AT_ONCE, in_order

DIGITS = st.text(alphabet="0129", max_size=6).map(str.encode)
TEXTS = st.text(alphabet="019ab-", max_size=5).map(str.encode)
NUMBERS = st.lists(st.one_of(DIGITS, TEXTS, DIGITS.map(lambda text: text + b"99999999999999999999")))


def longest(prefixes: set[bytes], text: bytes) -> bytes | None:
    """The plain way: every beginning of the text, the longest first."""
    beginnings = (text[:length] for length in range(len(text), -1, -1))
    return next((each for each in beginnings if each in prefixes), None)


def places_of(values: list[int]) -> bytes:
    """Values as a table takes them."""
    octets = BytesWriter()
    for value in values:
        write_i32_be(octets, value)
    return octets.getvalue()


def found_in_intervals(values: dict[bytes, int], numbers: list[bytes]) -> list[int]:
    """What the intervals of prefixes say of numbers."""
    prefixes = sorted(values)
    intervals = Intervals(PrefixList(prefixes), places_of([values[prefix] for prefix in prefixes]))
    return [intervals.find(number) for number in numbers]


def expected(values: dict[bytes, int], numbers: list[bytes]) -> list[int]:
    """The values of the longest prefixes."""
    known = set(values)
    prefixes = [longest(known, number) for number in numbers]
    return [NOTHING if prefix is None else values[prefix] for prefix in prefixes]


@given(values=st.dictionaries(DIGITS, st.integers(0, 9), max_size=40), numbers=NUMBERS)
def test_longest_prefix_of_digits_is_found(values: dict[bytes, int], numbers: list[bytes]) -> None:
    """Numbers of any length, also shorter than prefixes, with other characters in them, or empty."""
    assert found_in_intervals(values, numbers) == expected(values, numbers)


@pytest.mark.parametrize("most_values", [1, 7, 1 << 30])
@pytest.mark.parametrize("begin", [b"", b"4477", b"12345678"])
def test_prefixes_that_lie_close_together_are_found(begin: bytes, most_values: int) -> None:
    """Thousands behind the same digits have tables of their own; so have chains of ever longer ones."""
    chance = random.Random(len(begin) + most_values)
    values = {
        begin + b"%0*d" % (length, chance.randrange(10**length)): chance.randrange(most_values)
        for length in range(1, MOST_DIGITS - len(begin) + 1)
        for _ in range(400)
    }
    values |= {b"9" * length: chance.randrange(most_values) for length in range(1, MOST_DIGITS + 1)}
    asked = [*values, *(prefix[:-1] for prefix in values), *(prefix + b"5" for prefix in values)]
    asked += [begin + b"%d" % chance.randrange(10 ** (12 - len(begin))) for _ in range(2000)]
    asked += [b"9" * length for length in range(30)] + [b"9" * 5 + b"8", b"", b"x", b"0" * 40]
    assert found_in_intervals(values, asked) == expected(values, asked)


@given(prefixes=st.lists(st.one_of(TEXTS, DIGITS), max_size=20), texts=NUMBERS)
def test_places_of_prefixes_are_found(prefixes: list[bytes], texts: list[bytes]) -> None:
    """Any texts, some of them several times: the last of the longest, those before it, shorter ones."""
    prefixes.sort()
    listed = PrefixList(prefixes)
    assert [listed.at(index) for index in range(listed.count)] == prefixes
    assert (listed.count, listed.different) == (len(prefixes), len(set(prefixes)))
    for text in texts:
        way = []
        place = listed.find(text)
        while place != NONE:
            way.append(place)
            place = listed.before(place)
        assert way == [index for index in reversed(range(len(prefixes))) if text.startswith(prefixes[index])]


def test_a_list_is_in_order() -> None:
    """A search would find nothing in another."""
    with pytest.raises(ValueError, match="ascending"):
        PrefixList([b"2", b"1"])


@given(
    zones=st.dictionaries(st.one_of(TEXTS, DIGITS), st.sampled_from([b"a", b"b"]), max_size=20), texts=NUMBERS
)
def test_zones_of_any_prefixes(zones: dict[bytes, bytes], texts: list[bytes]) -> None:
    """Locations are any text."""
    table = zones_of(zones)
    known = set(zones)
    prefixes = [longest(known, text) for text in texts]
    assert [table.zone_of(text) for text in texts] == [
        b"" if prefix is None else zones[prefix] for prefix in prefixes
    ]


def test_prefixes_of_all_lengths_up_to_the_longest_numbers() -> None:
    """Prefixes of more digits than fit into an interval are found the other way."""
    for most in (MOST_DIGITS, 30):
        table = zones_of({b"4" * length: b"%d" % length for length in range(1, most + 1)})
        found = [table.zone_of(b"4" * length) for length in range(40)]
        assert found == [b"%d" % min(length, most) if length else b"" for length in range(40)]
        assert table.zone_of(b"4" * 7 + b"5" * 20) == b"7"


def test_zone_of_a_number() -> None:
    """The zone of the longest prefix; no zone where none fits."""
    zones = zones_of({b"49": b"germany", b"4915": b"mobile", b"1": b"america"})
    asked = [b"493012", b"49151", b"4915", b"491", b"49", b"4", b"", b"18005550100", b"+4930"]
    found = [zones.zone_of(number) for number in asked]
    assert found == [b"germany", b"mobile", b"mobile", b"germany", b"germany", b"", b"", b"america", b""]


def test_more_texts_than_are_sorted_at_once() -> None:
    """The order is that of ``sorted``: with those that others begin with, an empty one, equal ones."""
    texts = [b"4930%d" % (number * 7919 % 100_003) for number in range(2 * AT_ONCE)]
    texts += [b"", b"4", b"49", b"493", b"4930", b"4930", b"\xff", b"0", b"4930z"]
    assert in_order(texts) == sorted(texts)
