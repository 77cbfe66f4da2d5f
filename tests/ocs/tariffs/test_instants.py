"""Times of records, read by arithmetic, are those of the standard library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocs.charging.record import time_octets
from ocs.tariffs.instants import Instants

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
RIGHT = "2026-11-23T00:47:04.120Z"


@given(st.lists(INSTANTS, max_size=4))
def test_an_instant_is_the_standard_librarys(instants: list[datetime]) -> None:
    """One after the other, so that a month remembered is no other's."""
    read = Instants()
    for at in instants:
        epoch_ms = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        assert read.of(time_octets(epoch_ms).decode()) == epoch_ms


@given(st.integers(0, 23), st.characters(max_codepoint=0x2FFF))
def test_one_wrong_sign_is_no_other_instant(place: int, sign: str) -> None:
    """What differs in one place is another instant with that digit, or none."""
    text = RIGHT[:place] + sign + RIGHT[place + 1 :]
    found = Instants().of(text)
    if found >= 0:
        assert time_octets(found).decode() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        RIGHT[:-1],
        RIGHT + "Z",
        "2026-02-29T00:47:04.120Z",
        "2026-13-01T00:47:04.120Z",
        "2026-00-10T00:47:04.120Z",
        "2026-11-00T00:47:04.120Z",
        "2026-11-31T00:47:04.120Z",
        "2026-11-23T24:00:00.000Z",
        "2026-11-23T23:60:00.000Z",
        "2026-11-23T23:59:60.000Z",
        "1969-12-31T23:59:59.999Z",
        "2026-11-23 00:47:04.120Z",
        "\u0662\u0660\u0662\u0666-11-23T00:47:04.120Z",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    """Not of the form, no day of the calendar, no time of day, or before 1970."""
    assert Instants().of(text) == -1
