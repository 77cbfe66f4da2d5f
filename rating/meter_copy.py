"""A copy of a meter that can be walked on without moving the meter itself."""

from __future__ import annotations

from rating.charge import CounterChange, Line
from rating.meter import Meter, MeteredCap, MeteredCounter, MeteredPot


def copy_of(meter: Meter) -> Meter:
    """The same state, without the reasoning; plan, tariff, situation and standing are shared."""
    copy = Meter(
        meter.plan,
        meter.rule_number,
        meter.tariff,
        meter.situation,
        meter.standing,
        meter.zone,
        meter.started_ms,
    )
    copy.deck_row, copy.deck_rate, copy.band_rates = meter.deck_row, meter.deck_rate, meter.band_rates
    copy.refusal, copy.refusal_about = meter.refusal, meter.refusal_about
    copy.increment, copy.minimum, copy.fee_micros = meter.increment, meter.minimum, meter.fee_micros
    copy.exchange_numerator = meter.exchange_numerator
    copy.exchange_denominator = meter.exchange_denominator
    copy.percentages, copy.amounts_off = meter.percentages, meter.amounts_off
    copy.off_micros = meter.off_micros
    copy.pots = None if meter.pots is None else [_copy_of_pot(pot) for pot in meter.pots]
    copy.credits = None if meter.credits is None else [_copy_of_pot(pot) for pot in meter.credits]
    _copy_counters(meter, copy)
    copy.tier_base, copy.tier_moves = meter.tier_base, meter.tier_moves
    copy.periodic, copy.plain = meter.periodic, meter.plain
    copy.reported, copy.counted = meter.reported, meter.counted
    copy.band, copy.tier, copy.mask = meter.band, meter.tier, meter.mask
    copy.connection = meter.connection
    copy.lines = [_copy_of_line(line) for line in meter.lines]
    copy.amount_in, copy.total, copy.due = meter.amount_in, meter.total, meter.due
    copy.collected_due, copy.collected = meter.collected_due, meter.collected
    return copy


def _copy_counters(meter: Meter, copy: Meter) -> None:
    """Counters and caps; a counter that is used twice is one in the copy too."""
    known: dict[str, MeteredCounter] = {}
    if meter.counters is not None:
        copy.counters = [_copy_of_counter(counter, known) for counter in meter.counters]
    if meter.tier_counter is not None:
        copy.tier_counter = known[meter.tier_counter.counter.counter_id]
    if meter.caps is None:
        return
    caps = []
    for cap in meter.caps:
        same = MeteredCap(cap.cap)
        if cap.counter is not None:
            found = known.get(cap.counter.counter.counter_id)
            same.counter = _copy_of_counter(cap.counter, known) if found is None else found
        same.feeds, same.window, same.room = cap.feeds, cap.window, cap.room
        same.base_in, same.base_out, same.out = cap.base_in, cap.base_out, cap.out
        caps.append(same)
    copy.caps = caps


def _copy_of_counter(counter: MeteredCounter, known: dict[str, MeteredCounter]) -> MeteredCounter:
    copy = MeteredCounter(counter.counter)
    copy.number = counter.number
    copy.changes = [
        CounterChange(change.counter_id, change.period_number, change.amount) for change in counter.changes
    ]
    known[counter.counter.counter_id] = copy
    return copy


def _copy_of_pot(pot: MeteredPot) -> MeteredPot:
    copy = MeteredPot(pot.pot, pot.priority, pot.place)
    copy.calendar, copy.bands, copy.inside = pot.calendar, pot.bands, pot.inside
    copy.taken, copy.refundable = pot.taken, pot.refundable
    return copy


def _copy_of_line(line: Line) -> Line:
    copy = Line(
        line.plan, line.rule_number, line.about, line.price_micros, line.per_units, line.rounding, line.units
    )
    copy.amount_micros, copy.band, copy.tier = line.amount_micros, line.band, line.tier
    copy.discounts, copy.band_number, copy.mask = line.discounts, line.band_number, line.mask
    return copy
