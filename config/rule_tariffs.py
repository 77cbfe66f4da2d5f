"""What a rule costs beyond one rate: its tiers or deck, its fee and cap, and what of its plan takes part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from config.catalogue_offers import PERIODS, Offers, is_plain
from config.catalogue_schema import RuleText
from config.piece_reader import IssueCollector
from config.price_slips import level_of
from config.rate_decks import ROUNDING, PricedDeck, deck_with
from config.rule_conditions import Scope, always_matches, may_match, with_called_zones
from config.rule_price_texts import NEEDS_TARIFF, PriceTextReader, TariffText
from config.rule_tiers import TierReader
from config.surroundings import Surroundings
from config.tariff_text import Increments, Money
from config.yaml_nodes import Document, Location
from rating.bundles import MONEY, BundleDefinition
from rating.conditions import Condition
from rating.decks import RateDeck
from rating.periods import USAGE
from rating.tariff import (
    AT_END,
    AT_START,
    GRADUATED,
    INPUT,
    MICROS,
    MOST_DISCOUNTS,
    OUTPUT,
    SPLIT_EVENLY,
    TOTAL,
    UNITS,
    VOLUME,
    Cap,
    Counter,
    Discount,
    Tariff,
)

_SWITCH: Final = {"evenly": SPLIT_EVENLY, "at start": AT_START, "at end": AT_END}
_OCTETS_OF: Final = {"total": TOTAL, "input": INPUT, "output": OUTPUT}
_PER_USAGE: Final = {"", "call", "usage", "session", "message", "event"}


@dataclass
class Slip:
    """A price of a rule, to be compared with its neighbours."""

    service: str
    kind: int
    level: int
    location: Location


@dataclass
class PartlyTaken:
    """Something that is for a part of what a rule may price, and where the rule stands."""

    what: str
    scope: Scope
    conditions: list[Condition]
    location: Location


class TariffReader:
    """Makes the tariffs of one plan's rules. ``offered`` are the bundles of add-ons for the plan."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        currency: str,
        valid_from_ms: int,
        surroundings: Surroundings,
        offers: Offers,
        offered: list[tuple[Scope, BundleDefinition]],
    ) -> None:
        self._issues = issues
        self._document = document
        self._currency = currency
        self._valid_from_ms = valid_from_ms
        self.surroundings = surroundings
        self._offers = offers
        self._bundles = [*offers.bundles, *offers.credits, *offered]
        self._texts = PriceTextReader(issues, document, surroundings)
        self._tiers = TierReader(issues, document, currency, offers)
        self.slips: list[Slip] = []
        self._used: set[int] = set()
        """Identities of the bundles, caps and discounts that some rule's usage takes part in."""
        self.partial: list[PartlyTaken] = []

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T108") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))

    def read(self, text: RuleText, at: Location, usual: int) -> TariffText:
        """The prices of a rule; ``usual`` is the kind of unit where nothing in it says one."""
        return self._texts.read(text, at, usual)

    def tariff(
        self,
        service: str,
        rule_id: str,
        text: RuleText,
        found: TariffText,
        at: Location,
        conditions: list[Condition],
        increments: Increments,
        valid_from_ms: int,
    ) -> Tariff | None:
        """The tariff of a rule of ``service``; None where its one rate says all."""
        currency = self._currency_of(text, found, at, max(valid_from_ms, self._valid_from_ms))
        counts = self._counts(service, found.kind, conditions, at)
        caps = self._caps(service, text, found, conditions, at, rule_id)
        discounts: list[Discount] = [
            discount for scope, discount in self._offers.discounts if may_match(scope, service, conditions)
        ]
        if len(discounts) > MOST_DISCOUNTS:
            message = f"{len(discounts)} discounts hold for this rule, more than {MOST_DISCOUNTS}"
            self._refuse(at, message, "narrow them with 'for'", "T007")
            del discounts[MOST_DISCOUNTS:]
        bundles = [
            bundle
            for scope, bundle in self._bundles
            if bundle.unit_kind in {MONEY, found.kind} and may_match(scope, service, conditions)
        ]
        used: list[object] = [*caps, *discounts]
        if not _is_free(text, found):
            used += bundles
        self._used |= {id(each) for each in used}
        special = any(not is_plain(bundle) or bundle not in self._own_bundles() for bundle in bundles)
        needed = bool(text.model_fields_set & NEEDS_TARIFF) or increments.minimum != 0 or currency != ""
        self._note_prices(service, found)
        if not (needed or special or counts or caps or discounts or isinstance(text.price, dict)):
            return None
        rounding = ROUNDING[text.rounding]
        tier_counter = self._tiers.counter(text, found, at)
        if tier_counter is not None and tier_counter not in counts and tier_counter.measure == UNITS:
            counts = [*counts, tier_counter]
        return Tariff(
            found.kind,
            self._tiers.tiers(found, at, tier_counter, rounding),
            octets_of=_OCTETS_OF[text.octets],
            increment=increments.increment,
            minimum=increments.minimum,
            rounding=rounding,
            connection_fee_micros=0 if text.connection_fee is None else text.connection_fee.micros,
            calendar=found.calendar,
            tier_mode=VOLUME if text.tier_mode == "volume" else GRADUATED,
            tier_counter=tier_counter,
            counts=counts,
            caps=caps,
            discounts=discounts,
            bundles=bundles,
            deck=None if found.deck is None else _counted(found.deck, text, increments),
            band_decks=[_counted(deck, text, increments) for deck in found.band_decks],
            switch_policy=_SWITCH[text.switch],
            currency=currency,
        )

    def warn_of_unused(self, plan: Location) -> None:
        """A warning for each bundle, cap and discount of the plan that no charge can take part in."""
        offers = self._offers
        named: list[tuple[str, object, str]] = [
            *(("bundles", bundle, bundle.name) for _, bundle in (*offers.bundles, *offers.credits)),
            *(("caps", cap, cap.name) for _, cap, _ in offers.caps),
            *(("discounts", discount, discount.name) for _, discount in offers.discounts),
        ]
        for key, offer, name in named:
            at = (*plan, key, name)
            if id(offer) not in self._used and at in self._document.values:
                message = f"{key[:-1]} {name!r} is for nothing that costs anything on this plan"
                self._issues.add(self._document.warning(at, message, code="T902", at_key=True))

    def _own_bundles(self) -> list[BundleDefinition]:
        return [bundle for _, bundle in self._offers.bundles]

    def _currency_of(self, text: RuleText, found: TariffText, at: Location, start_ms: int) -> str:
        """The currency of a rule's prices where it is not the plan's; an issue where there is no rate."""
        named: dict[str, Location] = {}
        if found.deck is not None:
            named[found.deck.currency] = (*at, "deck")
        for tier in found.tiers:
            for currency in tier.prices.currencies:
                named.setdefault(currency, tier.prices.location)
        if text.connection_fee is not None:
            named.setdefault(text.connection_fee.currency, (*at, "connection_fee"))
            if text.connection_fee.per not in _PER_USAGE:
                self._refuse((*at, "connection_fee"), "a connection fee is for each usage", "write '0.05 EUR'")
        if len(named) > 1:
            words = " and ".join(sorted(named))
            self.surroundings.used_rates |= {(currency, self._currency) for currency in named}
            self._refuse(at, f"the rule has amounts in {words}", "a rule has one currency", "T109")
            return ""
        for currency, place in named.items():
            if currency == self._currency or not self._currency:
                continue
            dated = self.surroundings.exchange.pairs.get(currency, {}).get(self._currency, [])
            self.surroundings.used_rates.add((currency, self._currency))
            if not dated:
                message = f"a price in {currency}, but the plan's currency is {self._currency}"
                self._refuse(place, message, code="T203")
            elif start_ms and self.surroundings.exchange.rate_at(currency, self._currency, start_ms) is None:
                day = self.surroundings.local_text(start_ms)
                message = f"no exchange rate of {currency} in {self._currency} for {day}, when the price begins"
                self._refuse(place, message, "add one to 'exchange_rates'", "T203")
            return currency
        return ""

    def _counts(self, service: str, kind: int, conditions: list[Condition], at: Location) -> list[Counter]:
        found = []
        for name, (scope, counter) in self._offers.counters.items():
            if counter.measure == UNITS and counter.unit_kind != kind:
                continue
            if self._takes_part(f"counter {name!r}", scope, service, conditions, at):
                found.append(counter)
        return found

    def _caps(
        self,
        service: str,
        text: RuleText,
        found: TariffText,
        conditions: list[Condition],
        at: Location,
        rule_id: str,
    ) -> list[Cap]:
        caps = []
        if text.cap is not None:
            caps.append(self._own_cap(text.cap, at, rule_id))
        place = None if _is_free(text, found) else at
        for scope, cap, _ in self._offers.caps:
            if self._takes_part(f"cap {cap.name!r}", scope, service, conditions, place):
                caps.append(cap)
        return caps

    def _own_cap(self, cap: Money, at: Location, rule_id: str) -> Cap:
        place = (*at, "cap")
        line = self.surroundings.place(self._document, place)
        if cap.currency != self._currency and self._currency:
            message = f"a cap in {cap.currency}, but the plan's currency is {self._currency}"
            self._refuse(place, message, code="T109")
        if cap.per in {"day", "month"}:
            period = PERIODS[cap.per]
            counter = Counter(f"{rule_id}#cap", MICROS, 0, period)
            return Cap(rule_id, cap.micros, period, counter, place=line)
        if cap.per not in _PER_USAGE:
            self._refuse(place, f"a cap 'per {cap.per}'", "per call, per day or per month", "T105")
        return Cap(rule_id, cap.micros, USAGE, place=line)

    def _takes_part(
        self, what: str, scope: Scope, service: str, conditions: list[Condition], at: Location | None
    ) -> bool:
        """Whether a rule's usage is in a scope; where only some of it is, ``partial`` keeps that and the place.

        Without a place it does not matter which part is.
        """
        asked = with_called_zones(conditions, self.surroundings.tables["destinations"])
        if not may_match(scope, service, asked):
            return False
        if always_matches(scope, asked):
            return True
        if at is not None:
            self.partial.append(PartlyTaken(what, scope, conditions, at))
        return False

    def _note_prices(self, service: str, found: TariffText) -> None:
        for tier in found.tiers:
            for rate in tier.prices.rates(found.kind, 0):
                self.slips.append(Slip(service, found.kind, level_of(rate), tier.prices.location))


def _is_free(text: RuleText, found: TariffText) -> bool:
    """Whether nothing of a rule costs anything."""
    if found.deck is not None or text.connection_fee is not None:
        return False
    return all(rate.price_micros == 0 for tier in found.tiers for rate in tier.prices.rates(found.kind, 0))


def _counted(deck: PricedDeck, text: RuleText, increments: Increments) -> RateDeck:
    """A deck whose rows count as the rule says where they do not say it themselves."""
    if text.increment is None and text.minimum is None:
        return deck.deck
    return deck_with(deck, increments)
