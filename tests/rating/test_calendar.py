"""Local time: bands, days, weeks, months and years, against the standard library and its time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rating.calendar import DAY_S, FAR_MS, Calendar, Zone, band_at, day_at
from rating.periods import DAY, EVER, MONTH, WEEK, YEAR, first_day, month_of_day, period_number, period_of_day
from tests.rating.reference import band_of, local, period_of
from tests.rating.tariffs import BERLIN, BERLIN_ZONE, calendars, instant

FIRST = instant(2024, 1, 1)
INSTANTS = st.one_of(
    st.integers(FIRST, instant(2026, 12, 31)),
    st.sampled_from([(2024, 3, 31), (2024, 10, 27), (2026, 3, 29), (2026, 10, 25)]).flatmap(
        lambda day: st.integers(instant(*day) - 3_600_000, instant(*day) + 5 * 3_600_000)
    ),
)
EPOCH_DAY = date(1970, 1, 1).toordinal()


@given(calendar=calendars(), at_ms=INSTANTS, share=st.integers(0, 1000))
def test_a_band_is_what_the_wall_clock_says_until_its_switch(
    calendar: Calendar, at_ms: int, share: int
) -> None:
    """Also where the clock is set forward or back, and nowhere between an instant and its switch otherwise."""
    band, until_ms = band_at(calendar, BERLIN_ZONE, at_ms)
    assert until_ms > at_ms
    inside = at_ms + (until_ms - 1 - at_ms) * share // 1000
    assert band == band_of(calendar, BERLIN, at_ms) == band_of(calendar, BERLIN, inside)


@given(at_ms=INSTANTS)
def test_periods_are_those_of_the_calendar_on_the_wall(at_ms: int) -> None:
    """Day, week, month and year of an instant; a day ends at the next midnight or change of the clock."""
    for period in (EVER, DAY, WEEK, MONTH):
        assert period_number(period, BERLIN_ZONE, at_ms) == period_of(period, BERLIN, at_ms)
    assert period_number(YEAR, BERLIN_ZONE, at_ms) == local(BERLIN, at_ms).year
    day, until_ms = day_at(BERLIN_ZONE, at_ms)
    assert day_at(BERLIN_ZONE, until_ms - 1)[0] == day
    assert 0 < until_ms - at_ms <= 25 * 3_600_000


@given(day=st.integers(-700_000, 2_000_000))
def test_first_days_begin_their_periods(day: int) -> None:
    """The first day of a period lies in it and the day before does not, in years long gone and far ahead."""
    for period in (DAY, WEEK, MONTH, YEAR):
        number = period_of_day(period, day)
        first = first_day(period, number)
        assert first <= day
        assert period_of_day(period, first) == number
        assert period_of_day(period, first - 1) == number - 1
        assert first_day(period, number + 1) > day


@given(ordinal=st.integers(1, date.max.toordinal()))
def test_months_are_those_of_the_standard_library(ordinal: int) -> None:
    """Over all years that a date can have."""
    found = date.fromordinal(ordinal)
    assert month_of_day(ordinal - EPOCH_DAY) == found.year * 12 + found.month - 1


def test_days_of_a_clock_change_have_23_and_25_hours() -> None:
    """From one local midnight to the next, with one stop at the change itself."""
    for start, hours in (
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ):
        at_ms = int(start.timestamp()) * 1000
        day, change_ms = day_at(BERLIN_ZONE, at_ms)
        same, midnight_ms = day_at(BERLIN_ZONE, change_ms)
        assert (day, same) == (day_at(BERLIN_ZONE, midnight_ms)[0] - 1, day)
        assert midnight_ms - at_ms == hours * 3_600_000


def test_a_zone_without_changes_has_no_further_switch() -> None:
    """What is behind the last change goes on for ever; an instant before the first has the first offset."""
    zone = Zone("fixed", [0], [-3600])
    assert zone.offset_s(-5) == -3600
    assert zone.change_s(0) == FAR_MS
    assert day_at(zone, 0) == (-1, 3_600_000)
    summer = timedelta(hours=2)
    assert local(BERLIN, instant(2026, 7, 1)).utcoffset() == summer
    assert BERLIN_ZONE.offset_s(instant(2026, 7, 1) // 1000) == summer.total_seconds()
    assert DAY_S == 86_400
