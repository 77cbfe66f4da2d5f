"""Prices that a person works out on paper; usages over an interval; what can not be rated; what is bounded."""

from __future__ import annotations

import time

import pytest

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS
from rating.attributes import DESTINATION
from rating.bundles import MONEY, BundleDefinition
from rating.calendar import Calendar
from rating.catalogue import Catalogue, Plan
from rating.charge import (
    DENIED_BY_RULE,
    NO_DECK_ROW,
    NO_EXCHANGE_RATE,
    NO_PLAN,
    NO_RULE,
    NOT_MEASURED,
    TOO_MANY_SWITCHES,
    TOO_MUCH,
    Charge,
)
from rating.conditions import Attributes, Condition
from rating.decks import DeckRow, add_row, deck_of
from rating.engine import afford, price
from rating.offers import COUNTER_REACHED, Bonus
from rating.periods import DAY, MONTH, USAGE
from rating.prefixes import zones_of
from rating.pricing import MOST_UNITS
from rating.rates import ROUND_HALF_UP, Rate
from rating.rule import CHARGE, DENIED, NOT_CONTROLLED, Rule
from rating.selection import Entry, build_selectors
from rating.tariff import (
    AT_END,
    AT_START,
    MICROS,
    SPLIT_EVENLY,
    UNITS,
    USAGES,
    VOLUME,
    Cap,
    Counter,
    Discount,
    Tariff,
    Tier,
)
from rating.usage import Context, Funds, Pot, Standing, Usage
from tests.rating.tariffs import BERLIN_ZONE, GRANT, LAST, instant

TUESDAY_1958 = instant(2026, 11, 24, 18, 58)
EVENING = Calendar("standard", ["peak", "off"], [[(0, 1), (28_800, 0), (72_000, 1)]] * 8, frozenset(), False)
MINUTES = Counter("minutes", UNITS, SECONDS, MONTH)
SPEND = Counter("spend", MICROS, 0, DAY)


def per_minute(cents: int) -> Rate:
    """Cents for 60 seconds."""
    return Rate(SECONDS, cents * 10_000, 60, 1, ROUND_HALF_UP)


def flat(cents: int = 9, **fields: object) -> Tariff:
    """One price for all seconds."""
    return Tariff(SECONDS, [Tier(LAST, [per_minute(cents)])], **fields)  # type: ignore[arg-type]


def tiered(**fields: object) -> Tariff:
    """One hundred minutes at 10 cents, then 5."""
    tiers = [Tier(6000, [per_minute(10)]), Tier(LAST, [per_minute(5)])]
    return Tariff(SECONDS, tiers, tier_counter=MINUTES, counts=[MINUTES], **fields)  # type: ignore[arg-type]


def context_of(tariff: Tariff | None, standing: Standing | None = None, **more: object) -> Context:
    """A plan with one rule."""
    action = more.pop("action", CHARGE)
    rule = Rule("talk/voice", action, per_minute(9), GRANT, tariff=tariff, place="talk.yaml:7")  # type: ignore[arg-type]
    bundles = [] if tariff is None else tariff.bundles
    selectors = build_selectors([Entry("voice", rule)]).selectors
    plan = Plan("talk", "Talk", "EUR", True, {}, {}, bundles, selectors=selectors, **more)  # type: ignore[arg-type]
    catalogue = Catalogue("v", {"talk": plan}, {}, frozenset(), zone=BERLIN_ZONE)
    return Context(catalogue, "talk", standing=standing, trace=True)


def call(seconds: int, at_ms: int = TUESDAY_1958, called: bytes = b"") -> Usage:
    """A call."""
    return Usage("voice", at_ms, seconds=seconds, attributes=Attributes(called=called))


def cents_of(charge: Charge) -> float:
    """The amount in hundredths."""
    assert charge.refusal == ""
    return charge.amount_micros / 10_000


EARLIER = Standing(counters={"minutes": {2026 * 12 + 10: 5940}, "spend": {20_781: 950_000}}, usages=9)
TENTH = Discount("tenth", numerator=0, every_nth=10)


@pytest.mark.parametrize(
    ("tariff", "seconds", "cents"),
    [
        (flat(increment=60), 61, 18),
        (flat(increment=1, minimum=60), 1, 9),
        (flat(increment=1, minimum=60), 80, 12),
        (flat(increment=30, minimum=60), 61, 13.5),
        (flat(connection_fee_micros=50_000), 0, 0),
        (flat(connection_fee_micros=50_000), 60, 14),
        (tiered(), 300, 60 / 60 * 10 + 240 / 60 * 5),
        (tiered(tier_mode=VOLUME), 60, 10),
        (tiered(tier_mode=VOLUME), 61, 61 / 60 * 5 + 1 / 30_000),
        (flat(caps=[Cap("call", 200_000, USAGE)]), 6000, 20),
        (flat(caps=[Cap("day", 1_000_000, DAY, SPEND)]), 6000, 5),
        (flat(discounts=[TENTH]), 6000, 0),
        (flat(discounts=[Discount("half", numerator=1, denominator=2)], connection_fee_micros=10_000), 60, 5),
        (flat(discounts=[Discount("five", amount_micros=50_000)]), 60, 4),
        (flat(discounts=[Discount("five", amount_micros=50_000)]), 20, 0),
        (flat(discounts=[Discount("new", numerator=0, first_ms=60_000)]), 120, 18),
        (flat(counts=[Counter("calls", USAGES)]), 60, 9),
    ],
)
def test_a_call_costs(tariff: Tariff, seconds: int, cents: float) -> None:
    """Increments, minimum, fee, tiers of a counter at 99 minutes, caps, discounts."""
    assert cents_of(price(call(seconds), context_of(tariff, EARLIER))) == pytest.approx(cents, abs=1e-4)


def test_a_call_over_the_end_of_peak_costs_both() -> None:
    """A 5-minute call on Tuesday 19:58: two minutes at 10 cents and three at 5, in a line each; and why."""
    tariff = Tariff(SECONDS, [Tier(LAST, [per_minute(10), per_minute(5)])], calendar=EVENING)
    charge = price(call(300), context_of(tariff))
    assert cents_of(charge) == 35
    assert [(line.band, line.units, line.amount_micros) for line in charge.lines] == [
        ("peak", 120, 200_000),
        ("off", 180, 150_000),
    ]
    steps = [(step.what, step.name, step.place) for step in charge.trace]
    assert steps == [
        ("rule", "talk/voice", "talk.yaml:7"),
        ("counted", "", "talk.yaml:7"),
        ("units", "peak", "talk.yaml:7"),
        ("units", "off", "talk.yaml:7"),
    ]


@pytest.mark.parametrize(
    ("policy", "peak", "off"),
    [(SPLIT_EVENLY, 250, 750), (AT_START, 1000, 0), (AT_END, 0, 1000)],
)
def test_octets_over_a_switch_lie_where_the_policy_says(policy: int, peak: int, off: int) -> None:
    """1000 octets reported over the eight minutes around 20:00; the trace says what was done."""
    rates = [Rate(OCTETS, 2, 1, 1, ROUND_HALF_UP), Rate(OCTETS, 1, 1, 1, ROUND_HALF_UP)]
    tariff = Tariff(OCTETS, [Tier(LAST, rates)], calendar=EVENING, switch_policy=policy)
    usage = Usage("voice", TUESDAY_1958, TUESDAY_1958 + 480_000, octets=1000)
    charge = price(usage, context_of(tariff))
    units = {line.band: line.units for line in charge.lines}
    assert (units.get("peak", 0), units.get("off", 0)) == (peak, off)
    named = {SPLIT_EVENLY: "split evenly", AT_START: "at start", AT_END: "at end"}[policy]
    assert [step.name for step in charge.trace if step.what == "switch policy"] == [named]


def test_bundles_pay_first_then_credit_then_the_balance() -> None:
    """The bundle of higher priority, then the sooner end; free units use none."""
    bundles = [
        BundleDefinition("talk/a", SECONDS, 0, None, 0),
        BundleDefinition("talk/b", SECONDS, 0, None, 0, priority=1),
        BundleDefinition("talk/credit", MONEY, 0, None, 0),
        BundleDefinition(
            "talk/none", SECONDS, 0, None, 0, conditions=[Condition(DESTINATION, frozenset([b"x"]))]
        ),
    ]
    later, sooner = TUESDAY_1958 + 10**7, TUESDAY_1958 + 10**6
    pots = [
        Pot("talk/none", SECONDS, 999),
        Pot("talk/a", SECONDS, 30, later),
        Pot("talk/a", SECONDS, 20, sooner),
        Pot("talk/b", SECONDS, 10),
        Pot("talk/credit", MONEY, 40_000),
    ]
    charge = price(call(120), context_of(flat(6, bundles=bundles), Standing(pots=pots)))
    assert [(use.bundle_id, use.units) for use in charge.pot_uses] == [
        ("talk/b", 10),
        ("talk/a", 20),
        ("talk/a", 30),
        ("talk/credit", 40_000),
    ]
    assert (charge.amount_micros, charge.due_micros) == (60_000, 20_000)
    free = price(call(120), context_of(flat(0, bundles=bundles), Standing(pots=pots)))
    assert (free.pot_uses, free.amount_micros) == ([], 0)


def test_the_longest_prefix_that_is_valid_has_the_price() -> None:
    """Dated rows of a deck; the line in its file stands in the trace."""
    rows: dict[bytes, list[DeckRow]] = {}
    add_row(rows, b"49", DeckRow(b"Germany", per_minute(1), line=2))
    old = DeckRow(b"Mobile", per_minute(20), 1, 60, 10_000, valid_until_ms=TUESDAY_1958, line=3)
    assert add_row(rows, b"4915", old) is None
    assert (
        add_row(rows, b"4915", DeckRow(b"Mobile", per_minute(30), valid_from_ms=TUESDAY_1958 - 1, line=4))
        is old
    )
    assert (
        add_row(rows, b"4915", DeckRow(b"Mobile", per_minute(30), valid_from_ms=TUESDAY_1958 + 9, line=5))
        is None
    )
    context = context_of(Tariff(SECONDS, [], deck=deck_of("world", rows, "world.csv")))
    charge = Charge()
    asked = [(-1, b"49151", 21), (0, b"49151", 1), (9, b"49151", 30), (0, b"4930", 1)]
    for later, number, cents in asked:
        charge = price(call(60, TUESDAY_1958 + later, number), context)
        assert cents_of(charge) == cents
    assert [step.place for step in charge.trace if step.what == "deck"] == ["world.csv:2"]
    assert price(call(60, called=b"33"), context).refusal == NO_DECK_ROW


def test_what_can_not_be_rated_is_refused() -> None:
    """With a word and what it is about, and nothing is charged."""
    plain = context_of(flat())
    nowhere = Context(plain.catalogue, "other")
    cases = [
        (call(1), nowhere, NO_PLAN, "other"),
        (Usage("sms", 0, units=1), plain, NO_RULE, "talk/sms"),
        (Usage("voice", 0, units=1), plain, NOT_MEASURED, "talk/voice"),
        (call(1 << 57), plain, TOO_MUCH, "talk/voice"),
        (call(1 << 56), plain, TOO_MUCH, "talk/voice"),
        (call(1), context_of(flat(currency="USD")), NO_EXCHANGE_RATE, "USD to EUR"),
        (call(1), context_of(None, action=DENIED), DENIED_BY_RULE, "talk/voice"),
    ]
    for usage, context, refusal, about in cases:
        charge = price(usage, context)
        assert (charge.refusal, charge.refusal_about, charge.lines) == (refusal, about, [])
        assert charge.amount_micros == 0
    uncontrolled = context_of(None, action=NOT_CONTROLLED)
    assert price(call(1), uncontrolled).refusal == ""
    assert afford(Funds(0), uncontrolled, call(0)) == MOST_UNITS


def test_a_bonus_is_told_when_its_counter_gets_there() -> None:
    """Once, with the usage that brings it there."""
    bonuses = [Bonus("loyalty", COUNTER_REACHED, SPEND, 1_000_000)]
    for spent, found in ((0, 0), (500_499, 0), (500_500, 1), (999_999, 1), (1_000_000, 0)):
        standing = Standing(counters={"spend": {20_781: spent}})
        charge = price(call(333), context_of(flat(counts=[SPEND]), standing, bonuses=bonuses))
        assert len(charge.bonuses) == found
        assert [(each.counter_id, each.period_number) for each in charge.counter_changes] == [("spend", 20_781)]


def test_zones_by_the_longest_prefix_choose_rules() -> None:
    """A zone and everything else."""
    home = Rule(
        "talk/home", CHARGE, per_minute(1), GRANT, conditions=[Condition(DESTINATION, frozenset([b"home"]))]
    )
    other = Rule("talk/other", CHARGE, per_minute(2), GRANT)
    selectors = build_selectors([Entry("voice", home), Entry("voice", other)]).selectors
    plan = Plan("talk", "Talk", "EUR", True, {}, {}, [], selectors=selectors)
    zones = zones_of({b"49": b"home", b"4990": b"premium"})
    context = Context(Catalogue("v", {}, {}, frozenset(), destinations=zones), plan=plan)
    assert [cents_of(price(call(60, called=number), context)) for number in (b"4930", b"49900", b"33")] == [
        1,
        2,
        2,
    ]


def test_huge_usages_are_answered_at_once() -> None:
    """Octets without end, a call of many years, and one that meets too many switches of price."""
    octets = Tariff(OCTETS, [Tier(LAST, [Rate(OCTETS, 1, 1000, 1, ROUND_HALF_UP)])], increment=1000)
    banded = Tariff(SECONDS, [Tier(LAST, [per_minute(0), per_minute(0)])], calendar=EVENING)
    daily = flat(0, counts=[Counter("day", UNITS, SECONDS, DAY)])
    begun = time.process_time()
    assert price(Usage("voice", 0, octets=1 << 50), context_of(octets)).amount_micros == -(-(1 << 50) // 1000)
    for tariff in (banded, daily):
        context = context_of(tariff)
        context.trace = False
        assert price(call(1 << 50), context).refusal == TOO_MANY_SWITCHES
        most = afford(Funds(0), context, call(0))
        assert price(call(most), context).refusal == ""
        assert price(call(most + 1), context).refusal == TOO_MANY_SWITCHES
    assert price(Usage("voice", 0, 10**15, units=5), context_of(_messages())).amount_micros == 5
    assert time.process_time() - begun < 10


def _messages() -> Tariff:
    return Tariff(SPECIFIC_UNITS, [Tier(LAST, [Rate(SPECIFIC_UNITS, 1, 1, 1, ROUND_HALF_UP)])])


@pytest.mark.parametrize(
    "fields",
    [
        {"increment": 0},
        {"increment": 1 << 60},
        {"minimum": -1},
        {"tiers": []},
        {"calendar": EVENING, "tiers": [Tier(LAST, [per_minute(1)] * 3)]},
        {"discounts": [TENTH] * 61},
    ],
)
def test_a_tariff_that_can_not_be_computed_with_is_refused(fields: dict[str, object]) -> None:
    """Where it is made, not where it prices."""
    tiers = fields.pop("tiers", [Tier(LAST, [per_minute(1)])])
    with pytest.raises(ValueError, match=r"tier|increment|minimum|discount"):
        Tariff(SECONDS, tiers, **fields)  # type: ignore[arg-type]
