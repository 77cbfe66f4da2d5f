"""When a price holds: time zones, days and bands of a day, counted in local time.

A zone is a table of offsets, so that nothing here needs a clock or a time zone database; a calendar cuts each
local day into bands. Instants are epoch milliseconds.
"""

from __future__ import annotations

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
        self._latest: i64 = 0

    def offset_s(self, epoch_s: i64) -> i64:
        """Local time less UTC at an instant."""
        return self.offsets_s[self.index_at(epoch_s)]

    def index_at(self, epoch_s: i64) -> i64:
        """Which offset holds at an instant; the latest answer is tried first."""
        starts = self.starts_s
        count: i64 = len(starts)
        index = self._latest
        if starts[index] <= epoch_s and (index + 1 == count or epoch_s < starts[index + 1]):
            return index
        low: i64 = 0
        high = count
        while low < high:
            middle: i64 = (low + high) // 2
            if starts[middle] <= epoch_s:
                low = middle + 1
            else:
                high = middle
        index = low - 1 if low > 0 else 0
        self._latest = index
        return index

    def change_s(self, index: i64) -> i64:
        """When the offset of an index ends (epoch seconds); FAR_MS where it does not."""
        if index + 1 < len(self.starts_s):
            return self.starts_s[index + 1]
        return FAR_MS


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
    if calendar.holidays and local_day in calendar.holidays:
        return HOLIDAY
    return (local_day + 3) % 7


def band_at(calendar: Calendar, zone: Zone, instant_ms: i64) -> tuple[i64, i64]:
    """The band at an instant, and until when (ms) none can change: next switch, midnight or clock change.

    Local time is what a clock on the wall shows: an hour that comes twice has its band twice, one that is left
    out has none.
    """
    epoch_s: i64 = instant_ms // 1000
    index = zone.index_at(epoch_s)
    local_s: i64 = epoch_s + zone.offsets_s[index]
    day: i64 = local_s // DAY_S
    second: i64 = local_s - day * DAY_S
    switches = calendar.days[day_type(calendar, day)]
    low: i64 = 0
    high: i64 = len(switches)
    while high - low > 1:
        middle: i64 = (low + high) // 2
        if switches[middle][0] <= second:
            low = middle
        else:
            high = middle
    following: i64 = DAY_S
    if low + 1 < len(switches):
        following = switches[low + 1][0]
    until_s: i64 = epoch_s + following - second
    change_s = zone.change_s(index)
    until_s = change_s if change_s < until_s else until_s
    band: i64 = switches[low][1]
    return band, until_s * 1000


def day_at(zone: Zone, instant_ms: i64) -> tuple[i64, i64]:
    """The number of the local day at an instant, and until when (ms) it can not change."""
    epoch_s: i64 = instant_ms // 1000
    index = zone.index_at(epoch_s)
    offset_s: i64 = zone.offsets_s[index]
    day: i64 = (epoch_s + offset_s) // DAY_S
    until_s: i64 = (day + 1) * DAY_S - offset_s
    change_s = zone.change_s(index)
    until_s = change_s if change_s < until_s else until_s
    return day, until_s * 1000
