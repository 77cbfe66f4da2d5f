"""What many plans of a catalogue have in common is kept once: it stays in the processor's memory.

Ten thousand plans whose rules ask alike have one set of tables, and those whose prices are alike one tariff.
"""

from __future__ import annotations

from rating.plan_tables import PlanTables
from rating.rates import Rate
from rating.rule import RuleTerms
from rating.selector import Level
from rating.tariff import Tariff, TariffTerms


class Sharing:
    """Levels, tables, tariffs, terms and prices that were seen while one catalogue is made."""

    def __init__(self) -> None:
        self._levels: dict[tuple[object, ...], Level] = {}
        self._tables: dict[tuple[object, ...], PlanTables] = {}
        self._terms: dict[tuple[object, ...], list[RuleTerms]] = {}
        self._tariffs: dict[tuple[object, ...], Tariff] = {}
        self._tariff_terms: dict[tuple[object, ...], TariffTerms] = {}
        self._rates: dict[tuple[int, ...], Rate] = {}
        self._prices: dict[bytes, bytes] = {}

    def levels(self, first: Level) -> Level:
        """The same levels, as they were seen first."""
        return self._levels.setdefault(_content_of_levels(first), first)

    def tables(self, tables: PlanTables) -> PlanTables:
        """The same tables, whose levels have been shared."""
        return self._tables.setdefault(tables.content(), tables)

    def terms(self, terms: list[RuleTerms]) -> list[RuleTerms]:
        """The same terms of rules, whose tariffs have been shared."""
        return self._terms.setdefault(tuple(each.content() for each in terms), terms)

    def tariff(self, tariff: Tariff) -> Tariff:
        """The same tariff as it was seen first; one with other prices has the terms of one seen before.

        One with counters or other things of its plan is its own.
        """
        for tier in tariff.tiers:
            tier.rates = [self._rates.setdefault(_content_of_rate(rate), rate) for rate in tier.rates]
        if tariff.terms.owns:
            return tariff
        tariff.terms = self._tariff_terms.setdefault(tariff.terms.content(), tariff.terms)
        rates = tuple(tuple(id(rate) for rate in tier.rates) for tier in tariff.tiers)
        return tariff if tariff.bundles else self._tariffs.setdefault((id(tariff.terms), rates), tariff)

    def prices(self, prices: bytes) -> bytes:
        """The same row of prices."""
        return self._prices.setdefault(prices, prices)


def _content_of_rate(rate: Rate) -> tuple[int, ...]:
    return (rate.unit_kind, rate.price_micros, rate.per_units, rate.increment, rate.rounding)


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
