"""What a rule costs beyond one rate: bands, tiers, decks, fees, caps, and what of its plan takes part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from balance.quantity import SPECIFIC_UNITS, UNIT_NAMES
from config.catalogue_offers import PERIODS, Offers, is_plain
from config.catalogue_schema import RuleText
from config.piece_reader import IssueCollector, read_list, read_piece
from config.price_slips import level_of
from config.quantity_text import Price, Quantity
from config.rate_decks import ROUNDING, PricedDeck, deck_with
from config.rule_conditions import Scope, always_matches, may_match
from config.rule_prices import BandPrices, PriceReader, kind_words
from config.surroundings import Surroundings
from config.tariff_schema import TierText
from config.tariff_text import Increments, Money
from config.yaml_nodes import Document, Location
from rating.bundles import MONEY, BundleDefinition
from rating.calendar import Calendar
from rating.conditions import Condition
from rating.decks import RateDeck
from rating.periods import USAGE
from rating.pricing import MOST_UNITS
from rating.rates import Rate
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
    USAGES,
    VOLUME,
    Cap,
    Counter,
    Discount,
    Tariff,
    Tier,
)

_SWITCH: Final = {"evenly": SPLIT_EVENLY, "at start": AT_START, "at end": AT_END}
_OCTETS_OF: Final = {"total": TOTAL, "input": INPUT, "output": OUTPUT}
_PER_USAGE: Final = {"", "call", "usage", "session", "message", "event"}
_NEEDS_TARIFF: Final = frozenset(
    {
        "calendar",
        "connection_fee",
        "cap",
        "minimum",
        "octets",
        "switch",
        "tiers",
        "tiers_of",
        "tier_mode",
        "deck",
    }
)


@dataclass
class PricedTier:
    """A tier as it is written: where it ends, and the price of each band."""

    up_to: Quantity | Money | None
    prices: BandPrices


@dataclass
class TariffText:
    """What a rule says of its price: the kind of unit, tiers (one, where it has none), or a deck."""

    kind: int
    first: Price
    calendar: Calendar | None = None
    tiers: list[PricedTier] = field(default_factory=list)
    deck: PricedDeck | None = None


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
        self._prices = PriceReader(issues, document)
        self.slips: list[Slip] = []
        self.partial: list[PartlyTaken] = []

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T108") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))

    def read(self, text: RuleText, at: Location, usual: int) -> TariffText:
        """The prices of a rule; ``usual`` is the kind of unit where nothing in it says one."""
        calendar = None
        if text.calendar is not None:
            calendar = self.surroundings.calendars.find(text.calendar, self._document, (*at, "calendar"))
        if text.deck is not None:
            return self._read_deck(text, at, usual)
        tiers: list[PricedTier] = []
        if text.tiers is not None:
            tiers = self._tiers(text, at, calendar)
        elif text.price is not None and (calendar is not None or text.calendar is None):
            prices = self._prices.read(text.price, (*at, "price"), calendar)
            if prices is not None:
                tiers = [PricedTier(None, prices)]
        kinds = {tier.prices.kind for tier in tiers if tier.prices.kind}
        if len(kinds) > 1:
            words = " and ".join(sorted(UNIT_NAMES[kind] for kind in kinds))
            self._refuse((*at, "tiers"), f"prices of {words}", "all tiers count the same kind of unit", "T109")
        kind = kinds.pop() if kinds else self._kind_without_price(text, usual)
        first = tiers[0].prices.prices[0] if tiers else Price(0, "", Quantity(kind, 1))
        if first.amount_micros == 0 and tiers and not tiers[0].prices.kind:
            first = Price(0, "", Quantity(kind, 1))
        return TariffText(kind, first, calendar, tiers)

    def _kind_without_price(self, text: RuleText, usual: int) -> int:
        if text.price == "free" and not text.model_fields_set & _NEEDS_TARIFF:
            return usual
        for size in (text.increment, text.minimum):
            if size is not None and size.unit_kind:
                return size.unit_kind
        return usual

    def _read_deck(self, text: RuleText, at: Location, usual: int) -> TariffText:
        for name in ("calendar", "tiers", "tiers_of"):
            if getattr(text, name) is not None:
                self._refuse((*at, name), f"{name!r} has no meaning beside a deck", "the deck has the prices")
        deck = self.surroundings.decks.find(text.deck or "", self._document, (*at, "deck"))
        kind = usual if deck is None else deck.per.unit_kind
        return TariffText(kind, Price(0, "", Quantity(kind, 1)), deck=deck)

    def _tiers(self, text: RuleText, at: Location, calendar: Calendar | None) -> list[PricedTier]:
        found: list[PricedTier] = []
        place = (*at, "tiers")
        entries = read_list(self._issues, self._document, text.tiers, place)
        for index, entry in enumerate(entries):
            tier = read_piece(self._issues, self._document, TierText, entry, (*place, index))
            if tier is None:
                continue
            last = index == len(entries) - 1
            if tier.up_to is None and not last:
                self._refuse((*place, index), "only the last tier has no end", "add 'up_to: 100 min'", "T101")
            elif tier.up_to is not None and last:
                hint = "add a last tier with a price and no 'up_to'"
                self._refuse((*place, index, "up_to"), "what costs what lies beyond the last tier?", hint)
            if text.calendar is None or calendar is not None:
                prices = self._prices.read(tier.price, (*place, index, "price"), calendar)
                if prices is not None:
                    found.append(PricedTier(tier.up_to, prices))
        return found

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
        caps = self._caps(service, text, conditions, at, rule_id)
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
        special = any(not is_plain(bundle) or bundle not in self._own_bundles() for bundle in bundles)
        needed = bool(text.model_fields_set & _NEEDS_TARIFF) or increments.minimum != 0 or currency != ""
        self._note_prices(service, found)
        if not (needed or special or counts or caps or discounts or isinstance(text.price, dict)):
            return None
        rounding = ROUNDING[text.rounding]
        tier_counter = self._tier_counter(text, found, at)
        if tier_counter is not None and tier_counter not in counts and tier_counter.measure == UNITS:
            counts = [*counts, tier_counter]
        return Tariff(
            found.kind,
            self._made_tiers(found, at, tier_counter, rounding),
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
            deck=self._deck(text, found, increments),
            switch_policy=_SWITCH[text.switch],
            currency=currency,
        )

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
        self, service: str, text: RuleText, conditions: list[Condition], at: Location, rule_id: str
    ) -> list[Cap]:
        found = []
        if text.cap is not None:
            found.append(self._own_cap(text.cap, at, rule_id))
        for scope, cap, _ in self._offers.caps:
            if self._takes_part(f"cap {cap.name!r}", scope, service, conditions, at):
                found.append(cap)
        return found

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
        self, what: str, scope: Scope, service: str, conditions: list[Condition], at: Location
    ) -> bool:
        """Whether a rule's usage is in a scope; where only some of it is, that is kept in ``partial``."""
        if not may_match(scope, service, conditions):
            return False
        if always_matches(scope, conditions):
            return True
        self.partial.append(PartlyTaken(what, scope, conditions, at))
        return False

    def _tier_counter(self, text: RuleText, found: TariffText, at: Location) -> Counter | None:
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

    def _made_tiers(
        self, found: TariffText, at: Location, counter: Counter | None, rounding: int
    ) -> list[Tier]:
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

    def _deck(self, text: RuleText, found: TariffText, increments: Increments) -> RateDeck | None:
        """The deck of a rule, whose rows count as the rule says where they do not say it themselves."""
        if found.deck is None:
            return None
        if text.increment is None and text.minimum is None:
            return found.deck.deck
        return deck_with(found.deck, increments)

    def _note_prices(self, service: str, found: TariffText) -> None:
        for tier in found.tiers:
            for rate in tier.prices.rates(found.kind, 0):
                self.slips.append(Slip(service, found.kind, level_of(rate), tier.prices.location))
