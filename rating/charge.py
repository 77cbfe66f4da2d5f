"""What a usage costs: the output of pricing."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.offers import Bonus
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

    ``rule_id`` is the rule's, or ``rule#connection``, ``rule#cap``, ``rule#discount-NAME`` (negative amounts).
    ``discounts`` names the percentages that are in the price. ``band_number`` and ``mask`` are their numbers.
    """

    def __init__(
        self,
        rule_id: str,
        price_micros: int,
        per_units: int,
        rounding: i64,
        units: i64 = 0,
        amount_micros: int = 0,
        band: str = "",
        tier: i64 = 0,
    ) -> None:
        self.rule_id = rule_id
        self.price_micros = price_micros
        self.per_units = per_units
        self.rounding = rounding
        self.units = units
        self.amount_micros = amount_micros
        self.band = band
        self.tier = tier
        self.discounts: str = ""
        self.band_number: i64 = 0
        self.mask: i64 = 0


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
    nothing is charged, and ``refusal_about`` says what is missing.
    """

    def __init__(self, rule: Rule | None = None, currency: str = "") -> None:
        self.rule = rule
        self.lines: list[Line] = []
        self.pot_uses: list[PotUse] = []
        self.counter_changes: list[CounterChange] = []
        self.bonuses: list[Bonus] = []
        self.amount_micros: int = 0
        self.due_micros: int = 0
        self.currency = currency
        self.tax: str = "" if rule is None else rule.tax
        self.unit_kind: i64 = 0
        self.used_units: i64 = 0
        self.counted_units: i64 = 0
        self.first_report: bool = True
        self.destination: bytes = b""
        self.network: bytes = b""
        self.trace: list[Step] = []
        self.refusal: str = ""
        self.refusal_about: str = ""
