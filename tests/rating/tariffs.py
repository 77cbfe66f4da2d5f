"""Random tariffs, standings and usages, and one plan around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import strategies as st

from balance.quantity import OCTETS, SECONDS
from rating.bundles import MONEY, BundleDefinition
from rating.calendar import Calendar, Zone
from rating.catalogue import Catalogue, GrantPolicy, Plan
from rating.exchange import ExchangeRate, ExchangeRates
from rating.periods import DAY, EVER, MONTH, USAGE, WEEK
from rating.rates import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Rate
from rating.rule import CHARGE, Rule
from rating.selection import Entry, build_selectors
from rating.tariff import GRADUATED, MICROS, UNITS, USAGES, VOLUME, Cap, Counter, Discount, Tariff, Tier
from rating.usage import Context, Pot, Standing, Usage

BERLIN = "Europe/Berlin"
GRANT = GrantPolicy(1, 1, 1, 0, -1)
LAST = 1 << 62


def instant(*parts: int) -> int:
    """Epoch milliseconds of a date and time in UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type,misc]


CHANGES = (
    (2024, 3, 31, 1),
    (2024, 10, 27, 1),
    (2025, 3, 30, 1),
    (2025, 10, 26, 1),
    (2026, 3, 29, 1),
    (2026, 10, 25, 1),
)
BERLIN_ZONE = Zone(
    BERLIN,
    [-(1 << 40)] + [instant(*when) // 1000 for when in CHANGES],
    [3600, 7200, 3600, 7200, 3600, 7200, 3600],
)
"""Central European time, with the changes of three years."""

STARTS = st.sampled_from(
    [
        instant(2026, 3, 29, 0, 58),
        instant(2026, 10, 25, 0, 58),
        instant(2026, 10, 25, 1, 58),
        instant(2024, 2, 28, 22, 58),
        instant(2024, 2, 29, 22, 58),
        instant(2026, 6, 30, 21, 58),
        instant(2026, 11, 30, 22, 59),
        instant(2026, 11, 24, 18, 58),
    ]
)
ROUNDINGS = st.sampled_from([ROUND_UP, ROUND_HALF_UP, ROUND_DOWN])


@st.composite
def calendars(draw: st.DrawFn, most_bands: int = 3) -> Calendar:
    """Bands that switch at a few moments near those at which usages begin."""
    bands = draw(st.integers(1, most_bands))
    days = []
    for _ in range(8):
        seconds = draw(
            st.lists(
                st.sampled_from([60, 7200, 7260, 10800, 10830, 71_990, 72_000, 86_370]), max_size=3, unique=True
            )
        )
        days.append([(second, draw(st.integers(0, bands - 1))) for second in [0, *sorted(seconds)]])
    holidays = frozenset(draw(st.lists(st.sampled_from([19_782, 19_783, 20_541, 20_781]), max_size=2)))
    return Calendar(
        "standard", [f"band-{band}" for band in range(bands)], days, holidays, in_subscriber_zone=False
    )


@st.composite
def rates(draw: st.DrawFn, unit_kind: int) -> Rate:
    """A price, free one time in four."""
    price = draw(st.one_of(st.just(0), st.integers(1, 10), st.integers(1, 10**6), st.integers(1, 10**6)))
    return Rate(unit_kind, price, draw(st.sampled_from([1, 3, 7, 60, 1000])), 1, draw(ROUNDINGS))


@st.composite
def counters(draw: st.DrawFn, name: str, unit_kind: int, measures: tuple[int, ...]) -> Counter:
    """A counter of any period."""
    period = draw(st.sampled_from([EVER, DAY, WEEK, MONTH]))
    return Counter(name, draw(st.sampled_from(measures)), unit_kind, period)


@st.composite
def caps(draw: st.DrawFn) -> list[Cap]:
    """Caps of a usage, a day and a month."""
    found = []
    for number, period in enumerate(draw(st.lists(st.sampled_from([USAGE, DAY, MONTH]), max_size=2))):
        counter = None if period == USAGE else Counter(f"cap-{number}", MICROS, 0, period)
        amount = draw(st.one_of(st.integers(0, 100), st.integers(0, 10**7)))
        found.append(Cap(f"talk/cap-{number}", amount, period, counter, name=f"cap-{number}"))
    return found


@st.composite
def discounts(draw: st.DrawFn, start_ms: int) -> list[Discount]:
    """Percentages and amounts off, of each nth usage, of first days, of bands."""
    found = []
    for number in range(draw(st.integers(0, 2))):
        counter = draw(st.one_of(st.none(), st.just(Counter(f"nth-{number}", USAGES))))
        calendar = draw(st.one_of(st.none(), calendars()))
        numerator, denominator = draw(st.sampled_from([(1, 1), (0, 1), (1, 2), (4, 5), (997, 1000)]))
        found.append(
            Discount(
                f"discount-{number}",
                numerator=numerator,
                denominator=denominator,
                amount_micros=draw(st.sampled_from([0, 0, 5, 50_000])),
                every_nth=draw(st.sampled_from([0, 0, 1, 2, 3])),
                counter=counter,
                first_ms=draw(st.sampled_from([0, 0, 61_000, 86_400_000])),
                calendar=calendar,
                bands=frozenset([0]),
            )
        )
    return found


@st.composite
def bundle_definitions(draw: st.DrawFn, name: str, kind: int) -> BundleDefinition:
    """A bundle of units, some of certain hours, or of money."""
    paid = draw(st.sampled_from([kind, MONEY]))
    priority = draw(st.integers(0, 1))
    calendar = None if paid == MONEY else draw(st.one_of(st.none(), calendars()))
    return BundleDefinition(name, paid, 0, None, 0, priority=priority, calendar=calendar, bands=frozenset([0]))


@st.composite
def tariffs(draw: st.DrawFn, start_ms: int) -> Tariff:
    """A tariff of seconds or octets with anything a tariff may have but a deck."""
    kind = draw(st.sampled_from([SECONDS, OCTETS]))
    calendar = draw(st.one_of(st.none(), calendars()))
    bands = 1 if calendar is None else len(calendar.bands)
    ends = sorted(draw(st.lists(st.integers(1, 250), max_size=2, unique=True)))
    tiers = [
        Tier(end, [draw(rates(kind)) for _ in range(draw(st.sampled_from([1, bands])))])
        for end in [*ends, LAST]
    ]
    counts = []
    counter = draw(st.one_of(st.none(), counters("tiers", kind, (UNITS, UNITS, USAGES, MICROS))))
    if counter is not None:
        counts.append(counter)
    counts += [
        draw(counters(f"counter-{number}", kind, (UNITS, MICROS, USAGES)))
        for number in range(draw(st.integers(0, 2)))
    ]
    bundles = [
        draw(bundle_definitions(f"talk/bundle-{number}", kind)) for number in range(draw(st.integers(0, 2)))
    ]
    return Tariff(
        kind,
        tiers,
        increment=draw(st.sampled_from([1, 1, 7, 60])),
        minimum=draw(st.sampled_from([0, 1, 30, 60])),
        rounding=draw(ROUNDINGS),
        connection_fee_micros=draw(st.sampled_from([0, 0, 3, 50_000])),
        calendar=calendar,
        tier_mode=draw(st.sampled_from([GRADUATED, VOLUME])),
        tier_counter=counter,
        counts=counts,
        caps=draw(caps()),
        discounts=draw(discounts(start_ms)),
        bundles=bundles,
        currency=draw(st.sampled_from(["", "EUR", "USD"])),
    )


@dataclass
class Case:
    """One usage of one tariff in one standing."""

    tariff: Tariff
    standing: Standing
    start_ms: int
    exchange: Fraction
    context: Context

    def usage(self, units: int, end_ms: int = 0) -> Usage:
        """The usage with so many units."""
        if self.tariff.unit_kind == SECONDS:
            return Usage("voice", self.start_ms, end_ms, seconds=units)
        return Usage("voice", self.start_ms, end_ms, octets=units)

    def online(self) -> Context:
        """The same context with a standing of its own, to be moved report by report."""
        return Context(self.context.catalogue, "talk", standing=self.standing.copy())

    def order_of_pots(self) -> list[int]:
        """Pots by priority of their bundle, then by their end, then as bundles and pots are listed."""
        place = {bundle.bundle_id: number for number, bundle in enumerate(self.tariff.bundles)}

        def key(index: int) -> tuple[int, int, int, int]:
            pot = self.standing.pots[index]
            number = place[pot.bundle_id]
            return (-self.tariff.bundles[number].priority, pot.expires_at_ms or LAST, number, index)

        return sorted(range(len(self.standing.pots)), key=key)


@st.composite
def standings(draw: st.DrawFn, tariff: Tariff, start_ms: int) -> Standing:
    """What a subscriber used and holds before."""
    pots = []
    for bundle in tariff.bundles:
        ends = st.sampled_from([0, start_ms - 1, start_ms + 45_000, start_ms + 200_000])
        for expires in draw(st.lists(ends, max_size=2, unique=True)):
            units = draw(st.sampled_from([0, 5, 100, 100_000]))
            pots.append(Pot(bundle.bundle_id, bundle.unit_kind, units, expires))
    names = ["tiers", "counter-0", "counter-1", "nth-0", "nth-1", "cap-0", "cap-1"]
    numbers = [0, 20_632, 20_541, 2026 * 12 + 5, 2026 * 12 + 6, 2024 * 12 + 1]
    counters_before = {
        name: {number: draw(st.sampled_from([0, 1, 2, 50, 240, 10**5])) for number in numbers}
        for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    }
    activated = draw(st.sampled_from([0, start_ms - 1000, start_ms - 86_400_000 + 30_000]))
    return Standing(activated, None, counters_before, pots, draw(st.integers(0, 5)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Anything at all."""
    start_ms = draw(STARTS) + draw(st.sampled_from([0, 1, 59_999]))
    tariff = draw(tariffs(start_ms))
    standing = draw(standings(tariff, start_ms))
    return case_of(tariff, standing, start_ms)


def case_of(tariff: Tariff, standing: Standing, start_ms: int) -> Case:
    """A plan with the tariff as its only rule."""
    rule = Rule(
        "talk/voice",
        CHARGE,
        Rate(tariff.unit_kind, 0, 1, 1, ROUND_UP),
        GRANT,
        tariff=tariff,
        place="talk.yaml:7",
    )
    selectors = build_selectors([Entry("voice", rule)]).selectors
    plan = Plan("talk", "Talk", "EUR", True, {}, {}, tariff.bundles, selectors=selectors)
    exchange = Fraction(921_234, 10**6) if tariff.currency == "USD" else Fraction(1)
    dollars = ExchangeRate("USD", "EUR", exchange.numerator, exchange.denominator)
    catalogue = Catalogue(
        "v", {"talk": plan}, {}, frozenset(), exchange=ExchangeRates([dollars]), zone=BERLIN_ZONE
    )
    return Case(tariff, standing, start_ms, exchange, Context(catalogue, "talk", standing=standing))
