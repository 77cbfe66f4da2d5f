"""A deck for each band prices as a price for each band does; that of the first band says how units count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from balance.quantity import SECONDS
from rating.calendar import Calendar
from rating.charge import NO_DECK_ROW
from rating.decks import DeckRow, RateDeck, deck_of
from rating.engine import advance, afford, apply, begin, collect, price, situation_of
from rating.meter_state import resume_meter, save_meter
from rating.rates import ROUND_UP, Rate
from rating.tariff import Tariff, Tier
from rating.usage import Funds, Standing, Usage
from tests.rating.tariffs import LAST, STARTS, Case, calendars, case_of, rates

NIGHT_AND_DAY = Calendar("k", ["night", "day"], [[(0, 0), (43_200, 1)]] * 8, frozenset(), False)
MIDNIGHT_MS = 1_795_561_200_000
"""2026-11-25 00:00 in Berlin."""


def called(case: Case, seconds: int) -> Usage:
    """A call to 49."""
    usage = case.usage(seconds)
    usage.attributes.called = b"49"
    return usage


def deck(name: str, row: DeckRow, prefix: bytes = b"4") -> RateDeck:
    """A deck of one row."""
    return deck_of(name, {prefix: [row]})


@given(st.data(), calendars(), STARTS, st.integers(0, 200_000), st.integers(0, 10**7))
def test_decks_of_bands_are_prices_of_bands(
    data: st.DataObject, calendar: Calendar, start_ms: int, seconds: int, micros: int
) -> None:
    """The same lines, sum and affordable units, whatever the bands."""
    prices = [data.draw(rates(SECONDS)) for _ in calendar.bands]
    decks = [deck(f"d{number}", DeckRow(b"x", rate, 6, 30, 7)) for number, rate in enumerate(prices)]
    written = Tariff(
        SECONDS,
        [Tier(LAST, prices)],
        increment=6,
        minimum=30,
        connection_fee_micros=7,
        calendar=calendar,
    )
    by_price = case_of(written, Standing(), start_ms)
    by_deck = case_of(
        Tariff(SECONDS, [], calendar=calendar, deck=decks[0], band_decks=decks), Standing(), start_ms
    )
    one, other = (price(called(case, seconds), case.context) for case in (by_price, by_deck))
    assert [(line.band, line.units, line.amount_micros) for line in one.lines] == [
        (line.band, line.units, line.amount_micros) for line in other.lines
    ]
    assert one.due_micros == other.due_micros
    funds = Funds(micros)
    affordable = [afford(funds, case.context, called(case, 0)) for case in (by_price, by_deck)]
    assert affordable[0] == affordable[1]


@given(st.lists(st.integers(0, 90), min_size=1, max_size=5))
def test_reports_over_a_switch_add_up(parts: list[int]) -> None:
    """A call that is put away between its reports costs what it does as a whole."""
    cheap, dear = Rate(SECONDS, 61, 60, 1, ROUND_UP), Rate(SECONDS, 607, 60, 1, ROUND_UP)
    decks = [deck("night", DeckRow(b"x", cheap, 7, 30, 5)), deck("day", DeckRow(b"x", dear))]
    tariff = Tariff(SECONDS, [], calendar=NIGHT_AND_DAY, deck=decks[0], band_decks=decks)
    case = case_of(tariff, Standing(), MIDNIGHT_MS + 43_200_000 - 100_000)
    online = case.online()
    meter = begin(called(case, 0), online)
    assert meter is not None
    due = 0
    for part in parts:
        advance(meter, online.standing, part, case.start_ms, case.start_ms)
        charge = collect(meter)
        due += charge.due_micros
        apply(charge, online.standing)
        situation = situation_of(called(case, 0), online)
        state = save_meter(meter, "v")
        meter = resume_meter(
            state, meter.plan, meter.rule_number, tariff.terms, situation, online.catalogue, online.standing
        )
    assert due == price(called(case, sum(parts)), case.context).due_micros


def test_the_deck_of_the_band_at_the_beginning_says_how_units_count() -> None:
    """At night by begun minutes with a fee, by day by the second, each until the call ends."""
    cheap, dear = Rate(SECONDS, 60, 60, 1, ROUND_UP), Rate(SECONDS, 600, 60, 1, ROUND_UP)
    decks = [deck("night", DeckRow(b"x", cheap, 60, 60, 5)), deck("day", DeckRow(b"x", dear))]
    tariff = Tariff(SECONDS, [], calendar=NIGHT_AND_DAY, deck=decks[0], band_decks=decks)
    costs = []
    for start_ms in (MIDNIGHT_MS, MIDNIGHT_MS + 43_200_000 - 10_000, MIDNIGHT_MS + 43_200_000):
        case = case_of(tariff, Standing(), start_ms)
        costs.append(price(called(case, 61), case.context).due_micros)
    assert costs == [5 + 120, 5 + 10 + 1100, 610]


def test_a_band_without_a_row_for_the_number_refuses_the_call() -> None:
    """It is not known how long a call lasts when it begins."""
    row = DeckRow(b"x", Rate(SECONDS, 1, 1, 1, ROUND_UP))
    decks = [deck("night", row), deck("day", row, b"33")]
    tariff = Tariff(SECONDS, [], calendar=NIGHT_AND_DAY, deck=decks[0], band_decks=decks)
    case = case_of(tariff, Standing(), MIDNIGHT_MS)
    charge = price(called(case, 1), case.context)
    assert (charge.refusal, charge.refusal_about) == (NO_DECK_ROW, "day")
