"""From the sum of a meter's lines to what is due: amounts off, caps, money-like credit."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.charge import Line
from rating.meter import Meter
from rating.pricing import amount_of, most_units_of
from rating.tariff import MICROS

LIMIT_MICROS: Final = 1 << 53
"""No amount reaches this; a usage that would cost so much can not be rated."""


def settle(meter: Meter) -> None:
    """Bring totals, caps, counters of money and credits in line with the sum of the lines."""
    if meter.plain:
        meter.total = meter.amount_in
        meter.due = meter.amount_in
        return
    running: int = meter.amount_in - meter.off_micros
    running = running if running > 0 else 0
    if meter.caps is not None:
        for cap in meter.caps:
            out = cap.capped(running)
            if cap.feeds and cap.counter is not None:
                cap.counter.add(out - cap.out)
            cap.out = out
            running = out
    change = running - meter.total
    meter.total = running
    if change == 0:
        return
    if meter.counters is not None:
        for counter in meter.counters:
            if counter.counter.measure == MICROS:
                counter.add(change)
    if change > 0:
        meter.due += _take_credit(meter, change)
    else:
        _give_back(meter, -change)


def payable(meter: Meter, budget_micros: int) -> bool:
    """Whether what is due now is within a budget, and no sum beyond any account."""
    return meter.due <= budget_micros and meter.amount_in <= LIMIT_MICROS


def affordable_part(meter: Meter, line: Line, units: i64, budget_micros: int) -> i64:
    """How many of so many further units on a line a budget pays; what is due so far is within it."""
    if meter.plain:
        budget = budget_micros if budget_micros < LIMIT_MICROS else LIMIT_MICROS
        amount: int = budget - meter.amount_in + line.amount_micros
        most: int = most_units_of(amount, line.price_micros, line.per_units, line.rounding) - line.units
        return most if most < units else units
    if _is_within(meter, line, units, budget_micros):
        return units
    low: i64 = 0
    high: i64 = units
    while high - low > 1:
        middle: i64 = low + (high - low) // 2
        if _is_within(meter, line, middle, budget_micros):
            low = middle
        else:
            high = middle
    return low


def _is_within(meter: Meter, line: Line, units: i64, budget_micros: int) -> bool:
    counted: int = line.units + units
    amount: int = amount_of(counted, line.price_micros, line.per_units, line.rounding)
    amount += meter.amount_in - line.amount_micros
    if amount > LIMIT_MICROS:
        return False
    running: int = amount - meter.off_micros
    running = running if running > 0 else 0
    if meter.caps is not None:
        for cap in meter.caps:
            running = cap.capped(running)
    change: int = running - meter.total
    if meter.credits is not None:
        for credit in meter.credits:
            change -= credit.left(meter.moment_ms)
    return change <= 0 or meter.due + change <= budget_micros


def _take_credit(meter: Meter, micros: int) -> int:
    """Pay from credits in their order; what is left to pay."""
    if meter.credits is not None:
        for credit in meter.credits:
            left = credit.left(meter.moment_ms)
            left = left if left < micros else micros
            if left > 0:
                credit.taken += left
                credit.refundable += left
                micros -= left
    return micros


def _give_back(meter: Meter, micros: int) -> None:
    """Undo what a lower price of all units makes too much: of what is due first, then of the latest credit."""
    back: int = micros if micros < meter.due else meter.due
    meter.due -= back
    micros -= back
    if meter.credits is not None:
        for credit in reversed(meter.credits):
            back = micros if micros < credit.refundable else credit.refundable
            credit.taken -= back
            credit.refundable -= back
            micros -= back
