"""Days, weeks, months and years in a time zone, by number."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.calendar import Zone, day_at

EVER: Final = 0
"""One period without end, number 0."""
DAY: Final = 1
"""Number: local days since 1970-01-01."""
WEEK: Final = 2
"""From Monday; number: weeks since 1969-12-29."""
MONTH: Final = 3
"""Number: 12 times the year, plus the month from 0."""
YEAR: Final = 4
"""Number: the year."""
USAGE: Final = 5
"""The one usage: of caps only."""
PERIOD_NAMES: Final = ("ever", "day", "week", "month", "year", "usage")


def local_day(zone: Zone, instant_ms: i64) -> i64:
    """The number of the local day (days since 1970-01-01) at an instant."""
    return day_at(zone, instant_ms)[0]


def period_of_day(period: i64, day: i64) -> i64:
    """The number of the period that a local day lies in."""
    if period == DAY:
        return day
    if period == WEEK:
        return (day + 3) // 7
    if period == MONTH:
        return month_of_day(day)
    if period == YEAR:
        return month_of_day(day) // 12
    return 0


def period_number(period: i64, zone: Zone, instant_ms: i64) -> i64:
    """The number of the period at an instant; 0 for EVER and USAGE."""
    if period in (EVER, USAGE):
        return 0
    return period_of_day(period, local_day(zone, instant_ms))


def month_of_day(day: i64) -> i64:
    """12 times the year plus the month from 0, in the Gregorian calendar without a first year."""
    shifted: i64 = day + 719_468
    era: i64 = shifted // 146_097
    of_era: i64 = shifted - era * 146_097
    year: i64 = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year: i64 = of_era - (365 * year + year // 4 - year // 100)
    march_month: i64 = (5 * of_year + 2) // 153
    return (era * 400 + year) * 12 + march_month + 2


def day_of_month_start(month: i64) -> i64:
    """The local day number of the first day of a month (12 times the year plus the month from 0)."""
    from_march: i64 = month - 2
    year: i64 = from_march // 12
    march_month: i64 = from_march - year * 12
    era: i64 = year // 400
    of_era_year: i64 = year - era * 400
    of_year: i64 = (153 * march_month + 2) // 5
    of_era: i64 = of_era_year * 365 + of_era_year // 4 - of_era_year // 100 + of_year
    return era * 146_097 + of_era - 719_468


def first_day(period: i64, number: i64) -> i64:
    """The first local day of a period of type DAY, WEEK, MONTH or YEAR."""
    if period == WEEK:
        return number * 7 - 3
    if period == MONTH:
        return day_of_month_start(number)
    if period == YEAR:
        return day_of_month_start(number * 12)
    return number
