"""A rule in words: what it asks for, what it costs, and on which terms."""

from __future__ import annotations

from typing import Final

from config.quantity_text import Price, Quantity, format_price, format_quantity
from config.tariff_text import format_money
from rating.attributes import ATTRIBUTE_NAMES
from rating.catalogue import CHARGE, DENIED, Rule
from rating.periods import PERIOD_NAMES, USAGE
from rating.pricing import MOST_UNITS
from rating.rates import Rate
from rating.tariff import MICROS, UNITS, VOLUME, Tariff

_ROUNDING: Final = ("up", "half up", "down")
_OCTETS_OF: Final = ("", "input octets only", "output octets only")


def condition_words(rule: Rule) -> list[str]:
    """What a rule asks for: ``destination germany``, ``direction outgoing``."""
    found = []
    for condition in rule.conditions:
        name = ATTRIBUTE_NAMES[condition.attribute].replace("_", " ")
        values = [value.decode() or "none" for value in sorted(condition.values)]
        found.append(f"{name} {' or '.join(values)}")
    if rule.priority:
        found.append(f"priority {rule.priority}")
    return found or ["all else"]


def price_words(rule: Rule, currency: str) -> str:
    """What a rule costs: a price, prices by band or tier, a deck, or that it is not charged."""
    if rule.action != CHARGE:
        return "denied (4010)" if rule.action == DENIED else "not controlled (4011)"
    tariff = rule.tariff
    if tariff is None:
        rate = rule.rate
        text = _rate_words(rate, currency)
        if rate.price_micros == 0:
            return text
        step = format_quantity(Quantity(rate.unit_kind, rate.increment))
        return f"{text}, by {step}, rounded {_ROUNDING[rate.rounding]}"
    currency = tariff.currency or currency
    if tariff.band_decks and tariff.calendar is not None:
        named = zip(tariff.calendar.bands, tariff.band_decks, strict=True)
        return ", ".join(f"{band} as in deck {deck.deck_id}" for band, deck in named)
    if tariff.deck is not None:
        return f"as in deck {tariff.deck.deck_id}"
    tiers = []
    begin = 0
    for tier in tariff.tiers:
        words = _band_words(tariff, tier.rates, currency)
        if len(tariff.tiers) > 1:
            words = f"{_stretch(tariff, begin, tier.up_to, currency)} {words}"
        tiers.append(words)
        begin = tier.up_to
    return "; ".join(tiers)


def terms_words(rule: Rule, currency: str) -> str:
    """How a rule's usage counts, its connection fee, caps, tiers and discounts."""
    if rule.action != CHARGE:
        return ""
    tax = [f"tax {rule.tax}"] if rule.tax else []
    return ", ".join([*(_tariff_terms(rule.tariff, currency) if rule.tariff is not None else []), *tax])


def _tariff_terms(tariff: Tariff, currency: str) -> list[str]:
    parts = []
    if tariff.deck is None:
        step = format_quantity(Quantity(tariff.unit_kind, tariff.increment))
        least = (
            f"at least {format_quantity(Quantity(tariff.unit_kind, tariff.minimum))}, then "
            if tariff.minimum
            else ""
        )
        parts.append(f"{least}by {step}, rounded {_ROUNDING[tariff.rounding]}")
    if tariff.octets_of:
        parts.append(_OCTETS_OF[tariff.octets_of])
    if tariff.connection_fee_micros:
        parts.append(f"{format_money(tariff.connection_fee_micros, tariff.currency or currency)} to connect")
    for cap in tariff.caps:
        per = "usage" if cap.period == USAGE else PERIOD_NAMES[cap.period]
        parts.append(f"at most {format_money(cap.amount_micros, currency)} per {per}")
    if tariff.tier_counter is not None:
        parts.append(f"tiers of {tariff.tier_counter.counter_id.partition('/')[2]}")
    if tariff.tier_mode == VOLUME and len(tariff.tiers) > 1:
        parts.append("all at the price of the tier reached")
    return parts


def _rate_words(rate: Rate, currency: str) -> str:
    return format_price(Price(rate.price_micros, currency, Quantity(rate.unit_kind, rate.per_units)))


def _band_words(tariff: Tariff, rates: list[Rate], currency: str) -> str:
    prices = ["free" if rate.price_micros == 0 else _rate_words(rate, currency) for rate in rates]
    if tariff.calendar is None or len(set(prices)) == 1:
        return prices[0]
    named = zip(tariff.calendar.bands, prices, strict=True)
    return ", ".join(f"{band} {price}" for band, price in named)


def _stretch(tariff: Tariff, begin: int, end: int, currency: str) -> str:
    """Which units or amounts a tier takes in."""
    if end >= MOST_UNITS:
        return "then"
    counter = tariff.tier_counter
    if counter is not None and counter.measure == MICROS:
        return f"up to {format_money(end, currency)}"
    if counter is not None and counter.measure != UNITS:
        return f"up to {end} usages"
    return f"up to {format_quantity(Quantity(tariff.unit_kind, end))}" if begin < end else ""
