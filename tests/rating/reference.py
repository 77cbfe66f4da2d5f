"""The rating engine told again, slowly and otherwise: unit by unit, with fractions and the time zone database.

Nothing of the engine is used here but the classes that hold a tariff.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from zoneinfo import ZoneInfo

from rating.bundles import MONEY
from rating.calendar import Calendar
from rating.periods import DAY, MONTH, WEEK
from rating.rates import ROUND_DOWN, ROUND_HALF_UP
from rating.tariff import GRADUATED, MICROS, UNITS, USAGES, Cap, Counter, Discount, Tariff
from rating.usage import Pot, Standing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rounded(value: Fraction, rounding: int) -> int:
    """A fraction of micros as micros."""
    if rounding == ROUND_DOWN:
        return floor(value)
    if rounding == ROUND_HALF_UP:
        return floor(value + Fraction(1, 2))
    return ceil(value)


def local(zone: str, at_ms: int) -> datetime:
    """What a wall clock shows."""
    return (EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone))


def band_of(calendar: Calendar, zone: str, at_ms: int) -> int:
    """The band of an instant, by looking at the wall clock and through the whole day's list."""
    clock = local(zone, at_ms)
    day = clock.date().toordinal() - EPOCH.date().toordinal()
    kind = 7 if day in calendar.holidays else clock.weekday()
    second = clock.hour * 3600 + clock.minute * 60 + clock.second
    return [band for start, band in calendar.days[kind] if start <= second][-1]


def period_of(period: int, zone: str, at_ms: int) -> int:
    """The number of the day, week or month, by the calendar of the standard library."""
    date = local(zone, at_ms).date()
    day = date.toordinal() - EPOCH.date().toordinal()
    if period == DAY:
        return day
    if period == WEEK:
        monday = date - timedelta(days=date.weekday())
        return (monday.toordinal() - datetime(1969, 12, 29, tzinfo=UTC).date().toordinal()) // 7
    if period == MONTH:
        return date.year * 12 + date.month - 1
    return 0


@dataclass
class Told:
    """What the slow way found."""

    lines: dict[tuple[int, int, tuple[str, ...]], int] = field(default_factory=dict)
    amount: int = 0
    due: int = 0
    pots: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    counters: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))


class SlowRating:
    """One usage of seconds, or of units of one instant, under a tariff with prices in the plan's currency."""

    def __init__(
        self,
        tariff: Tariff,
        standing: Standing,
        start_ms: int,
        zone: str,
        order_of_pots: list[int],
        exchange: Fraction = Fraction(1),
    ) -> None:
        self.tariff, self.standing, self.start_ms, self.zone = tariff, standing, start_ms, zone
        self.order = order_of_pots
        self.exchange = exchange
        self.told = Told()
        self.fee = 0
        self.window = [-1 for _ in tariff.caps]
        self.bases = [(0, 0) for _ in tariff.caps]
        self.outs = [0 for _ in tariff.caps]
        self.last = [0] * (len(tariff.caps) + 2)
        self.rates: dict[tuple[int, int, tuple[str, ...]], Fraction] = {}
        self.active = [one for one in tariff.discounts if self._is_turn(one)]

    def run(self, counted: int) -> Told:
        """Charge so many counted units, one by one."""
        step_ms = 1000 if self.tariff.unit_kind == 2 else 0
        base = self._reached(self.tariff.tier_counter, self.start_ms) if self.tariff.tier_counter else 0
        for position in range(counted):
            at_ms = self.start_ms + position * step_ms
            if position == 0:
                self._begin(at_ms)
            self._unit(position, at_ms, base)
        self.told.counters = {key: value for key, value in self.told.counters.items() if value}
        self.told.pots = {key: value for key, value in self.told.pots.items() if value}
        self.told.amount = self.last[-1]
        return self.told

    def _is_turn(self, discount: Discount) -> bool:
        number = self.standing.usages
        if discount.counter is not None:
            number = self.standing.counter(discount.counter.counter_id, 0)
        return not discount.every_nth or (number + 1) % discount.every_nth == 0

    def _inside(self, discount: Discount, at_ms: int) -> bool:
        if discount.first_ms and at_ms >= self.standing.activated_ms + discount.first_ms:
            return False
        return discount.calendar is None or band_of(discount.calendar, self.zone, at_ms) in discount.bands

    def _kept(self, at_ms: int) -> tuple[Fraction, tuple[str, ...]]:
        kept, names = Fraction(1), []
        for discount in self.active:
            if not discount.amount_micros and self._inside(discount, at_ms):
                kept *= Fraction(discount.numerator, discount.denominator)
                names.append(discount.name)
        return kept, tuple(names)

    def _reached(self, counter: Counter | None, at_ms: int) -> int:
        assert counter is not None
        number = period_of(counter.period, self.zone, at_ms)
        return (
            self.standing.counter(counter.counter_id, number) + self.told.counters[counter.counter_id, number]
        )

    def _begin(self, at_ms: int) -> None:
        kept, _ = self._kept(at_ms)
        self.fee = rounded(kept * self.exchange * self.tariff.connection_fee_micros, self.tariff.rounding)
        fed = {counter.counter_id: counter for counter in self.tariff.counts}
        for one in self.tariff.discounts:
            if one.counter is not None and one.every_nth:
                fed[one.counter.counter_id] = one.counter
        for counter in fed.values():
            if counter.measure == USAGES:
                self.told.counters[counter.counter_id, period_of(counter.period, self.zone, at_ms)] += 1
        self._settle(at_ms)

    def _tier(self, position: int, at_ms: int, base: int) -> int:
        counter = self.tariff.tier_counter
        place = position
        if counter is not None:
            place = base
            if counter.measure == UNITS:
                graduated = self.tariff.tier_mode == GRADUATED
                place = self._reached(counter, at_ms) if graduated else base + position
        found = 0
        for number, tier in enumerate(self.tariff.tiers[:-1]):
            if place >= tier.up_to:
                found = number + 1
        return found

    def _rate(self, band: int, tier: int) -> Fraction:
        rates = self.tariff.tiers[tier].rates
        rate = rates[band if len(rates) > 1 else 0]
        return Fraction(rate.price_micros, rate.per_units)

    def _unit(self, position: int, at_ms: int, base: int) -> None:
        calendar = self.tariff.calendar
        band = 0 if calendar is None else band_of(calendar, self.zone, at_ms)
        tier = self._tier(position, at_ms, base)
        kept, names = self._kept(at_ms)
        if self.tariff.tier_mode != GRADUATED:
            self._price_again(tier, at_ms)
        rate = self._rate(band, tier) * kept * self.exchange
        pot = None if rate == 0 else self._pot(at_ms, money=False)
        if pot is not None:
            self.told.pots[pot] += 1
        else:
            key = (band, tier, names)
            self.rates[key] = rate
            self.told.lines[key] = self.told.lines.get(key, 0) + 1
        for counter in self.tariff.counts:
            if counter.measure == UNITS:
                self.told.counters[counter.counter_id, period_of(counter.period, self.zone, at_ms)] += 1
        self._settle(at_ms)

    def _price_again(self, tier: int, at_ms: int) -> None:
        kept = {one.name: Fraction(one.numerator, one.denominator) for one in self.active}
        lines, rates = {}, {}
        for (band, _, names), units in self.told.lines.items():
            rate = self._rate(band, tier) * self.exchange
            for name in names:
                rate *= kept[name]
            lines[band, tier, names] = units
            rates[band, tier, names] = rate
        if lines != self.told.lines:
            self.told.lines, self.rates = lines, rates
            self._settle(at_ms)

    def _pot(self, at_ms: int, *, money: bool) -> int | None:
        for index in self.order:
            pot: Pot = self.standing.pots[index]
            alive = not pot.expires_at_ms or at_ms < pot.expires_at_ms
            bundle = next(one for one in self.tariff.bundles if one.bundle_id == pot.bundle_id)
            if bundle.calendar is not None:
                alive = alive and band_of(bundle.calendar, self.zone, at_ms) in bundle.bands
            if (pot.unit_kind == MONEY) == money and alive and pot.units > self.told.pots[index]:
                return index
        return None

    def _rounding(self, band: int, tier: int) -> int:
        rates = self.tariff.tiers[tier].rates
        return rates[band if len(rates) > 1 else 0].rounding

    def _settle(self, at_ms: int) -> None:
        total = self.fee
        for (band, tier, names), units in self.told.lines.items():
            total += rounded(units * self.rates[band, tier, names], self._rounding(band, tier))
        for discount in self.active:
            if discount.amount_micros and self._inside(discount, self.start_ms):
                total = max(total - discount.amount_micros, 0)
        for number, cap in enumerate(self.tariff.caps):
            total = self._cap(number, cap, total, at_ms)
        change = total - self.last[-1]
        self.last[-1] = total
        for counter in self.tariff.counts:
            if counter.measure == MICROS:
                self.told.counters[counter.counter_id, period_of(counter.period, self.zone, at_ms)] += change
        self._pay(change, at_ms)

    def _cap(self, number: int, cap: Cap, total: int, at_ms: int) -> int:
        window = period_of(cap.period, self.zone, at_ms)
        if window != self.window[number]:
            self.window[number] = window
            self.bases[number] = (self.last[number], self.outs[number])
        self.last[number] = total
        others = 0 if cap.counter is None else self.standing.counter(cap.counter.counter_id, window)
        base_in, base_out = self.bases[number]
        before = self.outs[number]
        room = max(cap.amount_micros - others, 0)
        self.outs[number] = max(base_out + min(total - base_in, room), 0)
        if cap.counter is not None:
            self.told.counters[cap.counter.counter_id, window] += self.outs[number] - before
        return self.outs[number]

    def _pay(self, change: int, at_ms: int) -> None:
        while change > 0 and (pot := self._pot(at_ms, money=True)) is not None:
            taken = min(change, self.standing.pots[pot].units - self.told.pots[pot])
            self.told.pots[pot] += taken
            change -= taken
        if change >= 0:
            self.told.due += change
            return
        back = min(-change, self.told.due)
        self.told.due -= back
        change += back
        for index in reversed(self.order):
            if self.standing.pots[index].unit_kind == MONEY:
                back = min(-change, self.told.pots[index])
                self.told.pots[index] -= back
                change += back
