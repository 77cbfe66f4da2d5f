"""Prices of a rate by band of its calendar, and its tiers over the month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from balance.quantity import UNIT_NAMES
from config.piece_reader import IssueCollector, read_list, read_piece
from config.quantity_text import Price, Quantity
from config.settlement_schema import RateText, TierText
from config.yaml_nodes import Document, Location
from rating.calendar import Calendar
from rating.pricing import MOST_UNITS


@dataclass(frozen=True, slots=True)
class Level:
    """A tier as it is written: units of the month up to a position, and prices of their own or a part off."""

    up_to: int
    prices: tuple[Price, ...] | None
    keeps: Fraction


_WHOLE_MONTH: Final = Level(MOST_UNITS, None, Fraction(1))


class PriceReader:
    """Reads the prices of rates of one direction, which is in ``currency``."""

    def __init__(self, issues: IssueCollector, document: Document, direction: str, currency: str) -> None:
        self._issues = issues
        self._document = document
        self._direction = direction
        self._currency = currency

    def tiers(self, text: RateText, at: Location, kind: int, calendar: Calendar | None) -> tuple[Level, ...]:
        """The tiers; the whole month is one where there are none."""
        if text.tiers is None:
            return (_WHOLE_MONTH,)
        found: list[Level] = []
        entries = read_list(self._issues, self._document, text.tiers, (*at, "tiers"))
        for index, entry in enumerate(entries):
            place = (*at, "tiers", index)
            tier = read_piece(self._issues, self._document, TierText, entry, place)
            if tier is None:
                continue
            last = index == len(entries) - 1
            if (tier.up_to is None) != last:
                hint = "every tier but the last says how far it goes"
                message = "'up_to' is in the last tier" if last else "'up_to' is missing"
                self._refuse(place, message, hint, "T108")
                continue
            if tier.price is not None and tier.discount is not None:
                self._refuse(place, "the tier has a price and a discount", code="T108")
            if tier.price is not None and text.deck is not None:
                self._refuse(
                    (*place, "price"), "the prices are those of the deck", "use 'discount: 10 %'", "T108"
                )
            if tier.up_to is not None and tier.up_to.unit_kind != kind:
                self._refuse((*place, "up_to"), f"the rate counts {UNIT_NAMES[kind]}", code="T109")
            up_to = MOST_UNITS if tier.up_to is None else tier.up_to.units
            if found and up_to <= found[-1].up_to:
                self._refuse((*place, "up_to"), "the tier before it goes as far", code="T108")
            prices = None
            if tier.price is not None:
                prices = tuple(self.prices(tier.price, (*place, "price"), kind, calendar))
            found.append(Level(up_to, prices, 1 - (tier.discount or Fraction(0))))
        return tuple(found) or (_WHOLE_MONTH,)

    def prices(
        self, price: Price | dict[str, Price], at: Location, kind: int, calendar: Calendar | None
    ) -> Iterator[Price]:
        """One price for each band, or the one there is; issues where bands or units do not fit."""
        bands = [] if calendar is None else calendar.bands
        if isinstance(price, dict):
            for band in price:
                if band not in bands:
                    hint = f"the calendar has: {', '.join(bands)}" if bands else "name the rate's calendar"
                    self._refuse((*at, band), f"there is no band {band!r}", hint, "T201")
            missing = [band for band in bands if band not in price]
            if missing:
                self._refuse(at, f"band {missing[0]!r} has no price", code="T906")
                return
            named = [(price[band], (*at, band)) for band in bands]
        else:
            named = [(price, at)] * max(1, len(bands))
        for one, place in named:
            if one.amount_micros and one.currency != self._currency:
                message = f"a price in {one.currency}, but {self._direction} is in {self._currency}"
                self._refuse(place, message, "'currency' of the direction says otherwise", "T109")
            if one.amount_micros and one.per.unit_kind != kind:
                self._refuse(
                    place,
                    f"a price per {UNIT_NAMES[one.per.unit_kind]}, but others per {UNIT_NAMES[kind]}",
                    code="T109",
                )
            yield one if one.amount_micros else Price(0, self._currency, Quantity(kind, 1))

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T104") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))
