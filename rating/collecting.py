"""What a meter's lines add up to, and what it changed since it was asked last."""

from __future__ import annotations

from rating.charge import TOO_MUCH, Charge, CounterChange, Line, PotUse
from rating.explain import explain_taken_off
from rating.meter import Meter, MeteredPot
from rating.offers import COUNTER_REACHED, Bonus
from rating.totals import LIMIT_MICROS


def collect(meter: Meter) -> Charge:
    """The charge of a meter: its lines and amount so far; pots, counters and what is due since the last time.

    Where the usage can not be rated the charge has nothing but the refusal.
    """
    charge = Charge(meter.plan, meter.rule_number, meter.plan.currency)
    charge.unit_kind = meter.tariff.unit_kind
    row = meter.deck_row
    charge.destination = b"" if row is None else row.destination
    if meter.trace is not None:
        charge.trace = meter.trace
    if meter.amount_in > LIMIT_MICROS and not meter.refusal:
        meter.refusal = TOO_MUCH
    if meter.refusal:
        charge.refusal = meter.refusal
        charge.refusal_about = meter.refusal_about or meter.rule.rule_id
        return charge
    charge.used_units = meter.reported
    charge.counted_units = meter.counted
    charge.first_report = meter.collected == 0
    meter.collected = meter.counted
    if meter.connection is not None:
        charge.lines.append(meter.connection)
    for line in meter.lines:
        if line.units > 0:
            charge.lines.append(line)
    if not meter.plain:
        _add_lines_off(meter, charge)
    charge.amount_micros = meter.total
    charge.due_micros = meter.due - meter.collected_due
    meter.collected_due = meter.due
    if meter.pots is not None:
        _collect_pots(charge, meter.pots)
    if meter.credits is not None:
        _collect_credits(meter, charge, meter.credits)
    if meter.counters is not None or meter.caps is not None:
        _collect_counters(meter, charge)
    return charge


def _add_lines_off(meter: Meter, charge: Charge) -> None:
    """Lines of what amounts off and caps take, in their order, each of what is left."""
    left: int = meter.amount_in
    if meter.amounts_off is not None:
        for discount in meter.amounts_off:
            off = discount.amount_micros if discount.amount_micros < left else left
            if off > 0:
                left -= off
                charge.lines.append(_taken_off(meter, f"#discount-{discount.name}", off))
                if meter.trace is not None:
                    explain_taken_off(meter, "amount off", discount.name, discount.place, off)
    if meter.caps is not None:
        for cap in meter.caps:
            off = left - cap.out
            if off != 0:
                left = cap.out
                name = f"#cap-{cap.cap.name}" if cap.cap.name else "#cap"
                charge.lines.append(_taken_off(meter, name, off))
                if meter.trace is not None:
                    explain_taken_off(meter, "cap", cap.cap.cap_id, cap.cap.place, off)


def _taken_off(meter: Meter, about: str, micros: int) -> Line:
    return Line(meter.plan, meter.rule_number, about, -micros, 1, 0, 1, -micros)


def _collect_pots(charge: Charge, pots: list[MeteredPot]) -> None:
    for metered in pots:
        if metered.taken != 0:
            pot = metered.pot
            charge.pot_uses.append(PotUse(pot.bundle_id, pot.unit_kind, metered.taken, pot.expires_at_ms))
            metered.taken = 0


def _collect_credits(meter: Meter, charge: Charge, pots: list[MeteredPot]) -> None:
    if meter.trace is not None:
        for metered in pots:
            if metered.taken != 0:
                explain_taken_off(meter, "credit", metered.pot.bundle_id, metered.place, metered.taken)
    _collect_pots(charge, pots)


def _collect_counters(meter: Meter, charge: Charge) -> None:
    changes: list[CounterChange] = []
    if meter.counters is not None:
        for counter in meter.counters:
            changes += counter.changes
            counter.changes = []
    if meter.caps is not None:
        for cap in meter.caps:
            if cap.feeds and cap.counter is not None:
                changes += cap.counter.changes
                cap.counter.changes = []
    charge.counter_changes = [change for change in changes if change.amount != 0]
    if meter.plan.bonuses:
        for change in charge.counter_changes:
            before = meter.standing.counter(change.counter_id, change.period_number)
            _add_bonuses(charge, meter.plan.bonuses, change, before)


def _add_bonuses(charge: Charge, bonuses: list[Bonus], change: CounterChange, before: int) -> None:
    """The bonuses whose counter this usage brought to what it must reach."""
    after = before + change.amount
    for bonus in bonuses:
        counter = bonus.counter
        if bonus.when == COUNTER_REACHED and counter is not None:
            same: bool = counter.counter_id == change.counter_id
            if same and before < bonus.reaches <= after:
                charge.bonuses.append(bonus)
