"""Opening a meter: everything that is decided once, where a usage begins."""

from __future__ import annotations

from mypy_extensions import i64

from rating.bundles import MONEY, BundleDefinition
from rating.calendar import band_at
from rating.catalogue import Catalogue, Plan
from rating.charge import NO_DECK_ROW, NO_EXCHANGE_RATE, Step
from rating.decks import DeckRow, RateDeck
from rating.explain import explain_deck, explain_discount, explain_exchange, explain_rule
from rating.meter import Meter, MeteredCap, MeteredCounter, MeteredPot
from rating.moment import holds, zone_of
from rating.periods import EVER, USAGE, period_number
from rating.rates import Rate
from rating.situation import Situation
from rating.tariff import MICROS, UNITS, VOLUME, Counter, Discount, TariffTerms
from rating.usage import Pot, Standing
from rating.walk import tier_index


def open_meter(
    plan: Plan,
    rule_number: i64,
    tariff: TariffTerms,
    situation: Situation,
    catalogue: Catalogue,
    standing: Standing,
    started_ms: i64,
    trace: bool,
) -> Meter:
    """A meter that has counted nothing, by a rule of a plan, whose tariff is given.

    Its ``refusal`` says why where the rule has no price for the usage.
    """
    zone = plan.zone
    zone = catalogue.zone if zone is None else zone
    meter = Meter(plan, rule_number, tariff, situation, standing, zone, started_ms)
    if trace:
        steps: list[Step] = []
        meter.trace = steps
        explain_rule(meter)
    if tariff.deck is not None:
        _take_rows(meter, tariff.deck)
    if tariff.currency and tariff.currency != plan.currency:
        _take_exchange_rate(meter, catalogue, plan.currency)
    if tariff.counts:
        for counter in tariff.counts:
            _add_counter(meter, counter)
    if tariff.discounts:
        for discount in tariff.discounts:
            _take_discount(meter, discount)
    if tariff.caps:
        meter.caps = [_cap_of(meter, cap.counter, MeteredCap(cap)) for cap in tariff.caps]
        meter.plain = False
    if standing.pots:
        find_pots(meter)
    if len(tariff.ends) > 1 and tariff.deck is None:
        _find_tier(meter)
    return meter


def _take_rows(meter: Meter, deck: RateDeck) -> None:
    """The row of the deck; where bands have their own, of each, and that of the current band says the rest."""
    decks = meter.tariff.band_decks
    calendar = meter.tariff.calendar
    if not decks or calendar is None:
        row = _row_of(meter, deck)
        if row is not None:
            _take_row(meter, row)
            explain_deck(meter, deck, row, "")
        return
    current, _ = band_at(calendar, zone_of(meter, calendar), meter.started_ms)
    rows: list[DeckRow] = []
    rates: list[Rate] = []
    for band in range(len(decks)):
        row = _row_of(meter, decks[band])
        if row is None:
            return
        rows.append(row)
        rates.append(row.rate)
        explain_deck(meter, decks[band], row, calendar.bands[band])
    meter.band_rates = rates
    _take_row(meter, rows[current])


def _row_of(meter: Meter, deck: RateDeck) -> DeckRow | None:
    """The row of the called number; a refusal where there is none."""
    called = meter.situation.attributes.called
    row: DeckRow | None
    if meter.trace is None:
        row = deck.price_for(called, meter.started_ms)
    else:
        row = deck.row_for(called, meter.started_ms)
    if row is None:
        meter.refusal = NO_DECK_ROW
        meter.refusal_about = deck.deck_id
    return row


def _take_row(meter: Meter, row: DeckRow) -> None:
    meter.deck_row = row
    meter.deck_rate = row.rate
    meter.increment = row.increment
    meter.minimum = row.minimum
    if row.connection_fee_micros > 0:
        meter.fee_micros = row.connection_fee_micros


def _take_exchange_rate(meter: Meter, catalogue: Catalogue, currency: str) -> None:
    source = meter.tariff.currency
    rate = catalogue.exchange.rate_at(source, currency, meter.started_ms)
    if rate is None:
        meter.refusal = NO_EXCHANGE_RATE
        meter.refusal_about = f"{source} to {currency}"
        return
    meter.exchange_numerator = rate.numerator
    meter.exchange_denominator = rate.denominator
    if meter.trace is not None:
        explain_exchange(meter, rate)


def _add_counter(meter: Meter, counter: Counter) -> MeteredCounter:
    """The meter's own form of a counter, one for each id, in its period at the usage's beginning."""
    counters = meter.counters
    if counters is None:
        counters = []
        meter.counters = counters
    for known in counters:
        if known.counter.counter_id == counter.counter_id:
            return known
    found = MeteredCounter(counter)
    found.number = period_number(counter.period, meter.zone, meter.started_ms)
    counters.append(found)
    if counter.period != EVER:
        meter.periodic = True
    if counter.measure == MICROS:
        meter.plain = False
    return found


def _cap_of(meter: Meter, counter: Counter | None, cap: MeteredCap) -> MeteredCap:
    """Give a cap its counter: one that the tariff feeds anyway, or its own."""
    if cap.cap.period == USAGE or counter is None:
        return cap
    meter.periodic = True
    if meter.counters is not None:
        for known in meter.counters:
            if known.counter.counter_id == counter.counter_id:
                cap.counter = known
                return cap
    cap.counter = MeteredCounter(counter)
    cap.feeds = True
    return cap


def _take_discount(meter: Meter, discount: Discount) -> None:
    """Let a discount take part whose conditions hold, and whose turn it is among each nth."""
    if not meter.situation.meets(discount.conditions):
        return
    number: i64 = meter.standing.usages + 1
    if discount.every_nth > 0:
        if discount.counter is not None:
            number = _add_counter(meter, discount.counter).value(meter.standing) + 1
        if number % discount.every_nth != 0:
            return
    if discount.amount_micros > 0:
        if not holds(meter, discount, meter.started_ms):
            return
        off = meter.amounts_off
        if off is None:
            off = []
            meter.amounts_off = off
        off.append(discount)
        meter.off_micros += discount.amount_micros
        meter.plain = False
    else:
        percentages = meter.percentages
        if percentages is None:
            percentages = []
            meter.percentages = percentages
        percentages.append(discount)
    if meter.trace is not None:
        explain_discount(meter, discount, number)


def take_standing(meter: Meter, standing: Standing) -> None:
    """Go on with another state of the same subscriber's standing: its pots, and what may go back to them."""
    meter.standing = standing
    credits_before = meter.credits
    meter.pots = None
    meter.credits = None
    if standing.pots:
        find_pots(meter)
    if credits_before is not None:
        _keep_refundable(credits_before, meter)


def _keep_refundable(credits_before: list[MeteredPot], meter: Meter) -> None:
    """Carry over what may go back; in a function of its own, because the one that sets None is held to it."""
    fresh_credits = meter.credits
    if fresh_credits is None:
        return
    for old in credits_before:
        for fresh in fresh_credits:
            same: bool = fresh.pot.bundle_id == old.pot.bundle_id
            if same and fresh.pot.expires_at_ms == old.pot.expires_at_ms:
                fresh.refundable = old.refundable
                break


def find_pots(meter: Meter) -> None:
    """The pots that may pay for this usage, in the order of their use: priority, then the sooner end."""
    tariff = meter.rule.tariff
    if tariff is None:
        return
    for bundle in tariff.bundles:
        found = False
        for pot in meter.standing.pots:
            if pot.bundle_id == bundle.bundle_id and pot.unit_kind == bundle.unit_kind:
                if not found and not pays_for(bundle, meter):
                    break
                found = True
                _insert_pot(meter, pot, bundle)


def pays_for(bundle: BundleDefinition, meter: Meter) -> bool:
    """Whether a bundle's kind, rating groups and conditions are those of the usage."""
    if bundle.unit_kind not in (MONEY, meter.tariff.unit_kind):
        return False
    groups = bundle.rating_groups
    if groups is not None and meter.situation.rating_group() not in groups:
        return False
    return meter.situation.meets(bundle.conditions)


def _insert_pot(meter: Meter, pot: Pot, bundle: BundleDefinition) -> None:
    pots = meter.credits if bundle.unit_kind == MONEY else meter.pots
    if pots is None:
        pots = []
        if bundle.unit_kind == MONEY:
            meter.credits = pots
            meter.plain = False
        else:
            meter.pots = pots
    metered = MeteredPot(pot, bundle.priority, bundle.place)
    metered.calendar = bundle.calendar
    metered.bands = bundle.bands
    at = len(pots)
    while at > 0 and comes_before(metered, pots[at - 1]):
        at -= 1
    pots.insert(at, metered)


def comes_before(one: MeteredPot, other: MeteredPot) -> bool:
    """Whether a pot is used before one that was found earlier."""
    if one.priority != other.priority:
        return one.priority > other.priority
    if one.pot.expires_at_ms == 0:
        return False
    return other.pot.expires_at_ms == 0 or one.pot.expires_at_ms < other.pot.expires_at_ms


def _find_tier(meter: Meter) -> None:
    """Where on the axis of tiers the usage begins, and whether its units move it on.

    Tiers of a counter of units move with the usage; those of money, of usages or of units of another kind are
    chosen by what the counter has reached where the usage begins.
    """
    tariff = meter.tariff
    wanted = tariff.tier_counter
    if wanted is None:
        meter.tier_moves = True
        return
    counter = _add_counter(meter, wanted)
    base: i64 = counter.value(meter.standing)
    if wanted.measure == UNITS and wanted.unit_kind in (0, tariff.unit_kind):
        meter.tier_moves = True
        if tariff.tier_mode == VOLUME:
            meter.tier_base = base
        else:
            meter.tier_counter = counter
    else:
        meter.tier = tier_index(tariff.ends, 0, base)
