"""What many plans of a catalogue have in common is kept once: it stays in the processor's memory.

Ten thousand plans whose rules ask alike have one set of tables, and those whose prices are alike one tariff.
"""

from __future__ import annotations

from rating.rates import Rate
from rating.selector import Level
from rating.tariff import Tariff


class Sharing:
    """Tables, tariffs and rates that were seen while one catalogue is made."""

    def __init__(self) -> None:
        self._tables: dict[tuple[object, ...], Level] = {}
        self._tariffs: dict[tuple[object, ...], Tariff] = {}
        self._rates: dict[tuple[int, ...], Rate] = {}

    def tables(self, first: Level) -> Level:
        """The same levels, as they were seen first."""
        return self._tables.setdefault(_content_of_levels(first), first)

    def tariff(self, tariff: Tariff) -> Tariff:
        """The same tariff as it was seen first; one with counters or other things of its plan is its own."""
        for tier in tariff.tiers:
            tier.rates = [self._rates.setdefault(_content_of_rate(rate), rate) for rate in tier.rates]
        if tariff.tier_counter is not None or tariff.counts or tariff.caps:
            return tariff
        if tariff.discounts or tariff.bundles:
            return tariff
        return self._tariffs.setdefault(_content_of_tariff(tariff), tariff)


def _content_of_rate(rate: Rate) -> tuple[int, ...]:
    return (rate.unit_kind, rate.price_micros, rate.per_units, rate.increment, rate.rounding)


def _content_of_tariff(tariff: Tariff) -> tuple[object, ...]:
    """All that decides about a price; calendars and decks by identity, rates after they were shared."""
    tiers = tuple((tier.up_to, tuple(id(rate) for rate in tier.rates)) for tier in tariff.tiers)
    counting = (tariff.unit_kind, tariff.octets_of, tariff.increment, tariff.minimum, tariff.rounding)
    others = (tariff.connection_fee_micros, tariff.tier_mode, tariff.switch_policy, tariff.currency)
    decks = tuple(id(deck) for deck in tariff.band_decks)
    return (tiers, counting, others, id(tariff.calendar), id(tariff.deck), decks)


def _content_of_levels(first: Level) -> tuple[object, ...]:
    found: list[object] = []
    level: Level | None = first
    while level is not None:
        found.append((level.priority, level.mask))
        step = level.first
        while step is not None:
            found.append((step.attribute, tuple(step.classes.items())))
            step = step.following
        found.append(tuple(level.places.items()))
        found.append(tuple((key, tuple(places)) for key, places in level.dated.items()))
        level = level.following
    return tuple(found)
