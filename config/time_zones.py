"""Time zones as tables of offsets, made of the time zone database: the system's, else that of tzdata."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from config.issues import TextError, did_you_mean
from config.tariff_text import DAY_S, FIRST_YEAR, LAST_YEAR, Moment
from rating.calendar import Zone

_STEP: Final = timedelta(days=4)
"""No zone has changed its clocks twice within this time since FIRST_YEAR."""
_BEFORE_ALL: Final = -(1 << 60)


@lru_cache(maxsize=64)
def zone_named(name: str) -> Zone:
    """The offsets of a zone such as ``Europe/Berlin`` for FIRST_YEAR to LAST_YEAR; TextError if unknown."""
    try:
        zone = ZoneInfo(name)
    except (
        OSError,
        ValueError,
        KeyError,
    ):  # no such name, or a name that leads out of the database, or to a folder of it
        hint = did_you_mean(name, available_timezones()) if len(name) < 64 else ""
        hint = hint if hint.startswith("did") else "write it such as Europe/Berlin or UTC"
        raise TextError(f"{name!r} is not a time zone", hint, "T204") from None
    at = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC)
    offset = _offset_s(zone, at)
    starts, offsets = [_BEFORE_ALL], [offset]
    while at < end:
        following = at + _STEP
        if _offset_s(zone, following) != offset:
            switch = _switch(zone, at, following)
            offset = _offset_s(zone, switch)
            starts.append(int(switch.timestamp()))
            offsets.append(offset)
        at = following
    return Zone(name, starts, offsets)


def _offset_s(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    return 0 if offset is None else offset.days * DAY_S + offset.seconds


def _switch(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second with the offset that holds ``after``."""
    offset = _offset_s(zone, before)
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_s(zone, datetime.fromtimestamp(middle, UTC)) == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def epoch_ms(zone: Zone, moment: Moment) -> int:
    """The instant of a local time. One that the clocks leave out is moved on; of one twice, the first holds."""
    local_s = moment.day * DAY_S + moment.second
    fitting = [local_s - offset for offset in set(zone.offsets_s) if zone.offset_s(local_s - offset) == offset]
    if fitting:
        return min(fitting) * 1000
    return (local_s - zone.offset_s(local_s - DAY_S)) * 1000
