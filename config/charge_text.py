"""A charge in words: every step of its reasoning, with amounts, units and the file and line of each rule."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from config.quantity_text import Quantity, format_quantity
from config.tariff_text import format_money, format_rate, format_share, moment_text
from rating.bundles import MONEY
from rating.calendar import Zone
from rating.charge import (
    DENIED_BY_RULE,
    NO_DECK_ROW,
    NO_EXCHANGE_RATE,
    NO_PLAN,
    NO_RULE,
    NOT_MEASURED,
    Charge,
    Step,
)

_REFUSALS: Final = {
    NO_PLAN: "there is no such plan then",
    NO_RULE: "no rule fits",
    DENIED_BY_RULE: "the rule denies it",
    NO_DECK_ROW: "the deck has no price for the called number",
    NO_EXCHANGE_RATE: "there is no exchange rate for that time",
    NOT_MEASURED: "the usage does not have what the price counts",
}


def describe_charge(charge: Charge, zone: Zone) -> list[str]:
    """One line for each step of a charge's trace, and one for its sum; times are local to a zone."""
    words = _Words(charge, zone)
    lines = [words.step(step) for step in charge.trace]
    if charge.refusal:
        reason = _REFUSALS.get(charge.refusal, charge.refusal)
        lines.append(
            f"refused: {reason} ({charge.refusal_about})" if charge.refusal_about else f"refused: {reason}"
        )
    else:
        lines.append(f"total {words.money(charge.amount_micros)}")
        if charge.due_micros != charge.amount_micros:
            lines.append(f"after credit {words.money(charge.due_micros)}")
    return lines


class _Words:
    """Words for the steps of one charge."""

    def __init__(self, charge: Charge, zone: Zone) -> None:
        self._charge = charge
        self._zone = zone
        self._written_in = charge.currency
        self._known: dict[str, Callable[[Step, dict[str, int]], str]] = {
            "rule": lambda step, _: f"rule {step.name}",
            "destination": lambda step, _: f"called zone {step.name}",
            "network": lambda step, _: f"network zone {step.name}",
            "location": lambda step, _: f"location {step.name}",
            "deck": self._deck,
            "exchange": self._exchange,
            "discount": self._discount,
            "counted": self._counted,
            "reported": lambda _, n: f"{self._size(n['units'])} used",
            "switch policy": lambda step, _: f"volume reported over a switch of price: {step.name}",
            "connection": lambda _, n: f"connection fee {self.money(n['amount_micros'])}",
            "bundle": self._bundle,
            "units": self._units,
            "volume tier": lambda _, n: f"all units at the price of tier {n['tier'] + 1}",
            "cap": lambda step, n: f"cap {step.name} takes off {self.money(abs(n['amount_micros']))}",
            "amount off": lambda step, n: (
                f"discount {step.name} takes off {self.money(abs(n['amount_micros']))}"
            ),
            "credit": self._credit,
        }

    def step(self, step: Step) -> str:
        """One step in a line."""
        numbers = dict(step.numbers)
        known = self._known.get(step.what)
        text = known(step, numbers) if known else self._other(step, numbers)
        return f"{text}   [{step.place}]" if step.place else text

    def money(self, micros: int) -> str:
        """An amount in the charge's currency."""
        return format_money(micros, self._charge.currency)

    def _size(self, units: int) -> str:
        return _size(units, self._charge.unit_kind)

    def _deck(self, step: Step, numbers: dict[str, int]) -> str:
        per = self._size(numbers["per_units"])
        return f"deck {step.name}, {format_money(numbers['price_micros'], '')} per {per}"

    def _exchange(self, step: Step, numbers: dict[str, int]) -> str:
        self._written_in = step.name.partition(" ")[0]
        return f"exchange rate {step.name}: {format_rate(numbers['numerator'], numbers['denominator'])}"

    def _discount(self, step: Step, numbers: dict[str, int]) -> str:
        if "off_micros" in numbers:
            text = f"discount {step.name}: {self.money(numbers['off_micros'])} off"
        else:
            off = 1 - Fraction(numbers["numerator"], numbers["denominator"])
            text = f"discount {step.name}: {format_share(off)} off where it holds"
        return f"{text}, usage {numbers['usage_number']}" if "usage_number" in numbers else text

    def _counted(self, _: Step, numbers: dict[str, int]) -> str:
        text = f"{self._size(numbers['reported'])} used, {self._size(numbers['counted'])} counted"
        minimum, increment = numbers["minimum"], numbers["increment"]
        if minimum:
            return f"{text}: at least {self._size(minimum)}, then by {self._size(increment)}"
        return f"{text}: by {self._size(increment)}"

    def _bundle(self, step: Step, numbers: dict[str, int]) -> str:
        text = f"bundle {step.name} pays {self._size(numbers['units'])}"
        return f"{text}, {self._size(numbers['left'])} left" if "left" in numbers else text

    def _units(self, step: Step, numbers: dict[str, int]) -> str:
        parts = [f"{self._size(numbers['units'])} at {self._price(numbers)}"]
        if step.name:
            parts.append(f"band {step.name}")
        if numbers.get("tier"):
            parts.append(f"tier {numbers['tier'] + 1}")
        if "at_ms" in numbers:
            at = numbers["at_ms"] // 1000
            parts.append(f"from {moment_text(at + self._zone.offset_s(at))}")
        return f"{', '.join(parts)}: {self.money(numbers['line_micros'])}"

    def _price(self, numbers: dict[str, int]) -> str:
        """The price as it is written, and what it is after discounts and in the plan's currency."""
        price = Fraction(numbers["price_micros"], numbers["per_units"])
        written, per = numbers.get("written_micros", 0), numbers.get("written_units", 0)
        if per == 0:
            written, per = numbers["price_micros"], numbers["per_units"]
        text = f"{format_money(written, self._written_in)} per {self._size(per)}"
        own = price * per
        if own == written and self._written_in == self._charge.currency:
            return text
        about = "" if own.denominator == 1 else "about "
        return f"{text}, here {about}{self.money(round(own))}"

    def _credit(self, step: Step, numbers: dict[str, int]) -> str:
        paid = numbers.get("amount_micros", numbers.get("units", 0))
        return f"credit {step.name} pays {self.money(abs(paid))}"

    def _other(self, step: Step, numbers: dict[str, int]) -> str:
        found = [f"{step.what} {step.name}".rstrip()]
        for name, value in numbers.items():
            shown = self.money(value) if name.endswith("_micros") else str(value)
            found.append(f"{name.removesuffix('_micros').replace('_', ' ')} {shown}")
        return ", ".join(found)


def _size(units: int, unit_kind: int) -> str:
    if unit_kind in {MONEY, 0}:
        return str(units)
    if units == 0:
        return "nothing"
    return format_quantity(Quantity(unit_kind, units))
