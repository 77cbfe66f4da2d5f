"""A tariff: how the units that a rule matches are counted and priced, as data."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.bundles import BundleDefinition
from rating.calendar import Calendar
from rating.conditions import Condition
from rating.decks import RateDeck, check_counting
from rating.periods import EVER, USAGE
from rating.rates import ROUND_HALF_UP, Rate

TOTAL: Final = 0
INPUT: Final = 1
OUTPUT: Final = 2
"""Which of the reported octets count."""

GRADUATED: Final = 0
"""Each unit costs what the tier that it lies in says."""
VOLUME: Final = 1
"""All units cost what the tier that the last of them lies in says."""

UNITS: Final = 0
MICROS: Final = 1
USAGES: Final = 2
"""What a counter measures: counted units, money after discounts and caps, or usages."""

SPLIT_EVENLY: Final = 0
AT_START: Final = 1
AT_END: Final = 2
"""When octets and units were used that are reported over an interval with a switch of price inside."""


MOST_DISCOUNTS: Final = 60


@mypyc_attr(acyclic=True)
class Tier:
    """A stretch of units: up to position ``up_to`` (exclusive); ``rates`` has one for each band, or one."""

    def __init__(self, up_to: i64, rates: list[Rate]) -> None:
        self.up_to = up_to
        self.rates = rates


@mypyc_attr(acyclic=True)
class Counter:
    """What is counted of a subscriber's usage in a period (EVER, DAY, WEEK, MONTH)."""

    def __init__(self, counter_id: str, measure: i64, unit_kind: i64 = 0, period: i64 = EVER) -> None:
        self.counter_id = counter_id
        self.measure = measure
        self.unit_kind = unit_kind
        self.period = period


@mypyc_attr(acyclic=True)
class Cap:
    """At most ``amount_micros`` for one usage (USAGE), or in a DAY or MONTH by ``counter`` (of MICROS).

    The line that takes off what is over is ``rule#cap``, or ``rule#cap-name`` where the cap has a name.
    """

    def __init__(
        self,
        cap_id: str,
        amount_micros: int,
        period: i64 = USAGE,
        counter: Counter | None = None,
        name: str = "",
        place: str = "",
    ) -> None:
        self.cap_id = cap_id
        self.amount_micros = amount_micros
        self.period = period
        self.counter = counter
        self.name = name
        self.place = place


@mypyc_attr(acyclic=True)
class Discount:
    """A price off: ``numerator``/``denominator`` of each price stay (80 % off: 1/5), or ``amount_micros`` off.

    ``every_nth`` > 0: only each nth usage, by ``counter`` of USAGES (None: by all usages of the subscriber).
    ``first_ms`` > 0: only so long after the subscription's activation. ``calendar`` with ``bands``: only in
    these bands. A percentage holds for the units inside; an amount where the usage begins inside.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        name: str,
        *,
        numerator: int = 1,
        denominator: int = 1,
        amount_micros: int = 0,
        every_nth: i64 = 0,
        counter: Counter | None = None,
        first_ms: i64 = 0,
        calendar: Calendar | None = None,
        bands: frozenset[int] = frozenset(),
        conditions: list[Condition] | None = None,
        place: str = "",
    ) -> None:
        self.name = name
        self.numerator = numerator
        self.denominator = denominator
        self.amount_micros = amount_micros
        self.every_nth = every_nth
        self.counter = counter
        self.first_ms = first_ms
        self.calendar = calendar
        self.bands = bands
        self.conditions = [] if conditions is None else conditions
        self.place = place


@mypyc_attr(acyclic=True)
class Tariff:
    """How usage is counted and priced.

    Counted are 0 units for none, else ``minimum`` units and whole ``increment``s beyond it. ``currency`` is
    that of its prices and connection fee ("" = the plan's); caps and discounts are in the plan's. A ``deck``
    has the price instead of ``tiers``; with ``band_decks`` each band's has, and that of the band in which the
    usage begins says how it counts. ValueError where it can not be computed with.

    ``counts`` are the counters that the usage feeds, the tiers' own among them. ``bundles`` and ``discounts``
    are those of the plan that may apply: their conditions are asked for each usage.

    The engine reads ``terms``, and the prices in the plan's row of them.
    """

    def __init__(  # noqa: PLR0913  (a value: each argument is a field)
        self,
        unit_kind: i64,
        tiers: list[Tier],
        *,
        octets_of: i64 = TOTAL,
        increment: i64 = 1,
        minimum: i64 = 0,
        rounding: i64 = ROUND_HALF_UP,
        connection_fee_micros: int = 0,
        calendar: Calendar | None = None,
        tier_mode: i64 = GRADUATED,
        tier_counter: Counter | None = None,
        counts: list[Counter] | None = None,
        caps: list[Cap] | None = None,
        discounts: list[Discount] | None = None,
        bundles: list[BundleDefinition] | None = None,
        deck: RateDeck | None = None,
        band_decks: list[RateDeck] | None = None,
        switch_policy: i64 = SPLIT_EVENLY,
        currency: str = "",
    ) -> None:
        self.unit_kind = unit_kind
        self.tiers = tiers
        self.octets_of = octets_of
        self.increment = increment
        self.minimum = minimum
        self.rounding = rounding
        self.connection_fee_micros = connection_fee_micros
        self.calendar = calendar
        self.tier_mode = tier_mode
        self.tier_counter = tier_counter
        self.counts = [] if counts is None else counts
        self.caps = [] if caps is None else caps
        self.discounts = [] if discounts is None else discounts
        self.bundles = [] if bundles is None else bundles
        self.deck = deck
        self.band_decks = [] if band_decks is None else band_decks
        self.switch_policy = switch_policy
        self.currency = currency
        self._check()
        self.terms = TariffTerms(self)

    def _check(self) -> None:
        check_counting(self.increment, self.minimum)
        if self.deck is None and not self.tiers:
            raise ValueError("a tariff has tiers or a deck")
        bands = 1 if self.calendar is None else len(self.calendar.bands)
        if self.band_decks and len(self.band_decks) != bands:
            raise ValueError("a tariff has one deck for each band, or one for all")
        for tier in self.tiers:
            if len(tier.rates) not in {1, bands}:
                raise ValueError("a tier has one rate for each band, or one for all")
        if len(self.discounts) > MOST_DISCOUNTS:
            raise ValueError(f"a tariff has at most {MOST_DISCOUNTS} discounts")

    def rates_in_order(self) -> list[Rate]:
        """The rates of all tiers, each with one for each band."""
        found: list[Rate] = []
        bands: i64 = self.terms.bands
        for tier in self.tiers:
            found.extend(tier.rates if len(tier.rates) == bands else tier.rates * bands)
        return found

    def rate_of(self, tier: i64, band: i64) -> Rate:
        """The rate as it is written."""
        rates = self.tiers[tier].rates
        return rates[band] if len(rates) > 1 else rates[0]


@mypyc_attr(acyclic=True)
class TariffTerms:
    """All that a tariff says but its prices and bundles: plans that differ in these only have it in common.

    ``ends`` are those of the tiers; ``bands`` is the number of prices that each has. ``owns``: it has counters,
    caps or discounts, which are one plan's.
    """

    def __init__(self, tariff: Tariff) -> None:
        self.unit_kind = tariff.unit_kind
        self.octets_of = tariff.octets_of
        self.increment = tariff.increment
        self.minimum = tariff.minimum
        self.connection_fee_micros = tariff.connection_fee_micros
        self.ends: list[int] = [tier.up_to for tier in tariff.tiers]
        self.bands: i64 = max((len(tier.rates) for tier in tariff.tiers), default=1)
        self.rounding = tariff.rounding
        self.calendar = tariff.calendar
        self.tier_mode = tariff.tier_mode
        self.tier_counter = tariff.tier_counter
        self.counts = tariff.counts
        self.caps = tariff.caps
        self.discounts = tariff.discounts
        self.owns: bool = bool(self.counts or self.caps or self.discounts or self.tier_counter is not None)
        self.deck = tariff.deck
        self.band_decks = tariff.band_decks
        self.switch_policy = tariff.switch_policy
        self.currency = tariff.currency

    def content(self) -> tuple[object, ...]:
        """The same for two that can stand for one another, where neither owns anything."""
        counting = (self.unit_kind, self.octets_of, self.increment, self.minimum, self.rounding)
        others = (self.connection_fee_micros, self.tier_mode, self.switch_policy, self.currency, self.bands)
        things = tuple(id(each) for each in (self.calendar, self.deck, *self.band_decks))
        return (counting, others, tuple(self.ends), things)
