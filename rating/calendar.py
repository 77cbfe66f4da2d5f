"""When a price holds: time zones, days and bands of a day, counted in local time.

A zone is a table of offsets, so that nothing here needs a clock or a time zone database; a calendar cuts each
local day into bands. Instants are epoch milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from mypy_extensions import i64

DAY_S: Final = 86_400
HOLIDAY: Final = 7
"""The day type after Monday (0) to Sunday (6)."""
FAR_MS: Final = 1 << 60
"""Later than any instant: there is no further switch."""


class Zone:
    """A time zone: from ``starts_s[n]`` (epoch seconds, ascending) local time is UTC + ``offsets_s[n]``.

    ``starts_s[0]`` is before every instant that is asked for.
    """

    def __init__(self, name: str, starts_s: list[int], offsets_s: list[int]) -> None:
        self.name = name
        self.starts_s = starts_s
        self.offsets_s = offsets_s

    def offset_s(self, epoch_s: int) -> int:
        """Local time less UTC at an instant."""
        index = bisect_right(self.starts_s, epoch_s) - 1
        return self.offsets_s[index if index > 0 else 0]


class Calendar:
    """Bands of a day by type of day: ``days[type]`` lists (second of the local day, band), from second 0 on.

    ``bands`` names the bands; ``holidays`` are local day numbers (days since 1970-01-01) of type HOLIDAY.
    ``in_subscriber_zone`` says whose local time counts: the subscriber's, else the network's.
    """

    def __init__(
        self,
        name: str,
        bands: list[str],
        days: list[list[tuple[int, int]]],
        holidays: frozenset[int],
        in_subscriber_zone: bool,
    ) -> None:
        self.name = name
        self.bands = bands
        self.days = days
        self.holidays = holidays
        self.in_subscriber_zone = in_subscriber_zone


UTC: Final = Zone("UTC", [-(1 << 60)], [0])


def day_type(calendar: Calendar, local_day: i64) -> i64:
    """0 to 6 for Monday to Sunday, HOLIDAY for a holiday of the calendar."""
    if local_day in calendar.holidays:
        return HOLIDAY
    return (local_day + 3) % 7
