"""What a usage costs: the output of pricing."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.catalogue import Plan
from rating.offers import Bonus
from rating.plan_tables import NOWHERE
from rating.rule import Rule

NO_PLAN: Final = "no plan"
NO_RULE: Final = "no rule"
DENIED_BY_RULE: Final = "denied"
NO_DECK_ROW: Final = "no price for the called number"
NO_EXCHANGE_RATE: Final = "no exchange rate"
NOT_MEASURED: Final = "the usage has no such measure"
TOO_MUCH: Final = "beyond any usage or account"
TOO_MANY_SWITCHES: Final = "too many switches of price"


class Line:
    """``units`` counted at ``price_micros`` for ``per_units``: the amount is always the product, rounded once.

    The rule is known by its number in the plan; ``about`` is "", or ``#connection``, ``#cap``,
    ``#discount-NAME`` (negative amounts). ``discounts`` names the percentages that are in the price;
    ``band_number`` and ``mask`` are numbers of band and percentages.
    """

    def __init__(
        self,
        plan: Plan,
        rule_number: i64,
        about: str,
        price_micros: int,
        per_units: int,
        rounding: i64,
        units: i64 = 0,
        amount_micros: int = 0,
    ) -> None:
        self.plan = plan
        self.rule_number = rule_number
        self.about = about
        self.price_micros = price_micros
        self.per_units = per_units
        self.rounding = rounding
        self.units = units
        self.amount_micros = amount_micros
        self.band: str = ""
        self.tier: i64 = 0
        self.discounts: str = ""
        self.band_number: i64 = 0
        self.mask: i64 = 0

    @property
    def rule_id(self) -> str:
        """``plan/rule``, and behind it what the line is about."""
        rule_id = self.plan.row[self.rule_number].rule_id
        return rule_id + self.about if self.about else rule_id


class PotUse:
    """Units (micros where the kind is MONEY) that a pot paid."""

    def __init__(self, bundle_id: str, unit_kind: i64, units: i64, expires_at_ms: i64) -> None:
        self.bundle_id = bundle_id
        self.unit_kind = unit_kind
        self.units = units
        self.expires_at_ms = expires_at_ms


class CounterChange:
    """What a usage adds to a counter in the period of a number."""

    def __init__(self, counter_id: str, period_number: i64, amount: int) -> None:
        self.counter_id = counter_id
        self.period_number = period_number
        self.amount = amount


class Step:
    """One step of the reasoning: what was done (a word), for what, where that is written, and its numbers."""

    def __init__(self, what: str, name: str, place: str, numbers: list[tuple[str, int]]) -> None:
        self.what = what
        self.name = name
        self.place = place
        self.numbers = numbers


class Charge:
    """What a usage costs: ``amount_micros`` is the sum of the lines, ``due_micros`` what credit leaves of it.

    ``lines``, ``amount_micros`` and units are the usage's so far, the rest is what changed with the latest
    report; of a usage that came as a whole it is all. Where ``refusal`` is not "" the usage can not be rated:
    nothing is charged, and ``refusal_about`` says what is missing. The rule is known by its number in the plan:
    of many plans the rules themselves stay where they are until somebody asks for one.
    """

    def __init__(self, plan: Plan | None = None, rule_number: i64 = NOWHERE, currency: str = "") -> None:
        self.plan = plan
        self.rule_number = rule_number
        self.lines: list[Line] = []
        self.pot_uses: list[PotUse] = []
        self.counter_changes: list[CounterChange] = []
        self.bonuses: list[Bonus] = []
        self.amount_micros: int = 0
        self.due_micros: int = 0
        self.currency = currency
        self.tax: str = "" if plan is None or rule_number < 0 else plan.terms[rule_number].tax
        self.unit_kind: i64 = 0
        self.used_units: i64 = 0
        self.counted_units: i64 = 0
        self.first_report: bool = True
        self.destination: bytes = b""
        self.network: bytes = b""
        self.trace: list[Step] = []
        self.refusal: str = ""
        self.refusal_about: str = ""

    @property
    def rule(self) -> Rule | None:
        """The rule that priced the usage, or refused it; None where there is none."""
        plan = self.plan
        return None if plan is None or self.rule_number < 0 else plan.row[self.rule_number]
