"""The walk along a usage's units: from one switch of price to the next, never from unit to unit.

The same walk prices (up to a number of units) and finds what is affordable (up to a budget), so that the one is
the inverse of the other.
"""

from __future__ import annotations

from mypy_extensions import i64

from rating.charge import TOO_MANY_SWITCHES, Line
from rating.explain import (
    explain_connection,
    explain_pot,
    explain_units,
    explain_volume_tier,
)
from rating.line_prices import names_of, price_line, set_price, written_rate
from rating.meter import MOST_PIECES, Meter, MeteredPot
from rating.moment import refresh
from rating.pricing import MOST_UNITS, amount_of
from rating.rates import ROUND_UP
from rating.tariff import UNITS, USAGES, VOLUME
from rating.totals import affordable_part, payable, settle


def walk(meter: Meter, target: i64, budget_micros: int, bounded: bool) -> i64:
    """Count and charge units up to a position, or up to what a budget pays; the position that was reached."""
    position = meter.counted
    while position < target:
        if position >= meter.moment_end:
            refresh(meter, position)
        meter.pieces += 1
        if meter.pieces > MOST_PIECES:
            if not bounded:
                meter.refusal = TOO_MANY_SWITCHES
            return position
        if position == 0:
            _begin(meter)
        end = target if target < meter.moment_end else meter.moment_end
        if meter.tier_moves:
            end = _enter_tier(meter, position, end)
        within = not bounded or payable(meter, budget_micros)
        if not within and _must_stop(meter, position):
            return position
        line = _line(meter)
        pot = _usable_pot(meter, line)
        if pot is not None:
            end = _use_pot(meter, pot, position, end)
        else:
            units = end - position
            if bounded and within:
                units = affordable_part(meter, line, units, budget_micros)
                if position + units < end and not _must_stop(meter, position + units):
                    units = end - position
            if units > 0:
                _use_money(meter, line, position, units)
            if position + units < end:
                meter.counted = position + units
                return position + units
        position = end
        meter.counted = position
    return position


def _must_stop(meter: Meter, position: i64) -> bool:
    """Whether a position that can not be paid is an end: the next count lies in the same volume tier.

    Where whole increments step over the rest of a tier whose units all become cheaper then, it is none.
    """
    ends = meter.tariff.ends
    if meter.tariff.tier_mode != VOLUME or not meter.tier_moves or meter.tier + 1 == len(ends):
        return True
    following = counted_units(position + 1, meter.minimum, meter.increment)
    return meter.tier_base + following <= ends[meter.tier]


def _begin(meter: Meter) -> None:
    """What the first unit brings: the connection fee, and one more usage."""
    if meter.continues:
        return
    if meter.fee_micros > 0:
        line = connection_line(meter, meter.mask)
        meter.connection = line
        meter.amount_in += line.amount_micros
        if meter.trace is not None:
            explain_connection(meter, line)
    if meter.counters is not None:
        for counter in meter.counters:
            if counter.counter.measure == USAGES:
                counter.add(1)
    settle(meter)


def connection_line(meter: Meter, mask: i64) -> Line:
    """The line of the connection fee under the discounts of a mask."""
    line = Line(meter.plan, meter.rule_number, "#connection", 0, 1, meter.tariff.rounding, 1)
    line.mask = mask
    set_price(meter, line, meter.fee_micros, 1)
    line.discounts = names_of(meter, mask)
    line.amount_micros = amount_of(1, line.price_micros, line.per_units, line.rounding)
    return line


def tier_index(ends: list[int], start: i64, place: int) -> i64:
    """The tier of a place on the axis of tiers; ``start`` is a guess, often right."""
    index = start
    if index > 0 and place < ends[index - 1]:
        index = 0
    last: i64 = len(ends) - 1
    while index < last and ends[index] <= place:
        index += 1
    return index


def _enter_tier(meter: Meter, position: i64, end: i64) -> i64:
    """The tier of the unit at a position; where it, or what was asked for, ends."""
    ends = meter.tariff.ends
    counter = meter.tier_counter
    volume = meter.tariff.tier_mode == VOLUME
    place: int = position
    if volume:
        place = meter.tier_base + position
    elif counter is not None:
        place = counter.value(meter.standing)
    index = tier_index(ends, meter.tier, place)
    if index != meter.tier:
        meter.tier = index
        if volume:
            _price_again(meter)
    if index + 1 < len(ends):
        left: int = ends[index] - place
        if left < end - position:
            end = position + left
    return end


def _price_again(meter: Meter) -> None:
    """All units so far at the price of the volume tier that the next one reaches."""
    for line in meter.lines:
        line.tier = meter.tier
        price_line(meter, line)
        amount = amount_of(line.units, line.price_micros, line.per_units, line.rounding)
        meter.amount_in += amount - line.amount_micros
        line.amount_micros = amount
    settle(meter)
    if meter.trace is not None:
        explain_volume_tier(meter)


def _line(meter: Meter) -> Line:
    """The line of the current band, tier and discounts; a new one where there is none yet."""
    band, tier, mask = meter.band, meter.tier, meter.mask
    line = meter.line
    if line is not None and line.band_number == band and line.tier == tier and line.mask == mask:
        return line
    for other in meter.lines:
        if other.band_number == band and other.tier == tier and other.mask == mask:
            meter.line = other
            return other
    fresh = fresh_line(meter, band, tier, mask)
    meter.lines.append(fresh)
    meter.line = fresh
    return fresh


def fresh_line(meter: Meter, band: i64, tier: i64, mask: i64) -> Line:
    """A line without units of a band, tier and set of discounts, at its price."""
    fresh = Line(meter.plan, meter.rule_number, "", 0, 1, ROUND_UP)
    calendar = meter.tariff.calendar
    if calendar is not None:
        fresh.band = calendar.bands[band]
    fresh.band_number = band
    fresh.tier = tier
    fresh.mask = mask
    price_line(meter, fresh)
    if mask:
        fresh.discounts = names_of(meter, mask)
    return fresh


def _usable_pot(meter: Meter, line: Line) -> MeteredPot | None:
    """The pot that pays the next unit. What costs nothing uses no pot."""
    if meter.pots is None or line.price_micros == 0:
        return None
    for pot in meter.pots:
        if pot.inside and pot.left(meter.moment_ms) > 0:
            return pot
    return None


def _use_pot(meter: Meter, pot: MeteredPot, position: i64, end: i64) -> i64:
    """Pay units from a pot; where that ends."""
    units: int = pot.left(meter.moment_ms)
    units = units if units < end - position else end - position
    pot.taken += units
    _count(meter, units)
    if meter.trace is not None:
        explain_pot(meter, pot, position, units)
    return position + units


def _use_money(meter: Meter, line: Line, position: i64, units: i64) -> None:
    line.units += units
    amount = amount_of(line.units, line.price_micros, line.per_units, line.rounding)
    meter.amount_in += amount - line.amount_micros
    line.amount_micros = amount
    _count(meter, units)
    settle(meter)
    if meter.trace is not None:
        explain_units(meter, line, written_rate(meter, line), position, units)


def _count(meter: Meter, units: int) -> None:
    """Feed the counters of units."""
    if meter.counters is not None:
        for counter in meter.counters:
            if counter.counter.measure == UNITS:
                counter.add(units)


def counted_units(units: i64, minimum: i64, increment: i64) -> i64:
    """0 for none, else the minimum and whole increments beyond it."""
    if units <= 0:
        return 0
    if units <= minimum:
        return minimum
    if increment == 1:
        return units
    return minimum + (units - minimum + increment - 1) // increment * increment


def most_reported(counted: i64, minimum: i64, increment: i64) -> i64:
    """The most reported units that count as no more than a position."""
    if counted >= MOST_UNITS:
        return MOST_UNITS
    if counted < minimum:
        return 0
    if increment == 1:
        return counted
    return minimum + (counted - minimum) // increment * increment
