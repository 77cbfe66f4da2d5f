"""Recurring and one-off fees, and what a part of a period costs."""

from typing import Final

from mypy_extensions import i64

ONCE: Final = 0
"""A fee's ``every`` beside DAY, WEEK, MONTH and YEAR of rating.periods."""
NO_EVENT: Final = 0
ACTIVATION: Final = 1
TERMINATION: Final = 2
PLAN_CHANGE: Final = 3
EVENT_NAMES: Final = ("", "activation", "termination", "plan_change")


class Fee:
    """``amount_micros`` every period (DAY, WEEK, MONTH, YEAR), or ONCE at an ``event``.

    ``prorate``: a part of a period costs its share of days. ``in_advance``: due at the period's beginning.
    """

    def __init__(
        self,
        fee_id: str,
        amount_micros: int,
        every: i64 = ONCE,
        event: i64 = NO_EVENT,
        *,
        prorate: bool = False,
        in_advance: bool = False,
        tax: str = "",
        place: str = "",
    ) -> None:
        self.fee_id = fee_id
        self.amount_micros = amount_micros
        self.every = every
        self.event = event
        self.prorate = prorate
        self.in_advance = in_advance
        self.tax = tax
        self.place = place


def prorate(fee: Fee, period_start_day: i64, period_end_day: i64, from_day: i64, to_day: i64) -> int:
    """What the days [from, to) of a period [start, end) cost, in micros; days outside it cost nothing.

    Rounded half up from the period's beginning, so that parts of a period cost exactly the whole together. A
    fee that is not prorated costs the whole, if there is a day at all.
    """
    first: i64 = from_day if from_day > period_start_day else period_start_day
    last: i64 = to_day if to_day < period_end_day else period_end_day
    if last <= first:
        return 0
    if not fee.prorate:
        return fee.amount_micros
    days: int = period_end_day - period_start_day
    return _share(fee.amount_micros, last - period_start_day, days) - _share(
        fee.amount_micros, first - period_start_day, days
    )


def _share(amount_micros: int, part: int, whole: int) -> int:
    return (2 * amount_micros * part + whole) // (2 * whole)
