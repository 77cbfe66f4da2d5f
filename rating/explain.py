"""The reasoning behind a charge, step by step, as data; who shows it makes words of it."""

from __future__ import annotations

from mypy_extensions import i64

from rating.charge import Line, Step
from rating.decks import DeckRow, RateDeck
from rating.exchange import ExchangeRate
from rating.meter import Meter, MeteredPot
from rating.rates import Rate
from rating.rule import Rule
from rating.situation import Situation
from rating.tariff import Discount

SWITCH_POLICIES = ("split evenly", "at start", "at end")


def _add(meter: Meter, what: str, name: str, place: str, numbers: list[tuple[str, int]]) -> None:
    trace = meter.trace
    if trace is not None:
        trace.append(Step(what, name, place, numbers))


def explain_rule(meter: Meter) -> None:
    """Which rule was chosen, by which zones."""
    trace = meter.trace
    if trace is not None:
        trace += steps_of_rule(meter.rule, meter.situation)


def steps_of_rule(rule: Rule | None, situation: Situation) -> list[Step]:
    """A rule, if one was found, and the zones that it was looked for by."""
    found: list[Step] = []
    if rule is not None:
        found.append(Step("rule", rule.rule_id, rule.place, [("priority", rule.priority)]))
    zones = (
        ("destination", situation.destination()),
        ("network", situation.network()),
        ("location", situation.location()),
    )
    for what, zone in zones:
        if zone:
            no_numbers: list[tuple[str, int]] = []
            found.append(Step(what, zone.decode(errors="replace"), "", no_numbers))
    return found


def explain_deck(meter: Meter, deck: RateDeck, row: DeckRow, band: str) -> None:
    """Which row of a deck has the price: for the whole usage ("") or for a band."""
    if meter.trace is not None:
        name = f"{deck.deck_id}: {row.destination.decode(errors='replace')}"
        numbers = [("price_micros", row.rate.price_micros), ("per_units", row.rate.per_units)]
        _add(meter, "deck", f"{band} {name}" if band else name, deck.place_of(row), numbers)


def explain_exchange(meter: Meter, rate: ExchangeRate) -> None:
    """At what rate prices are converted."""
    numbers = [("numerator", rate.numerator), ("denominator", rate.denominator)]
    _add(meter, "exchange", f"{rate.source} to {rate.target}", rate.place, numbers)


def explain_discount(meter: Meter, discount: Discount, usage_number: i64) -> None:
    """A discount that may apply to this usage."""
    numbers = [("numerator", discount.numerator), ("denominator", discount.denominator)]
    if discount.amount_micros:
        numbers = [("off_micros", discount.amount_micros)]
    if discount.every_nth:
        numbers += [("every_nth", discount.every_nth), ("usage_number", usage_number)]
    _add(meter, "discount", discount.name, discount.place, numbers)


def explain_counting(meter: Meter, reported: i64, counted: i64) -> None:
    """How reported units became counted ones."""
    numbers = [("reported", reported), ("counted", counted)]
    numbers += [("minimum", meter.minimum), ("increment", meter.increment)]
    _add(meter, "counted", "", meter.rule.place, numbers)


def explain_policy(meter: Meter, from_ms: i64, to_ms: i64) -> None:
    """Where units are taken to lie that were reported over an interval."""
    name = SWITCH_POLICIES[meter.tariff.switch_policy]
    _add(meter, "switch policy", name, meter.rule.place, [("from_ms", from_ms), ("to_ms", to_ms)])


def explain_connection(meter: Meter, line: Line) -> None:
    """The connection fee."""
    _add(meter, "connection", line.discounts, meter.rule.place, [("amount_micros", line.amount_micros)])


def explain_volume_tier(meter: Meter) -> None:
    """All units so far at the price of another tier."""
    numbers = [("tier", meter.tier), ("from_unit", meter.counted), ("amount_micros", meter.amount_in)]
    _add(meter, "volume tier", "", meter.rule.place, numbers)


def explain_pot(meter: Meter, pot: MeteredPot, position: i64, units: int) -> None:
    """Units that a bundle pays."""
    numbers = [("from_unit", position), ("units", units), ("left", pot.left(meter.moment_ms))]
    _add(meter, "bundle", pot.pot.bundle_id, pot.place, numbers)


def explain_units(meter: Meter, line: Line, rate: Rate, position: i64, units: i64) -> None:
    """Units that cost money, in one band, tier and set of discounts; ``rate`` is the price as it is written."""
    numbers = [
        ("from_unit", position),
        ("units", units),
        ("at_ms", meter.time_of(position)),
        ("tier", line.tier),
        ("price_micros", line.price_micros),
        ("per_units", line.per_units),
        ("written_micros", rate.price_micros),
        ("written_units", rate.per_units),
        ("line_units", line.units),
        ("line_micros", line.amount_micros),
    ]
    _add(meter, "units", line.band, meter.rule.place, numbers)


def explain_taken_off(meter: Meter, what: str, name: str, place: str, micros: int) -> None:
    """What a cap, an amount off or a credit took from the sum."""
    _add(meter, what, name, place, [("amount_micros", micros)])
