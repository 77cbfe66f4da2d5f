"""The longest prefix wins, whatever the number of prefixes, their lengths and the number's own length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rating.prefixes import PrefixTable, PrefixZones
from rating.sorting import AT_ONCE, in_order

DIGITS = st.text(alphabet="0129", max_size=6).map(str.encode)
TEXTS = st.text(alphabet="019ab-", max_size=5).map(str.encode)


def longest(values: dict[bytes, int], text: bytes) -> int:
    """The plain way: every beginning of the text, the longest first."""
    for length in range(len(text), -1, -1):
        if text[:length] in values:
            return values[text[:length]]
    return -1


@given(
    values=st.dictionaries(DIGITS, st.integers(0, 9), max_size=40),
    numbers=st.lists(st.one_of(DIGITS, TEXTS, DIGITS.map(lambda text: text + b"99999999999999999999"))),
)
def test_longest_prefix_of_digits_is_found(values: dict[bytes, int], numbers: list[bytes]) -> None:
    """Numbers of any length, also shorter than prefixes, with other characters in them, or empty."""
    table = PrefixTable[int](values, -1)
    assert [table.find(number) for number in numbers] == [longest(values, number) for number in numbers]


@given(values=st.dictionaries(TEXTS, st.integers(0, 9), max_size=20), texts=st.lists(TEXTS))
def test_longest_prefix_of_text_is_found(values: dict[bytes, int], texts: list[bytes]) -> None:
    """Locations are any text."""
    table = PrefixTable[int](values, -1)
    assert [table.find(text) for text in texts] == [longest(values, text) for text in texts]


def test_prefixes_of_all_lengths_up_to_the_longest_numbers() -> None:
    """Eighteen digits fit into an interval; longer prefixes are found the other way."""
    for most in (18, 30):
        values = {b"4" * length: length for length in range(1, most + 1)}
        table = PrefixTable[int](values, 0)
        assert [table.find(b"4" * length) for length in range(40)] == [
            min(length, most) for length in range(40)
        ]
        assert table.find(b"4" * 7 + b"5" * 20) == 7


def test_zone_of_a_number() -> None:
    """The zone of the longest prefix; no zone where none fits."""
    zones = PrefixZones({b"49": b"germany", b"4915": b"mobile", b"1": b"america"})
    asked = [b"493012", b"49151", b"4915", b"491", b"49", b"4", b"", b"18005550100", b"+4930"]
    found = [zones.zone_of(number) for number in asked]
    assert found == [b"germany", b"mobile", b"mobile", b"germany", b"germany", b"", b"", b"america", b""]


def test_more_texts_than_are_sorted_at_once() -> None:
    """The order is that of ``sorted``: with those that others begin with, an empty one, equal ones."""
    texts = [b"4930%d" % (number * 7919 % 100_003) for number in range(2 * AT_ONCE)]
    texts += [b"", b"4", b"49", b"493", b"4930", b"4930", b"\xff", b"0", b"4930z"]
    assert in_order(texts) == sorted(texts)


@given(values=st.dictionaries(DIGITS, st.integers(0, 9), max_size=20))
def test_lengths_are_those_of_the_prefixes(values: dict[bytes, int]) -> None:
    """The longest first, each once."""
    assert PrefixTable[int](values, -1).lengths == sorted({len(prefix) for prefix in values}, reverse=True)
