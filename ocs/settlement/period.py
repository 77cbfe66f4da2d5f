"""Months of an agreement: from the first local midnight to the next month's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.issues import TextError

_MONTH: Final = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    """A month ``YYYY-MM`` of a time zone, in epoch milliseconds; ``to_ms`` is the first moment after it."""

    name: str
    time_zone: str
    from_ms: int
    to_ms: int

    @property
    def month(self) -> int:
        """The month's number: years since 0 times 12, plus 0 for January."""
        return int(self.name[:4]) * 12 + int(self.name[5:]) - 1

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return _first_day(self.month + 1) - timedelta(days=1)


def parse_period(text: str, time_zone: str) -> Period:
    """The month of a text such as ``2026-11``; TextError where it is none."""
    found = _MONTH.fullmatch(text)
    if found is None or text < "1970":
        raise TextError(f"{text!r} is not a month", "write it such as '2026-11'")
    return period_of(int(found.group(1)) * 12 + int(found.group(2)) - 1, time_zone)


def period_of(month: int, time_zone: str) -> Period:
    """The period of a month's number."""
    zone = ZoneInfo(time_zone)
    return Period(
        month_name(month),
        time_zone,
        _midnight_ms(_first_day(month), zone),
        _midnight_ms(_first_day(month + 1), zone),
    )


def month_name(month: int) -> str:
    """``2026-11`` of a month's number."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def month_of(epoch_ms: int, time_zone: str) -> int:
    """The number of the month in which a moment lies in a time zone."""
    local = datetime.fromtimestamp(epoch_ms // 1000, ZoneInfo(time_zone))
    return local.year * 12 + local.month - 1


def day_of(epoch_ms: int, time_zone: str) -> date:
    """The local day of a moment."""
    return datetime.fromtimestamp(epoch_ms // 1000, ZoneInfo(time_zone)).date()


def moment_text(epoch_ms: int, time_zone: str) -> str:
    """ISO 8601 local time with its offset, to the second."""
    return datetime.fromtimestamp(epoch_ms // 1000, ZoneInfo(time_zone)).isoformat(timespec="seconds")


def _first_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
