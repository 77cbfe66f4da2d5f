"""Time zones as tables: the same offsets as the time zone database, and local times as instants."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.issues import TextError
from config.tariff_text import Moment
from config.time_zones import epoch_ms, zone_named

NAMES = (
    "Europe/Berlin",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
)
SECONDS = st.integers(
    int(datetime(1990, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2061, 1, 1, tzinfo=UTC).timestamp())
)


@given(st.sampled_from(NAMES), SECONDS)
def test_offsets_are_those_of_the_database(name: str, instant: int) -> None:
    """At any second of seventy years local time is what zoneinfo says."""
    offset = datetime.fromtimestamp(instant, ZoneInfo(name)).utcoffset()
    assert offset is not None
    assert zone_named(name).offset_s(instant) == offset.days * 86_400 + offset.seconds


@given(st.sampled_from(NAMES), SECONDS)
def test_local_times_become_instants(name: str, instant: int) -> None:
    """The local time of an instant leads back to it, or an hour before where the clocks were put back."""
    zone = zone_named(name)
    local = instant + zone.offset_s(instant)
    found = epoch_ms(zone, Moment(local // 86_400, local % 86_400)) // 1000
    assert found <= instant
    assert found + zone.offset_s(found) == local


@pytest.mark.parametrize(
    "name", ["", "Europe/Berlinn", "../../etc/passwd", "Europe", "a" * 5000, "Mars/Phobos", "\0"]
)
def test_unknown_zones_are_refused(name: str) -> None:
    """What names no zone, a folder, or something outside of the database is an error."""
    with pytest.raises(TextError):
        zone_named(name)
