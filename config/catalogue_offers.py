"""What a plan has beside its rules: counters, caps, bundles, discounts, fees, bonuses; and add-ons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS
from config.catalogue_bonuses import BonusReader
from config.named import Entry, Named
from config.offer_schema import (
    BundleText,
    CapText,
    CounterText,
    DiscountText,
    FeeText,
    RolloverText,
)
from config.owned_pieces import OwnedReader
from config.piece_reader import IssueCollector, read_piece
from config.rule_conditions import EVERYTHING, ConditionReader, Scope
from config.surroundings import Surroundings
from config.tariff_text import Money
from config.yaml_nodes import Data, Document, Location
from rating.bundles import MONEY, BundleDefinition
from rating.calendar import Calendar
from rating.catalogue import ANY_RATING_GROUP
from rating.fees import ACTIVATION, NO_EVENT, ONCE, PLAN_CHANGE, SUSPEND, TERMINATION, UNPAID_NAMES, Fee
from rating.offers import Bonus
from rating.periods import DAY, EVER, MONTH, USAGE, WEEK, YEAR
from rating.tariff import MICROS, UNITS, USAGES, Cap, Counter, Discount

PERIODS: Final = {"day": DAY, "week": WEEK, "month": MONTH, "year": YEAR, "ever": EVER, "usage": USAGE}
_MEASURES: Final = {
    "octets": (UNITS, OCTETS),
    "seconds": (UNITS, SECONDS),
    "units": (UNITS, SPECIFIC_UNITS),
    "money": (MICROS, 0),
    "usages": (USAGES, 0),
}
_EVENTS: Final = {"activation": ACTIVATION, "termination": TERMINATION, "plan_change": PLAN_CHANGE}
_SECOND_MS: Final = 1000


@dataclass
class Offers:
    """Everything of a plan that its rules take part in."""

    counters: Named[tuple[Scope, Counter]]
    caps: list[tuple[Scope, Cap, Location]] = field(default_factory=list)
    discounts: list[tuple[Scope, Discount]] = field(default_factory=list)
    bundles: list[tuple[Scope, BundleDefinition]] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    bonuses: list[Bonus] = field(default_factory=list)
    credits: list[tuple[Scope, BundleDefinition]] = field(default_factory=list)
    """What bonuses give that a plan does not: it pays for usage as long as there is any."""


class OfferReader(OwnedReader):
    """Reads the offers of one plan or add-on; ids begin with its name."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        owner: str,
        location: Location,
        currency: str,
        surroundings: Surroundings,
        conditions: ConditionReader,
    ) -> None:
        super().__init__(issues, document, owner, location, currency)
        self._surroundings = surroundings
        self._conditions = conditions
        self.by_bonus: dict[str, Entry] = {}
        """Bundles that only a bonus gives, by id."""

    def read(self, data: dict[str, Data], tax: str) -> Offers:
        """All of them, in the order in which they need each other."""
        offers = Offers(Named(self._issues, "counter"))
        for entry in self._entries(data, "counters"):
            offers.counters.add(entry, self._counter(entry))
        for entry in self._entries(data, "caps"):
            self._cap(entry, offers)
        bundles = self.bundles(data)
        offers.bundles = [found for found in bundles if found[1].bundle_id not in self.by_bonus]
        for entry in self._entries(data, "discounts"):
            self._discount(entry, offers)
        offers.fees = self.fees(data, tax)
        bonuses = BonusReader(self._issues, self._document, self._owner, self._location, self._currency)
        offers.bonuses, offers.credits = bonuses.read(data, offers.counters, bundles)
        given = {bonus.give_bundle.bundle_id for bonus in offers.bonuses if bonus.give_bundle is not None}
        for scope, bundle in bundles:
            if bundle.bundle_id in self.by_bonus:
                offers.credits.append((scope, bundle))
                if bundle.bundle_id not in given:
                    at, message = (
                        self.by_bonus[bundle.bundle_id].location,
                        f"no bonus gives bundle {bundle.name!r}",
                    )
                    self._issues.add(self._document.warning(at, message, code="T902", at_key=True))
        return offers

    def bundles(self, data: dict[str, Data]) -> list[tuple[Scope, BundleDefinition]]:
        """The bundles under ``bundles``."""
        found = []
        for entry in self._entries(data, "bundles"):
            bundle = self._bundle(entry)
            if bundle is not None:
                found.append(bundle)
        return found

    def fees(self, data: dict[str, Data], tax: str) -> list[Fee]:
        """The fees under ``fees``."""
        found = []
        for entry in self._entries(data, "fees"):
            fee = self._fee(entry, tax)
            if fee is not None:
                found.append(fee)
        return found

    def _scope(self, data: Data | None, entry: Entry) -> Scope:
        return self._conditions.read_scope(data, self._document, (*entry.location, "for"))

    def _counter(self, entry: Entry) -> tuple[Scope, Counter] | None:
        text = read_piece(self._issues, self._document, CounterText, entry.data, entry.location)
        if text is None:
            return None
        measure, kind = _MEASURES[text.measure]
        counter = Counter(f"{self._owner}/{entry.name}", measure, kind, PERIODS[text.period])
        return self._scope(text.for_, entry), counter

    def _cap(self, entry: Entry, offers: Offers) -> None:
        text = read_piece(self._issues, self._document, CapText, entry.data, entry.location)
        if text is None:
            return
        at = (*entry.location, "amount")
        if text.amount.per:
            self._refuse(at, f"'per {text.amount.per}' belongs into 'per:'")
        cap_id = f"{self._owner}/{entry.name}"
        period = PERIODS[text.per]
        counter = None if period == USAGE else Counter(f"{cap_id}#cap", MICROS, 0, period)
        micros = self._money(text.amount, at)
        cap = Cap(cap_id, micros, period, counter, name=entry.name, place=self._place(entry))
        offers.caps.append((self._scope(text.for_, entry), cap, entry.location))

    def _bundle(self, entry: Entry) -> tuple[Scope, BundleDefinition] | None:
        text = read_piece(self._issues, self._document, BundleText, entry.data, entry.location)
        if text is None:
            return None
        if isinstance(text.units, Money):
            kind, units = MONEY, self._money(text.units, (*entry.location, "units"))
            if text.units.per or units == 0:
                self._refuse((*entry.location, "units"), "an amount above 0 is expected here", code="T110")
        else:
            kind, units = text.units.unit_kind, text.units.units
        if text.given == "by bonus":
            self.by_bonus[f"{self._owner}/{entry.name}"] = entry
            if text.recurs is not None:
                self._refuse((*entry.location, "recurs"), "what a bonus gives does not recur", "remove it")
        scope = self._scope(text.for_, entry)
        groups = text.rating_group
        if groups is not None and ANY_RATING_GROUP in groups:
            groups = None
        rollover = self._rollover(entry, text, kind)
        calendar, bands = self._bands(entry, text)
        if text.calendar is not None and kind == MONEY:
            hint = "a discount may have bands, and units of a bundle"
            self._refuse((*entry.location, "calendar"), "credit pays at any time", hint)
        bundle = BundleDefinition(
            f"{self._owner}/{entry.name}",
            kind,
            units,
            groups,
            text.valid_for,
            conditions=scope.conditions,
            services=scope.services,
            priority=text.priority,
            recurs=PERIODS[text.recurs] if text.recurs else EVER,
            rollover_units=rollover[0],
            rollover_periods=rollover[1],
            shared=text.shared == "group",
            calendar=calendar,
            bands=bands,
            name=entry.name,
            place=self._place(entry),
        )
        return scope, bundle

    def _rollover(self, entry: Entry, text: BundleText, kind: int) -> tuple[int, int]:
        if text.rollover is None:
            return 0, 0
        at = (*entry.location, "rollover")
        if text.recurs is None:
            self._refuse(at, "what does not recur has nothing to roll over", "add 'recurs: month'")
        piece = read_piece(self._issues, self._document, RolloverText, text.rollover, at)
        if piece is None:
            return 0, 0
        if piece.maximum.unit_kind != kind:
            message = "the rollover counts another kind of unit than the bundle"
            self._refuse((*at, "maximum"), message, code="T109")
        return piece.maximum.units, int(piece.periods)

    def _discount(self, entry: Entry, offers: Offers) -> None:
        text = read_piece(self._issues, self._document, DiscountText, entry.data, entry.location)
        if text is None:
            return
        if (text.percent is None) == (text.amount is None):
            what = (
                "neither a percentage nor an amount" if text.percent is None else "a percentage and an amount"
            )
            self._refuse(
                entry.location, f"the discount has {what}", "either: 'percent: 20 %' or 'amount: 0.05 EUR'"
            )
        left = 1 - text.percent if text.percent is not None else None
        micros = self._money(text.amount, (*entry.location, "amount")) if text.amount is not None else 0
        calendar, bands = self._bands(entry, text)
        scope = self._scope(text.for_, entry)
        discount_id = f"{self._owner}/{entry.name}"
        everything = scope == EVERYTHING
        counter = None if everything or text.every is None else Counter(f"{discount_id}#usages", USAGES)
        discount = Discount(
            entry.name,
            numerator=left.numerator if left is not None else 1,
            denominator=left.denominator if left is not None else 1,
            amount_micros=micros,
            every_nth=text.every or 0,
            counter=counter,
            first_ms=(text.first or 0) * _SECOND_MS,
            calendar=calendar,
            bands=bands,
            conditions=scope.conditions,
            place=self._place(entry),
        )
        offers.discounts.append((scope, discount))

    def _bands(self, entry: Entry, text: DiscountText | BundleText) -> tuple[Calendar | None, frozenset[int]]:
        if text.calendar is None:
            if text.bands is not None:
                self._refuse(
                    (*entry.location, "bands"), "bands of which calendar?", "add 'calendar: NAME'", "T101"
                )
            return None, frozenset()
        at = (*entry.location, "calendar")
        calendar = self._surroundings.calendars.find(text.calendar, self._document, at)
        if text.bands is None:
            self._refuse(at, "in which bands of the calendar?", "add 'bands: [NAME]'", "T101")
        if calendar is None:
            return None, frozenset()
        found = set()
        for index, name in enumerate(text.bands or []):
            place: Location = (*entry.location, "bands", index)
            if place not in self._document.values:
                place = place[:-1]
            number = band_number(self._issues, self._document, place, calendar, name)
            if number is not None:
                found.add(number)
        return calendar, frozenset(found)

    def _fee(self, entry: Entry, tax: str) -> Fee | None:
        text = read_piece(self._issues, self._document, FeeText, entry.data, entry.location)
        if text is None:
            return None
        if (text.every is None) == (text.once is None):
            hint = "either: 'every: month' or 'once: activation'"
            self._refuse(entry.location, "a fee is due every period, or once", hint)
        for name in ("prorate", "in_advance"):
            if text.once is not None and getattr(text, name):
                self._refuse(
                    (*entry.location, name), f"{name!r} has no meaning for what is due once", "remove it"
                )
        if text.unpaid == "owe" and text.once is not None:
            self._refuse((*entry.location, "unpaid"), "what is due once is owed until it is paid", "remove it")
        return Fee(
            f"{self._owner}/{entry.name}",
            self._money(text.amount, (*entry.location, "amount")),
            every=PERIODS[text.every] if text.every else ONCE,
            event=_EVENTS[text.once] if text.once else NO_EVENT,
            prorate=text.prorate,
            in_advance=text.in_advance,
            tax=text.tax or tax,
            place=self._place(entry),
            unpaid=UNPAID_NAMES.index(text.unpaid) if text.unpaid else SUSPEND,
        )


def band_number(
    issues: IssueCollector, document: Document, location: Location, calendar: Calendar, name: str
) -> int | None:
    """The number of a band by its name; an issue where the calendar has none of it."""
    if name in calendar.bands:
        return calendar.bands.index(name)
    message = f"calendar {calendar.name!r} has no band {name!r}"
    issues.add(document.issue(location, message, f"its bands: {', '.join(calendar.bands)}", "T201"))
    return None


def is_plain(bundle: BundleDefinition) -> bool:
    """Whether a bundle says no more than the price of one rate can take into account."""
    plain = not bundle.conditions and bundle.services is None and bundle.priority == 0
    plain = plain and bundle.calendar is None and bundle.unit_kind != MONEY
    return plain and bundle.recurs == EVER and not bundle.shared
