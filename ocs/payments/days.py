"""Whether the day of a payment can be right, seen from the moment it is recorded. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

EARLIEST_ZONE: Final = timedelta(hours=14)
"""Ahead of UTC: where a day begins first."""
YEAR: Final = timedelta(days=366)


def is_to_come(day: str, now_ms: int) -> bool:
    """Whether a day has begun nowhere yet."""
    return date.fromisoformat(day) > (_utc(now_ms) + EARLIEST_ZONE).date()


def is_far_back(day: str, now_ms: int) -> bool:
    """Whether a day is more than a year ago."""
    return date.fromisoformat(day) < (_utc(now_ms) - YEAR).date()


def _utc(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms // 1000, UTC)
