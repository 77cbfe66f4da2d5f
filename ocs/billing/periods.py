"""Billing periods: local days of a cycle's time zone, and the moments they begin. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Cycle:
    """A billing cycle: its periods begin on this day of each month (1 to 28), at local midnight."""

    cycle_id: str
    day_of_month: int
    time_zone: str

    def boundary_through(self, day: date) -> date:
        """The last day up to this one that begins a period."""
        this_month = day.replace(day=self.day_of_month)
        return this_month if this_month <= day else added_months(this_month, -1)

    def next_boundary(self, boundary: date) -> date:
        """The day that begins the period after the one that begins here."""
        return added_months(boundary, 1)

    def months(self, begin: date, end: date) -> Iterator[tuple[date, date]]:
        """The cycle's months, whole, that have a day in [begin, end)."""
        at = self.boundary_through(begin)
        while at < end:
            following = self.next_boundary(at)
            yield at, following
            at = following


def added_months(day: date, months: int) -> date:
    """The same day of another month, or the last one where that month is shorter."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


@lru_cache(maxsize=4096)
def start_ms(day: date, time_zone: str) -> int:
    """The first moment of a local day, in epoch milliseconds, also where the clocks leave midnight out."""
    midnight = datetime.combine(day, time(), ZoneInfo(time_zone))  # fold 0: of two midnights the first
    return int(midnight.timestamp()) * 1000


def local_day(at_ms: int, time_zone: str) -> date:
    """The local day of a moment."""
    return _local(at_ms, time_zone).date()


def local_text(at_ms: int, time_zone: str) -> str:
    """The local time of a moment with its offset, ISO 8601, milliseconds."""
    return _local(at_ms, time_zone).isoformat(timespec="milliseconds")


def begun_day_after(at_ms: int, time_zone: str) -> date:
    """The first local day that has not begun before a moment: who leaves within a day has it still."""
    day = local_day(at_ms, time_zone)
    return day if start_ms(day, time_zone) == at_ms else day + timedelta(days=1)


def _local(at_ms: int, time_zone: str) -> datetime:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return moment.astimezone(ZoneInfo(time_zone))


def day_before(day: str) -> str:
    """The ISO text of the day before one."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
