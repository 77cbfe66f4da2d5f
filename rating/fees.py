"""Recurring and one-off fees, and what a part of a period costs."""

from typing import Final

from mypy_extensions import i64

from rating.periods import MONTH, WEEK, YEAR, day_of_month_start, first_day, month_of_day, period_of_day

ONCE: Final = 0
"""A fee's ``every`` beside DAY, WEEK, MONTH and YEAR of rating.periods."""
NO_EVENT: Final = 0
ACTIVATION: Final = 1
TERMINATION: Final = 2
PLAN_CHANGE: Final = 3
EVENT_NAMES: Final = ("", "activation", "termination", "plan_change")
SUSPEND: Final = 0
OWE: Final = 1
UNPAID_NAMES: Final = ("suspend", "owe")
"""What an unpaid fee of a prepaid plan does: its recurring bundles wait, or come, and the fee stays owed."""


class Fee:
    """``amount_micros`` every period (DAY, WEEK, MONTH, YEAR), or ONCE at an ``event``.

    ``prorate``: a part of a period costs its share of days. ``in_advance``: due at the period's beginning.
    ``unpaid`` (SUSPEND, OWE) is for fees that are taken from a balance, which always are in advance.
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
        unpaid: i64 = SUSPEND,
    ) -> None:
        self.fee_id = fee_id
        self.amount_micros = amount_micros
        self.every = every
        self.event = event
        self.prorate = prorate
        self.in_advance = in_advance
        self.tax = tax
        self.place = place
        self.unpaid = unpaid


def period_from(every: i64, day: i64) -> tuple[i64, i64]:
    """The days [start, end) of a fee's period that has a local day: a day, week or month of the calendar.

    A year begins on the day itself, and ends on the same day of the next.
    """
    if every == YEAR:
        return day, _a_year_after(day)
    if every in (WEEK, MONTH):
        number = period_of_day(every, day)
        return first_day(every, number), first_day(every, number + 1)
    return day, day + 1


def _a_year_after(day: i64) -> i64:
    month = month_of_day(day)
    wanted: i64 = day_of_month_start(month + 12) + day - day_of_month_start(month)
    last: i64 = day_of_month_start(month + 13) - 1
    return wanted if wanted < last else last


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
