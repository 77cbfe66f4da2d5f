"""What a rule says of its price, as it is written: bands, tiers or a deck, and the kind of unit of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from balance.quantity import UNIT_NAMES
from config.catalogue_offers import band_number
from config.catalogue_schema import RuleText
from config.issues import TextError
from config.piece_reader import IssueCollector, read_list, read_piece
from config.quantity_text import Price, Quantity
from config.rate_decks import PricedDeck
from config.rule_prices import BandPrices, PriceReader
from config.surroundings import Surroundings
from config.tariff_schema import TierText
from config.tariff_text import Money
from config.text_pieces import one_text
from config.yaml_nodes import Data, Document, Location
from rating.calendar import Calendar

NEEDS_TARIFF: Final = frozenset(
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
"""Keys of a rule that one rate can not say."""


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
    band_decks: list[PricedDeck] = field(default_factory=list)


class PriceTextReader:
    """Reads the prices of the rules of one document."""

    def __init__(self, issues: IssueCollector, document: Document, surroundings: Surroundings) -> None:
        self._issues = issues
        self._document = document
        self._surroundings = surroundings
        self._prices = PriceReader(issues, document)

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T108") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))

    def read(self, text: RuleText, at: Location, usual: int) -> TariffText:
        """The prices of a rule; ``usual`` is the kind of unit where nothing in it says one."""
        calendar = None
        if text.calendar is not None:
            calendar = self._surroundings.calendars.find(text.calendar, self._document, (*at, "calendar"))
        if text.deck is not None:
            return self._read_deck(text, at, usual, calendar)
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
        if text.price == "free" and not text.model_fields_set & NEEDS_TARIFF:
            return usual
        for size in (text.increment, text.minimum):
            if size is not None and size.unit_kind:
                return size.unit_kind
        return usual

    def _read_deck(self, text: RuleText, at: Location, usual: int, calendar: Calendar | None) -> TariffText:
        for name in ("tiers", "tiers_of"):
            if getattr(text, name) is not None:
                self._refuse((*at, name), f"{name!r} has no meaning beside a deck", "the deck has the prices")
        decks: list[PricedDeck] = []
        if isinstance(text.deck, dict):
            decks = self._decks_of_bands(text, text.deck, at, calendar)
        else:
            if text.calendar is not None:
                hint = "one for each band: 'deck: { peak: NAME, off-peak: NAME }'"
                self._refuse((*at, "calendar"), "'calendar' has no meaning beside one deck", hint)
            one = self._find_deck(text.deck, (*at, "deck"))
            decks = [] if one is None else [one]
        kind = decks[0].per.unit_kind if decks else usual
        found = TariffText(kind, Price(0, "", Quantity(kind, 1)), deck=decks[0] if decks else None)
        if isinstance(text.deck, dict):
            found.calendar, found.band_decks = calendar, decks
        return found

    def _decks_of_bands(
        self, text: RuleText, written: dict[str, Data], at: Location, calendar: Calendar | None
    ) -> list[PricedDeck]:
        """The deck of each band of the calendar, in their order; none, and issues, where any is missing."""
        place = (*at, "deck")
        if calendar is None:
            if text.calendar is None:
                self._refuse(place, "decks for bands of which calendar?", "add 'calendar: NAME'", "T101")
            return []
        found: dict[str, PricedDeck] = {}
        for band, data in written.items():
            if band_number(self._issues, self._document, (*place, band), calendar, band) is None:
                continue
            deck = self._find_deck(data, (*place, band))
            if deck is not None:
                found[band] = deck
        missing = [band for band in calendar.bands if band not in written]
        if missing:
            self._refuse(place, f"no deck for {' and '.join(missing)}", "each band has one", "T101")
        if len({(deck.currency, deck.per.unit_kind) for deck in found.values()}) > 1:
            self._refuse(place, "decks of different currencies or kinds of unit", "of one each", "T109")
            return []
        return [found[band] for band in calendar.bands] if len(found) == len(calendar.bands) else []

    def _find_deck(self, data: Data, at: Location) -> PricedDeck | None:
        try:
            return self._surroundings.decks.find(one_text(data), self._document, at)
        except TextError as error:
            self._refuse(at, str(error), error.hint, error.code)
            return None

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
