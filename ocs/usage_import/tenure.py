"""Who had a number for a time, under which plan, and where that leaves the next usage. Compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64, mypyc_attr

from ocs.usage_import.pots import Bundle
from ocs.usage_import.refusal import Refusal
from rating.offers import Bonus
from rating.usage import Context, Standing

PART: Final = "\x1f"
"""What parts fields of a row; no text of ours holds it."""


@mypyc_attr(allow_interpreted_subclasses=True)
class StandingHolder:
    """A standing that usage moves. ``changed``: it is not what SQL holds.

    Its pots are those of ``bundles`` in the time from ``open_from_ms`` until before ``open_until_ms``.
    """

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.changed = False
        self.bundles: list[Bundle] | None = None
        self.open_from_ms: i64 = 0
        self.open_until_ms: i64 = 0

    def open_at(self, bundles: list[Bundle], at_ms: int) -> None:
        """Give the standing the pots that are good for a usage that begins at a moment."""
        raise NotImplementedError

    def give(self, bonuses: list[Bonus], at_ms: int) -> None:
        """Have what bonuses give from a moment on."""
        raise NotImplementedError


class Tenure:
    """Who had a number from ``from_ms`` until before ``to_ms``, under one version of one plan.

    ``refusal`` says why usage of the time can not be charged. ``holder`` is None where the plan knows nothing
    that a usage leaves to the next one.
    """

    def __init__(
        self,
        from_ms: i64,
        to_ms: i64,
        account: str,
        group: bytes,
        context: Context | None,
        holder: StandingHolder | None = None,
        bundles: list[Bundle] | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        self.from_ms = from_ms
        self.to_ms = to_ms
        self.account = account
        self.group = group
        self.context = context
        self.holder = holder
        self.bundles: list[Bundle] = [] if bundles is None else bundles
        self.refusal = refusal
        plan = None if context is None else context.plan
        self.counts_usages = plan is not None and len(plan.discounts) > 0
        plan_id = "" if plan is None else plan.plan_id
        self.texts = f"{account}{PART}{plan_id}"


FindTenure = Callable[[str, int], Tenure]
"""The tenure of a number at an instant; where there is none, one with a refusal."""
