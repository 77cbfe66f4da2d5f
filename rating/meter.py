"""A meter: what has been counted and charged of one usage so far, and all that decides about the next unit."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from rating.calendar import FAR_MS, Calendar, Zone
from rating.catalogue import Plan
from rating.charge import CounterChange, Line, Step
from rating.decks import DeckRow
from rating.pricing import MOST_UNITS
from rating.rates import Rate
from rating.rule import Rule
from rating.situation import Situation
from rating.tariff import Cap, Counter, Discount, TariffTerms
from rating.usage import Pot, Standing

MOST_PIECES: Final = 10_000
"""So many switches of price one usage may meet: some nine years of three bands a day."""


class MeteredPot:
    """A pot, and what the meter took of it since changes were last collected."""

    def __init__(self, pot: Pot, priority: i64, place: str) -> None:
        self.pot = pot
        self.priority = priority
        self.place = place
        self.taken: int = 0
        self.refundable: int = 0
        self.calendar: Calendar | None = None
        self.bands: frozenset[int] = frozenset()
        self.inside = True
        """Whether the current units lie in a band that it pays for."""

    def left(self, at_ms: i64) -> int:
        """What the pot can pay at an instant."""
        pot = self.pot
        if pot.expires_at_ms != 0 and pot.expires_at_ms <= at_ms:
            return 0
        left: int = pot.units - self.taken
        return left if left > 0 else 0


class MeteredCounter:
    """A counter in its current period, and what the meter added since changes were last collected."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.number: i64 = 0
        self.changes: list[CounterChange] = []

    def pending(self) -> int:
        """What was added in the current period and is not in the standing yet."""
        change = self._current()
        return 0 if change is None else change.amount

    def value(self, standing: Standing) -> int:
        """What the counter has reached in the current period."""
        return standing.counter(self.counter.counter_id, self.number) + self.pending()

    def add(self, amount: int) -> None:
        """Count in the current period."""
        if amount == 0:
            return
        change = self._current()
        if change is None:
            self.changes.append(CounterChange(self.counter.counter_id, self.number, amount))
        else:
            change.amount += amount

    def _current(self) -> CounterChange | None:
        """The change of the current period. Periods come in order, but for a clock set back over midnight."""
        changes = self.changes
        if not changes:
            return None
        latest = changes[len(changes) - 1]
        if latest.period_number <= self.number:
            return latest if latest.period_number == self.number else None
        for change in changes:
            if change.period_number == self.number:
                return change
        return None


class MeteredCap:
    """A cap in its window: of what came in since ``base_in``, ``room`` micros at most go out on ``base_out``.

    ``feeds``: the counter is the cap's own, and counts what goes out.
    """

    def __init__(self, cap: Cap) -> None:
        self.cap = cap
        self.counter: MeteredCounter | None = None
        self.feeds: bool = False
        self.window: i64 = -1
        self.base_in: int = 0
        self.base_out: int = 0
        self.room: int = cap.amount_micros
        self.out: int = 0

    def capped(self, amount: int) -> int:
        """What is left of a running total; never less than nothing, though units may become cheaper."""
        own = amount - self.base_in
        out = self.base_out + (own if own < self.room else self.room)
        return out if out > 0 else 0


class Meter:
    """One usage of a rule with a tariff, by its number in the plan.

    Positions count units from the usage's beginning; position p is the unit after p units. The unit at one was
    used at ``base_ms + (position - base_position) * span_ms / span_units``; where ``span_ms`` is 0, all were
    used at ``base_ms``; ``spread``: none beyond the span. Until position ``moment_end`` time does not matter.
    ``continues``: the usage began under another rule or catalogue, its connection is paid and it is counted.
    """

    def __init__(
        self,
        plan: Plan,
        rule_number: i64,
        tariff: TariffTerms,
        situation: Situation,
        standing: Standing,
        zone: Zone,
        started_ms: i64,
    ) -> None:
        self.plan = plan
        self.rule_number = rule_number
        self.tariff = tariff
        self.standing = standing
        self.situation = situation
        self.zone = zone
        self.started_ms = started_ms
        self.refusal: str = ""
        self.refusal_about: str = ""
        self.trace: list[Step] | None = None
        self.continues: bool = False
        # how it is priced: of the tariff, or of the deck's row
        self.deck_rate: Rate | None = None
        self.band_rates: list[Rate] | None = None
        self.increment: i64 = tariff.increment
        self.minimum: i64 = tariff.minimum
        self.fee_micros: int = tariff.connection_fee_micros
        self.exchange_numerator: int = 1
        self.exchange_denominator: int = 1
        # what takes part, None where nothing does
        self.percentages: list[Discount] | None = None
        self.amounts_off: list[Discount] | None = None
        self.off_micros: int = 0
        self.deck_row: DeckRow | None = None
        self.pots: list[MeteredPot] | None = None
        self.credits: list[MeteredPot] | None = None
        self.counters: list[MeteredCounter] | None = None
        self.caps: list[MeteredCap] | None = None
        self.tier_counter: MeteredCounter | None = None
        self.tier_base: i64 = 0
        self.tier_moves: bool = False
        self.periodic: bool = False
        self.plain: bool = True
        # where it is
        self.reported: i64 = 0
        self.counted: i64 = 0
        self.base_position: i64 = 0
        self.base_ms: i64 = started_ms
        self.span_units: i64 = 1
        self.span_ms: i64 = 0
        self.spread: bool = False
        self.pieces: i64 = 0
        self.moment_end: i64 = 0
        self.moment_ms: i64 = started_ms
        self.moment_until_ms: i64 = FAR_MS
        self.band: i64 = 0
        self.tier: i64 = 0
        self.mask: i64 = 0
        # what it costs
        self.connection: Line | None = None
        self.lines: list[Line] = []
        self.line: Line | None = None
        self.amount_in: int = 0
        self.total: int = 0
        self.due: int = 0
        self.collected_due: int = 0
        self.collected: i64 = 0

    @property
    def rule(self) -> Rule:
        """The rule itself, for people and for records."""
        return self.plan.row[self.rule_number]

    def timed(self) -> bool:
        """Whether anything depends on when a unit is used."""
        if self.periodic or self.tariff.calendar is not None or self.percentages is not None:
            return True
        return self.pots is not None or self.credits is not None

    def time_of(self, position: i64) -> i64:
        """When the unit at a position was used; what was rounded up, with the last unit that was reported."""
        if self.span_ms == 0:
            return self.base_ms
        offset: int = position - self.base_position
        past: int = offset * self.span_ms // self.span_units
        if self.spread and past >= self.span_ms:
            return self.base_ms + self.span_ms - 1
        return self.base_ms + past

    def position_of(self, instant_ms: i64) -> i64:
        """The first position whose unit was used at the instant or later; MOST_UNITS where none will be."""
        if self.span_ms == 0 or instant_ms >= FAR_MS:
            return MOST_UNITS
        past: int = instant_ms - self.base_ms
        if self.spread and past >= self.span_ms:
            return MOST_UNITS
        wide: int = past * self.span_units
        return self.base_position + (wide + self.span_ms - 1) // self.span_ms
