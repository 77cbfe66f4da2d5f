"""What all plans of a catalogue share: zones, calendars, decks, exchange rates, the network's time."""

from __future__ import annotations

from dataclasses import dataclass, field

from config.calendars import read_calendars, read_holidays
from config.issues import TextError
from config.kept_pieces import KeptPieces
from config.local_times import read_instant
from config.named import Named, refuse
from config.piece_reader import IssueCollector, read_list, read_piece
from config.prefix_zones import ZoneNames, read_zones, warn_of_unused_zones
from config.rate_decks import PricedDeck, read_decks
from config.tariff_text import Moment, moment_text
from config.text_pieces import one_text
from config.time_zones import zone_named
from config.yaml_nodes import Document, Location
from config.zone_schema import ExchangeRateText, NumberingText
from rating.calendar import FAR_MS, UTC, Calendar, Zone
from rating.exchange import ExchangeRate, ExchangeRates
from rating.numbering import Numbering
from rating.prefixes import PrefixZones
from rating.sharing import Sharing


@dataclass
class Surroundings:
    """Everything that plans refer to by name."""

    zone: Zone
    numbering: Numbering | None
    holidays: Named[frozenset[int]]
    calendars: Named[Calendar]
    decks: Named[PricedDeck]
    zones: dict[str, ZoneNames]
    tables: dict[str, PrefixZones | None]
    exchange: ExchangeRates
    rates: list[tuple[ExchangeRate, Document, Location]] = field(default_factory=list)
    used_rates: set[tuple[str, str]] = field(default_factory=set)
    sharing: Sharing = field(default_factory=Sharing)

    def instant(
        self,
        issues: IssueCollector,
        document: Document,
        location: Location,
        moment: Moment | None,
        otherwise: int,
    ) -> int:
        """The instant of a date or time in the network's time zone; an issue where there is no such time."""
        if moment is None:
            return otherwise
        return read_instant(issues, document, location, self.zone, moment)

    def local_text(self, instant_ms: int) -> str:
        """An instant as the network's local date, or date and time."""
        seconds = instant_ms // 1000
        return moment_text(seconds + self.zone.offset_s(seconds))

    def place(self, document: Document, location: Location) -> str:
        """Where something stands, for traces."""
        line, _ = document.mark(location)
        return f"{document.source.name}:{line}"


def read_surroundings(
    issues: IssueCollector, documents: list[Document], before: KeptPieces | None = None
) -> Surroundings:
    """Everything but services, grants, plans, add-ons and examples.

    ``before`` are pieces of the catalogue that was read before: what is the same is taken over.
    """
    before = KeptPieces() if before is None else before
    zone = UTC
    numbering = None
    for document in documents:
        if "time_zone" in document.data:
            zone = read_zone(issues, document, ("time_zone",)) or zone
        if "numbering" in document.data:
            data = document.data["numbering"]
            text = read_piece(issues, document, NumberingText, data, ("numbering",))
            if text is not None:
                prefixes = (text.national_prefix.encode(), text.international_prefix.encode())
                numbering = Numbering(text.country.encode(), *prefixes, text.national_digits)
    holidays = read_holidays(issues, documents)
    calendars = read_calendars(issues, documents, holidays)
    found = {key: read_zones(issues, documents, key) for key in ("destinations", "networks", "locations")}
    rates = _exchange_rates(issues, documents, zone)
    return Surroundings(
        zone,
        numbering,
        holidays,
        calendars,
        read_decks(issues, documents, zone, before.decks),
        {key: names for key, (_, names) in found.items()},
        {key: before.zones_like(key, table) for key, (table, _) in found.items()},
        ExchangeRates([rate for rate, _, _ in rates]),
        rates,
    )


def read_zone(issues: IssueCollector, document: Document, location: Location) -> Zone | None:
    """The time zone whose name stands at a place."""
    data = document.data
    for step in location:
        data = data[step]  # type: ignore[index, assignment]  # the place is one that was read
    try:
        return zone_named(one_text(data))
    except TextError as error:
        refuse(issues, document, location, error)
        return None


def warn_of_unused(issues: IssueCollector, documents: list[Document], found: Surroundings) -> None:
    """A warning for everything shared that no plan asks for."""
    found.holidays.warn_of_unused()
    found.calendars.warn_of_unused()
    found.decks.warn_of_unused()
    for names in found.zones.values():
        warn_of_unused_zones(issues, documents, names)
    for rate, document, location in found.rates:
        if (rate.source, rate.target) not in found.used_rates:
            message = f"no price in {rate.source} is on a plan in {rate.target}"
            issues.add(document.warning(location, message, code="T902"))


def _exchange_rates(
    issues: IssueCollector, documents: list[Document], zone: Zone
) -> list[tuple[ExchangeRate, Document, Location]]:
    found: list[tuple[ExchangeRate, Document, Location]] = []
    begun: dict[tuple[str, str, int], str] = {}
    for document in documents:
        if "exchange_rates" not in document.data:
            continue
        entries = read_list(issues, document, document.data["exchange_rates"], ("exchange_rates",))
        for index, entry in enumerate(entries):
            at: Location = ("exchange_rates", index)
            text = read_piece(issues, document, ExchangeRateText, entry, at)
            if text is None:
                continue
            start, end = 0, FAR_MS
            if text.valid_from is not None:
                start = read_instant(issues, document, (*at, "valid_from"), zone, text.valid_from)
            if text.valid_until is not None:
                end = read_instant(issues, document, (*at, "valid_until"), zone, text.valid_until)
            if end <= start:
                issues.add(document.issue((*at, "valid_until"), "the rate ends before it begins", code="T402"))
            if text.from_ == text.to:
                issues.add(document.issue((*at, "to"), "a rate from a currency to itself", code="T108"))
            line, _ = document.mark(at)
            place = f"{document.source.name}:{line}"
            key = (text.from_, text.to, start)
            if key in begun:
                message = f"the rate of {text.from_} in {text.to} from this day on is in {begun[key]} already"
                issues.add(document.issue(at, message, code="T107"))
            begun.setdefault(key, place)
            factor = text.rate
            rate = ExchangeRate(text.from_, text.to, factor.numerator, factor.denominator, start, end, place)
            found.append((rate, document, at))
    return found
