"""What replayed records cost then and now, by plan and by account, and where an account stands. Compiled."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.catalogue import Plan
from rating.usage import Standing

NO_DAY: Final = -(1 << 60)
"""Before every day."""


@mypyc_attr(acyclic=True)
class PlanTotals:
    """What the records of a plan cost then and now, in micros; ``refusals`` by reason.

    ``plan`` is the plan of the catalogue, which holds always unless it is ``dated``.
    """

    def __init__(self, currency: str, plan: Plan | None, dated: bool) -> None:
        self.currency = currency
        self.plan = plan
        self.dated = dated
        self.records: i64 = 0
        self.old_micros: int = 0
        self.new_micros: int = 0
        self.refusals: dict[str, int] = {}


@mypyc_attr(acyclic=True)
class AccountTotals:
    """What one account's records cost then and now, and where it stands.

    ``plan`` is the one of its first record that had any, at ``first_ms``; ``standing`` None: as at the
    beginning, and no bundle. ``day`` is the local one up to which bundles were renewed; a record of an
    earlier day does not set it back.
    """

    def __init__(self, plan_id: str) -> None:
        self.plan_id = plan_id
        self.old_micros: int = 0
        self.new_micros: int = 0
        self.plan: Plan | None = None
        self.first_ms: i64 = 0
        self.standing: Standing | None = None
        self.day: i64 = NO_DAY
