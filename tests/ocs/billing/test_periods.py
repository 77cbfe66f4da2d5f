"""Days, months and moments of billing cycles."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ocs.billing.coins import digits_of, divided, rounded
from ocs.billing.periods import Cycle, added_months, begun_day_after, local_day, local_text, start_ms

DAYS = st.dates(date(1990, 1, 1), date(2059, 12, 31))
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/Santiago",
        "Africa/Cairo",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Asia/Beirut",
    ]
)


def test_a_leap_day_is_a_day_like_any_other() -> None:
    """February 2028 has 29 days, and a cycle goes over them without a gap."""
    cycle = Cycle("monthly", 1, "Europe/Berlin")

    assert list(cycle.months(date(2028, 2, 10), date(2028, 3, 2))) == [
        (date(2028, 2, 1), date(2028, 3, 1)),
        (date(2028, 3, 1), date(2028, 4, 1)),
    ]
    assert (
        start_ms(date(2028, 3, 1), "Europe/Berlin") - start_ms(date(2028, 2, 1), "Europe/Berlin")
        == 29 * 86_400_000
    )


def test_the_days_of_a_clock_change_are_shorter_and_longer() -> None:
    """In Berlin, 29 March 2026 has 23 hours and 25 October 2026 has 25."""
    lengths = {
        day: start_ms(day + timedelta(days=1), "Europe/Berlin") - start_ms(day, "Europe/Berlin")
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25))
    }

    assert [length // 3_600_000 for length in lengths.values()] == [24, 23, 25]


def test_a_day_whose_midnight_is_left_out_begins_later() -> None:
    """In Santiago the clocks went from 24:00 to 01:00 on 8 September 2024: that day began at 01:00."""
    begin = start_ms(date(2024, 9, 8), "America/Santiago")

    assert local_text(begin, "America/Santiago") == "2024-09-08T01:00:00.000-03:00"
    assert local_text(begin - 1, "America/Santiago") == "2024-09-07T23:59:59.999-04:00"


@given(DAYS, ZONES)
def test_a_day_begins_once(day: date, zone: str) -> None:
    """The moment before a day's beginning is an earlier day, the beginning itself is not."""
    begin = start_ms(day, zone)

    assert local_day(begin - 1, zone) < day <= local_day(begin, zone)


@given(DAYS, st.integers(1, 28))
def test_periods_have_no_gaps(day: date, day_of_month: int) -> None:
    """Every day lies in one period: it begins on the cycle's day, and the next begins where it ends."""
    cycle = Cycle("c", day_of_month, "UTC")
    begin = cycle.boundary_through(day)
    end = cycle.next_boundary(begin)

    assert begin <= day < end
    assert (begin.day, end.day) == (day_of_month, day_of_month)
    assert cycle.boundary_through(end) == end
    assert cycle.boundary_through(end - timedelta(days=1)) == begin


@given(DAYS, st.integers(-30, 30))
def test_months_are_added_by_the_calendar(day: date, months: int) -> None:
    """The month is so many months away, the day the same or the last of a shorter month."""
    found = added_months(day, months)

    assert (found.year - day.year) * 12 + found.month - day.month == months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1


@given(st.integers(600_000_000_000, 2_800_000_000_000), ZONES)
def test_local_texts_name_the_moment(at_ms: int, zone: str) -> None:
    """The local text with its offset is the same moment; the day that follows has not begun, its eve has."""
    text = datetime.fromisoformat(local_text(at_ms, zone))
    day = begun_day_after(at_ms, zone)

    assert text == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    assert start_ms(day, zone) >= at_ms
    assert local_day(at_ms - 1, zone) < day <= local_day(at_ms - 1, zone) + timedelta(days=2)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_rounding_goes_to_the_nearest_coin(micros: int, currency: str) -> None:
    """A rounded amount is whole coins, at most half a coin away, and mirrored below zero."""
    digits = digits_of(currency)
    coin = 1_000_000 // 10**digits
    found = rounded(micros, digits)

    assert found % coin == 0
    assert 2 * abs(found - micros) <= coin
    assert rounded(-micros, digits) == -found
    assert divided(5, 2) == 3
    assert divided(-5, 2) == -3
