"""Prices of a rule: one, or one for each band of a calendar, and what kind of unit they count."""

from __future__ import annotations

from typing import Final

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS, UNIT_NAMES
from config.catalogue_offers import band_number
from config.issues import TextError
from config.named import refuse
from config.piece_reader import IssueCollector
from config.quantity_text import Price, Quantity, format_quantity, parse_price
from config.text_pieces import one_text
from config.yaml_nodes import Data, Document, Location
from rating.calendar import Calendar
from rating.rates import Rate

_USUAL_KINDS: Final = {"data": OCTETS, "voice": SECONDS, "sms": SPECIFIC_UNITS, "mms": SPECIFIC_UNITS}
"""What services count that are called so, where their prices do not say it."""


class BandPrices:
    """The price of every band, in the calendar's order; one where there is no calendar."""

    def __init__(self, prices: list[Price], kind: int, location: Location) -> None:
        self.prices = prices
        self.kind = kind
        self.location = location

    @property
    def currencies(self) -> set[str]:
        """The currencies of what is not free."""
        return {price.currency for price in self.prices if price.currency}

    def rates(self, unit_kind: int, rounding: int, increment: int = 1) -> list[Rate]:
        """A rate for each band; what is free without a word counts what the rule counts."""
        return [
            Rate(unit_kind, price.amount_micros, price.per.units, increment, rounding)
            if price.amount_micros
            else Rate(unit_kind, 0, 1, increment, rounding)
            for price in self.prices
        ]


class PriceReader:
    """Reads the prices of the rules of one plan."""

    def __init__(self, issues: IssueCollector, document: Document) -> None:
        self._issues = issues
        self._document = document

    def read(self, data: Data, location: Location, calendar: Calendar | None) -> BandPrices | None:
        """A price, or a mapping of bands to prices; kind 0 where all of it is free without a word."""
        if not isinstance(data, dict):
            price = self._price(data, location)
            if price is None:
                return None
            bands = 1 if calendar is None else len(calendar.bands)
            return BandPrices([price[0]] * bands, price[1], location)
        if calendar is None:
            hint = "add 'calendar: NAME', whose bands these are"
            self._issues.add(self._document.issue(location, "prices by band, but of no calendar", hint, "T101"))
            return None
        return self._by_band(data, location, calendar)

    def _by_band(self, data: dict[str, Data], location: Location, calendar: Calendar) -> BandPrices | None:
        found: dict[int, tuple[Price, int]] = {}
        for name, entry in data.items():
            at = (*location, name)
            number = band_number(self._issues, self._document, at, calendar, name)
            price = self._price(entry, at)
            if number is not None and price is not None:
                found[number] = price
        missing = [name for name in calendar.bands if name not in data]
        if missing:
            message = f"no price for band {', '.join(repr(name) for name in missing)}"
            hint = f"calendar {calendar.name!r} has the bands {', '.join(calendar.bands)}"
            self._issues.add(self._document.issue(location, message, hint, "T101"))
        if len(found) < len(calendar.bands):
            return None
        ordered = [found[number] for number in range(len(calendar.bands))]
        kinds = {kind for _, kind in ordered if kind}
        if len(kinds) > 1:
            words = " and ".join(sorted(UNIT_NAMES[kind] for kind in kinds))
            hint = "all prices of a rule count the same kind of unit"
            self._issues.add(self._document.issue(location, f"prices of {words}", hint, "T109"))
            return None
        return BandPrices([price for price, _ in ordered], kinds.pop() if kinds else 0, location)

    def _price(self, data: Data, location: Location) -> tuple[Price, int] | None:
        """A price and the kind that it counts; 0 where it is free without a word."""
        try:
            text = one_text(data)
            price = parse_price(text)
        except TextError as error:
            refuse(self._issues, self._document, location, error)
            return None
        return price, 0 if text.strip() == "free" else price.per.unit_kind


def kinds_of_service(data: Data) -> set[int]:
    """The kinds of unit that the prices of a service's rules count, as far as they can be read."""
    found: set[int] = set()
    for entry in data if isinstance(data, list) else []:
        prices = entry.get("price", "") if isinstance(entry, dict) else ""
        for text in prices.values() if isinstance(prices, dict) else [prices]:
            try:
                price = parse_price(text) if isinstance(text, str) and text.strip() != "free" else None
            except TextError:
                continue
            if price is not None:
                found.add(price.per.unit_kind)
    return found


def usual_kind(service: str, data: Data) -> int:
    """What a service counts where a rule does not say it: by its name, by its other rules, else octets."""
    kinds = kinds_of_service(data)
    if service in _USUAL_KINDS:
        return _USUAL_KINDS[service]
    return kinds.pop() if len(kinds) == 1 else OCTETS


def kind_words(quantity: Quantity, kind: int) -> str:
    """A size that does not fit what a price counts, in words."""
    return f"{format_quantity(quantity)}, but the price counts {UNIT_NAMES[kind]}"
