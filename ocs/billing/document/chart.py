"""The small chart of an invoice: what was used on each day of its period, as an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from ocs.billing.invoice import ON_BILL, Invoice, UsageItem

AMOUNT: Final = "amount"
"""What a chart measures: money, or one of the kinds of unit."""
_MOST_DAYS: Final = 62
_STEP: Final = 10
_BAR: Final = 8
_HEIGHT: Final = 100
"""All in units of the picture, which the template scales."""


@dataclass(frozen=True, slots=True)
class DailyUsage:
    """The sum of each day from ``first_day`` on; ``measure`` says of what."""

    measure: str
    first_day: str
    last_day: str
    days: tuple[int, ...]

    @property
    def highest(self) -> int:
        """The sum of the busiest day."""
        return max(self.days)


def daily_usage(invoice: Invoice) -> DailyUsage | None:
    """Sums by day of the period: of money where usage cost any, else of a unit; None without usage.

    Usage of before the period, which came late, is not in it.
    """
    first = date.fromisoformat(invoice.period_from_day)
    count = (date.fromisoformat(invoice.period_to_day) - first).days
    if not 1 <= count <= _MOST_DAYS:
        return None
    places = {(first + timedelta(days=offset)).isoformat(): offset for offset in range(count)}
    last = (first + timedelta(days=count - 1)).isoformat()
    billed = [item for item in invoice.usage if item.paid == ON_BILL and item.started_at[:10] in places]
    for measure in (AMOUNT, "octets", "seconds", "units"):
        days = _sums(billed, measure, places, invoice.currency)
        if any(days):
            return DailyUsage(measure, invoice.period_from_day, last, tuple(max(day, 0) for day in days))
    return None


def _sums(items: Sequence[UsageItem], measure: str, places: dict[str, int], currency: str) -> list[int]:
    days = [0] * len(places)
    for item in items:
        if measure == AMOUNT and item.currency == currency:
            days[places[item.started_at[:10]]] += item.amount_micros
        elif measure == item.unit_kind:
            days[places[item.started_at[:10]]] += item.units
    return days


def draw(usage: DailyUsage, accent: str, ground: str) -> str:
    """The bars as SVG, without any text: the template writes it in its own fonts."""
    highest = usage.highest or 1
    width = len(usage.days) * _STEP
    bars = []
    for index, value in enumerate(usage.days):
        height = max(value * _HEIGHT // highest, 1 if value else 0)
        if height:
            bars.append(f"M{index * _STEP + 1} {_HEIGHT}v-{height}h{_BAR}v{height}z")
    ground_line = f'<rect width="{width}" height="1" y="{_HEIGHT}" fill="{ground}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT + 1}">'
        f'<path fill="{accent}" d="{"".join(bars)}"/>{ground_line}</svg>'
    )
