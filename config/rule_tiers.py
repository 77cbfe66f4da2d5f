"""The tiers of a rule: where each ends, in what its price counts or in what a counter of the plan measures."""

from __future__ import annotations

from balance.quantity import SPECIFIC_UNITS, UNIT_NAMES
from config.catalogue_offers import Offers
from config.catalogue_schema import RuleText
from config.piece_reader import IssueCollector
from config.quantity_text import Quantity
from config.rule_price_texts import TariffText
from config.rule_prices import kind_words
from config.tariff_text import Money
from config.yaml_nodes import Document, Location
from rating.pricing import MOST_UNITS
from rating.rates import Rate
from rating.tariff import MICROS, UNITS, USAGES, Counter, Tier


class TierReader:
    """Makes the tiers of one plan's rules."""

    def __init__(self, issues: IssueCollector, document: Document, currency: str, offers: Offers) -> None:
        self._issues = issues
        self._document = document
        self._currency = currency
        self._offers = offers

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T108") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))

    def counter(self, text: RuleText, found: TariffText, at: Location) -> Counter | None:
        """The counter in which the tiers of a rule lie; None where they lie in each usage."""
        if text.tiers_of is None or text.tiers_of == "usage":
            return None
        if text.tiers is None:
            self._refuse((*at, "tiers_of"), "a counter of tiers, but there are no tiers")
            return None
        known = self._offers.counters.find(text.tiers_of, self._document, (*at, "tiers_of"))
        if known is None:
            return None
        counter = known[1]
        if counter.measure == UNITS and counter.unit_kind != found.kind:
            words = f"counter {text.tiers_of!r} measures {UNIT_NAMES[counter.unit_kind]}"
            self._refuse(
                (*at, "tiers_of"), f"{words}, but the price counts {UNIT_NAMES[found.kind]}", code="T109"
            )
        return counter

    def tiers(self, found: TariffText, at: Location, counter: Counter | None, rounding: int) -> list[Tier]:
        """The tiers from the first unit on; one without an end where there are none."""
        made: list[Tier] = []
        before = 0
        for index, tier in enumerate(found.tiers):
            rates = tier.prices.rates(found.kind, rounding)
            place = (*at, "tiers", index, "up_to")
            up_to = (
                MOST_UNITS if tier.up_to is None else self._end_of_tier(tier.up_to, found.kind, counter, place)
            )
            if tier.up_to is not None and up_to <= before:
                self._refuse(place, "the tier ends before it begins", "tiers go upwards", "T402")
            before = before if tier.up_to is None else max(before, up_to)
            made.append(Tier(up_to, rates))
        return made or [Tier(MOST_UNITS, [Rate(found.kind, 0, 1, 1, rounding)])]

    def _end_of_tier(self, up_to: Quantity | Money, kind: int, counter: Counter | None, place: Location) -> int:
        """The position at which a tier ends, in what its axis measures: units, or a counter's."""
        measure = UNITS if counter is None else counter.measure
        if isinstance(up_to, Money):
            if measure != MICROS or up_to.currency != self._currency:
                hint = "tiers of money need 'tiers_of:' a counter of money, in the plan's currency"
                self._refuse(place, "a tier up to an amount of money", hint, "T109")
            return up_to.micros
        if measure == MICROS:
            self._refuse(place, "the counter measures money, but the tier does not", code="T109")
        elif up_to.unit_kind != (SPECIFIC_UNITS if measure == USAGES else kind):
            wanted = SPECIFIC_UNITS if measure == USAGES else kind
            self._refuse(place, f"a tier up to {kind_words(up_to, wanted)}", code="T109")
        return up_to.units
