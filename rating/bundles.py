"""Bundles: units, or money-like credit, that pay before money does."""

from typing import Final

from mypy_extensions import i64

from rating.calendar import Calendar
from rating.conditions import Condition
from rating.periods import EVER

MONEY: Final = 4
"""The unit kind of money-like credit: its units are micros of the plan's currency."""


class BundleDefinition:
    """Units that are used before money: ``units`` of ``unit_kind``, for these rating groups (None = all).

    A subscriber's account receives it once, when the subscriber is loaded, or anew every ``recurs`` (DAY, WEEK,
    MONTH; EVER = once); ``valid_for_s`` 0 = without end. Of what is left at a recurrence, ``rollover_units`` at
    most stay for ``rollover_periods`` more. ``services`` (None = all) and ``conditions`` say what it pays for;
    with a ``calendar`` it pays units inside these ``bands`` only, and is not MONEY. The higher ``priority`` is
    used first, then what ends sooner. ``shared``: a group's members use one.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        bundle_id: str,
        unit_kind: i64,
        units: i64,
        rating_groups: frozenset[int] | None,
        valid_for_s: i64,
        *,
        conditions: list[Condition] | None = None,
        services: frozenset[str] | None = None,
        priority: i64 = 0,
        recurs: i64 = EVER,
        rollover_units: i64 = 0,
        rollover_periods: i64 = 0,
        shared: bool = False,
        calendar: Calendar | None = None,
        bands: frozenset[int] = frozenset(),
        name: str = "",
        place: str = "",
    ) -> None:
        self.bundle_id = bundle_id
        self.unit_kind = unit_kind
        self.units = units
        self.rating_groups = rating_groups
        self.valid_for_s = valid_for_s
        self.conditions = [] if conditions is None else conditions
        self.services = services
        self.priority = priority
        self.recurs = recurs
        self.rollover_units = rollover_units
        self.rollover_periods = rollover_periods
        self.shared = shared
        self.calendar = calendar
        self.bands = bands
        self.name = name
        self.place = place
