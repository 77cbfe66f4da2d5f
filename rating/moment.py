"""What depends on time at one position of a meter, and until where it stays so."""

from __future__ import annotations

from mypy_extensions import i64

from rating.calendar import FAR_MS, Calendar, Zone, band_at, day_at
from rating.meter import Meter, MeteredCap, MeteredPot
from rating.periods import USAGE, period_of_day
from rating.tariff import Discount


def refresh(meter: Meter, position: i64) -> None:
    """Find band, discounts, periods and rooms of caps at a position, and the position up to which they hold."""
    at_ms = meter.time_of(position)
    meter.moment_ms = at_ms
    until_ms: i64 = FAR_MS
    calendar = meter.tariff.calendar
    if calendar is not None:
        meter.band, until_ms = band_at(calendar, zone_of(meter, calendar), at_ms)
    if meter.percentages is not None:
        until_ms = _refresh_percentages(meter, meter.percentages, at_ms, until_ms)
    if meter.periodic:
        day, midnight_ms = day_at(meter.zone, at_ms)
        until_ms = midnight_ms if midnight_ms < until_ms else until_ms
        _refresh_periods(meter, day)
    if meter.pots is not None:
        until_ms = _first_end(meter.pots, at_ms, until_ms)
        until_ms = _refresh_pots(meter, meter.pots, at_ms, until_ms)
    if meter.credits is not None:
        until_ms = _first_end(meter.credits, at_ms, until_ms)
    meter.moment_until_ms = until_ms
    meter.moment_end = meter.position_of(until_ms)


def zone_of(meter: Meter, calendar: Calendar) -> Zone:
    """Whose local time a calendar means: the subscriber's where it says so and is known, or the network's."""
    own = meter.standing.zone
    return own if calendar.in_subscriber_zone and own is not None else meter.zone


def holds(meter: Meter, discount: Discount, at_ms: i64) -> bool:
    """Whether an instant lies inside a discount's first days and bands."""
    if discount.first_ms > 0 and at_ms >= meter.standing.activated_ms + discount.first_ms:
        return False
    calendar = discount.calendar
    if calendar is None:
        return True
    band, _ = band_at(calendar, zone_of(meter, calendar), at_ms)
    return band in discount.bands


def _refresh_percentages(meter: Meter, percentages: list[Discount], at_ms: i64, until_ms: i64) -> i64:
    mask: i64 = 0
    bit: i64 = 1
    for discount in percentages:
        if holds(meter, discount, at_ms):
            mask |= bit
        bit <<= 1
        if discount.calendar is not None:
            _, switch_ms = band_at(discount.calendar, zone_of(meter, discount.calendar), at_ms)
            until_ms = switch_ms if switch_ms < until_ms else until_ms
        if discount.first_ms > 0:
            end_ms = meter.standing.activated_ms + discount.first_ms
            until_ms = end_ms if at_ms < end_ms < until_ms else until_ms
    meter.mask = mask
    return until_ms


def _refresh_pots(meter: Meter, pots: list[MeteredPot], at_ms: i64, until_ms: i64) -> i64:
    """Which pots of certain hours pay now, and until when."""
    for pot in pots:
        calendar = pot.calendar
        if calendar is not None:
            band, switch_ms = band_at(calendar, zone_of(meter, calendar), at_ms)
            pot.inside = band in pot.bands
            until_ms = switch_ms if switch_ms < until_ms else until_ms
    return until_ms


def _refresh_periods(meter: Meter, day: i64) -> None:
    if meter.counters is not None:
        for counter in meter.counters:
            counter.number = period_of_day(counter.counter.period, day)
    if meter.caps is not None:
        running: int = meter.amount_in - meter.off_micros
        running = running if running > 0 else 0
        for cap in meter.caps:
            out = cap.capped(running)
            if cap.cap.period != USAGE:
                _open_window(meter, cap, period_of_day(cap.cap.period, day), running, out)
            running = out


def _open_window(meter: Meter, cap: MeteredCap, window: i64, running: int, out: int) -> None:
    """The room in a cap's window: what others of the same counter left, and never less than was used of it."""
    if window != cap.window:
        cap.window = window
        cap.base_in = running
        cap.base_out = out
    own = out - cap.base_out
    counter = cap.counter
    others: int = 0
    if counter is not None:
        counter.number = window
        others = counter.value(meter.standing) - own
    room = cap.cap.amount_micros - others
    room = own if room < own else room
    cap.room = room if room > 0 else 0


def _first_end(pots: list[MeteredPot], at_ms: i64, until_ms: i64) -> i64:
    for pot in pots:
        end_ms = pot.pot.expires_at_ms
        if at_ms < end_ms < until_ms:
            until_ms = end_ms
    return until_ms
