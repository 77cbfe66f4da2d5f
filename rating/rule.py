"""A rule of a plan: what one service costs for the usage that it matches, and how it is granted."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.calendar import FAR_MS
from rating.conditions import Condition
from rating.rates import Rate
from rating.tariff import Tariff, TariffTerms

CHARGE: Final = 0
"""Rule action: price the units (a price of zero is a zero-rated service)."""
NOT_CONTROLLED: Final = 1
"""Rule action: answer 4011, the service is free and needs no quota."""
DENIED: Final = 2
"""Rule action: answer 4010, the service is barred on this plan."""


class GrantPolicy:
    """How much is granted at once (units), for how long (s), and when the client shall ask again.

    ``default_units`` answers an empty Requested-Service-Unit; no grant is over ``maximum_units``.
    ``threshold_percent`` of the grant is sent as Volume- or Time-Quota-Threshold (0 = none).
    ``quota_holding_time_s`` is ABSENT (-1) where the client's own default shall hold.
    """

    def __init__(
        self,
        default_units: i64,
        maximum_units: i64,
        validity_time_s: i64,
        threshold_percent: i64,
        quota_holding_time_s: i64,
    ) -> None:
        self.default_units = default_units
        self.maximum_units = maximum_units
        self.validity_time_s = validity_time_s
        self.threshold_percent = threshold_percent
        self.quota_holding_time_s = quota_holding_time_s


@mypyc_attr(acyclic=True)
class Rule:
    """What one service of a plan costs. ``rule_id`` (``plan/rule``) is written into every record it priced.

    ``tariff`` None: ``rate`` alone is the price. ``conditions`` must all hold; the rule holds for usage that
    starts in [``valid_from_ms``, ``valid_until_ms``). ``tax`` is a tax category; ``place`` (``plans.yaml:17``)
    is for people and decides about nothing. ``number`` is its place among the rules of its plan.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        rule_id: str,
        action: i64,
        rate: Rate,
        grant: GrantPolicy,
        *,
        tariff: Tariff | None = None,
        conditions: list[Condition] | None = None,
        priority: i64 = 0,
        valid_from_ms: i64 = 0,
        valid_until_ms: i64 = FAR_MS,
        tax: str = "",
        place: str = "",
    ) -> None:
        self.valid_from_ms = valid_from_ms
        self.valid_until_ms = valid_until_ms
        self.action = action
        self.tariff = tariff
        self.rule_id = rule_id
        self.tax = tax
        self.rate = rate
        self.grant = grant
        self.conditions = [] if conditions is None else conditions
        self.priority = priority
        self.place = place
        self.number: i64 = 0

    def unit_kind(self) -> i64:
        """The kind of units that are counted."""
        tariff = self.tariff
        return self.rate.unit_kind if tariff is None else tariff.unit_kind


@mypyc_attr(acyclic=True)
class RuleTerms:
    """What a rating asks of a rule beside name and prices: plans that differ in these only have it in common.

    Its prices begin at ``price_at`` in the plan's row of them: each tier of a tariff has one for each band, a
    rule without tariff has one. ``owns``: the tariff has counters, caps or discounts of the plan, and is found
    at the rule only.
    """

    def __init__(self, rule: Rule, price_at: i64) -> None:
        tariff = rule.tariff
        self.owns: bool = tariff is not None and tariff.terms.owns
        self.tariff: TariffTerms | None = None if tariff is None or self.owns else tariff.terms
        self.action = rule.action
        self.price_at = price_at
        self.unit_kind = rule.unit_kind()
        self.increment = rule.rate.increment
        self.valid_from_ms = rule.valid_from_ms
        self.valid_until_ms = rule.valid_until_ms
        self.tax = rule.tax

    def is_valid(self, at_ms: i64) -> bool:
        """Whether the rule holds for usage that starts at an instant."""
        return self.valid_from_ms <= at_ms < self.valid_until_ms

    def content(self) -> tuple[object, ...]:
        """The same for two that can stand for one another; terms of tariffs have been shared by then."""
        counting = (id(self.tariff), self.owns, self.unit_kind, self.increment, self.price_at)
        return (*counting, self.action, self.valid_from_ms, self.valid_until_ms, self.tax)
