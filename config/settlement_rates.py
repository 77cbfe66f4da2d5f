"""The prices of one direction made into terms: each prefix and time has one, or both places are told."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from balance.quantity import OCTETS, SECONDS, SPECIFIC_UNITS, UNIT_NAMES
from config.issues import Issue
from config.named import Named
from config.piece_reader import IssueCollector, read_list, read_piece
from config.quantity_text import Price, Quantity
from config.settlement_deck import DeckLine, read_deck
from config.settlement_prices import Level, PriceReader
from config.settlement_schema import RateText
from config.settlement_terms import PrefixTerms, Term
from config.tariff_text import Increments, Moment
from config.time_zones import epoch_ms
from config.yaml_nodes import Data, Document, Location
from rating.calendar import FAR_MS, Calendar, Zone
from rating.decks import DeckRow, add_row, deck_of
from rating.periods import MONTH
from rating.rates import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Rate
from rating.rule import CHARGE, GrantPolicy, Rule
from rating.tariff import UNITS, Counter, Tariff, Tier

_ROUNDING: Final = {"up": ROUND_UP, "half up": ROUND_HALF_UP, "down": ROUND_DOWN}
_KINDS: Final = {"voice": SECONDS, "video": SECONDS, "data": OCTETS}
_NO_GRANT: Final = GrantPolicy(0, 0, 0, 0, 0)
_ONE_STEP: Final = Increments(1, 1)
_END_IT: Final = "end the earlier one with valid_until"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One checked entry of ``rates``, without its prices."""

    text: RateText
    at: Location
    name: str
    kind: int
    per: int
    calendar: Calendar | None
    levels: tuple[Level, ...]
    from_ms: int
    until_ms: int


class RateReader:
    """Reads the ``rates`` of one direction of an agreement. ``files`` takes the octets of decks by name."""

    def __init__(
        self,
        issues: IssueCollector,
        document: Document,
        direction: str,
        currency: str,
        zone: Zone,
        calendars: Named[Calendar],
        files: dict[str, bytes],
    ) -> None:
        self._issues = issues
        self._document = document
        self._direction = direction
        self._currency = currency
        self._zone = zone
        self._calendars = calendars
        self._files = files
        self._prices = PriceReader(issues, document, direction, currency)
        self._names: dict[str, Location] = {}
        self._terms: dict[str, list[Term]] = {}
        self._rows: dict[str, dict[bytes, list[DeckRow]]] = {}
        self._rules: dict[tuple[object, ...], Rule] = {}

    def read(self, data: Data, location: Location) -> dict[str, PrefixTerms]:
        """The terms by service; issues where anything is wrong."""
        for index, entry in enumerate(read_list(self._issues, self._document, data, location)):
            at = (*location, index)
            text = read_piece(self._issues, self._document, RateText, entry, at)
            checked = None if text is None else self._entry(text, at)
            if checked is not None:
                self._add_terms(checked)
        return {
            service: PrefixTerms(deck_of(f"{self._direction}/{service}", rows), tuple(self._terms[service]))
            for service, rows in self._rows.items()
        }

    def _refuse(self, location: Location, message: str, hint: str = "", code: str = "T104") -> None:
        self._issues.add(self._document.issue(location, message, hint, code))

    def _entry(self, text: RateText, at: Location) -> _Entry | None:
        name = text.name or f"{text.service}-{at[-1]}"
        if name in self._names:
            line, _ = self._document.mark(self._names[name])
            self._refuse((*at, "name"), f"the rate of line {line} is called {name!r} already", code="T107")
        self._names.setdefault(name, at)
        if (text.deck is None) == (text.price is None):
            found = "neither a deck nor a price" if text.deck is None else "a deck and a price"
            self._refuse(
                at, f"the rate has {found}", "either 'deck: FILE.csv' or 'price: 0.01 EUR per 60 s'", "T108"
            )
            return None
        for key in ("prefixes", "destination") if text.deck is not None else ("per",):
            if getattr(text, key) is not None:
                self._refuse((*at, key), f"{key!r} has no meaning here", "remove it", "T108")
        calendar = None
        if text.calendar is not None:
            calendar = self._calendars.find(text.calendar, self._document, (*at, "calendar"))
            if calendar is None:
                return None
        kind = self._kind(text, at)
        levels = self._prices.tiers(text, at, kind, calendar)
        begin = 0 if text.valid_from is None else epoch_ms(self._zone, Moment(text.valid_from, 0))
        end = FAR_MS if text.valid_until is None else epoch_ms(self._zone, Moment(text.valid_until, 0))
        if end <= begin:
            self._refuse((*at, "valid_until"), "valid_until is not after valid_from", code="T402")
            return None
        self._check_money(text, at)
        per = text.per.units if text.per is not None else (60 if kind == SECONDS else 1)
        return _Entry(text, at, name, kind, per, calendar, levels, begin, end)

    def _kind(self, text: RateText, at: Location) -> int:
        """Which units the rate counts, by its first price; by its service where that is free."""
        prices = list(text.price.values()) if isinstance(text.price, dict) else [text.price]
        kind = text.per.unit_kind if text.per is not None else _KINDS.get(text.service, SPECIFIC_UNITS)
        charged = [price for price in prices if price is not None and price.amount_micros]
        if charged:
            kind = charged[0].per.unit_kind
        increments = text.increment
        if increments is not None and increments.unit_kind not in {0, kind}:
            message = (
                f"an increment in {UNIT_NAMES[increments.unit_kind]}, but the price counts {UNIT_NAMES[kind]}"
            )
            self._refuse((*at, "increment"), message, "increment and price count the same kind of unit", "T109")
        return kind

    def _check_money(self, text: RateText, at: Location) -> None:
        fee = text.connection_fee
        if fee is not None and fee.currency != self._currency:
            message = f"a fee in {fee.currency}, but {self._direction} is in {self._currency}"
            self._refuse((*at, "connection_fee"), message, code="T109")

    def _add_terms(self, entry: _Entry) -> None:
        text = entry.text
        if text.price is not None:
            prices = tuple(self._prices.prices(text.price, (*entry.at, "price"), entry.kind, entry.calendar))
            line, _ = self._document.mark(entry.at)
            place = f"{self._document.source}:{line}"
            destination = text.destination or ("all" if text.prefixes is None else entry.name)
            for index, prefix in enumerate(text.prefixes or (b"",)):
                where: Location = (*entry.at, "prefixes", index) if text.prefixes else entry.at
                clash = self._add(entry, prefix, destination, prices, None, place)
                if clash:
                    self._refuse(where, _clash_message(prefix, clash), _END_IT, "T503")
            return
        path = self._deck_path(entry)
        octets = None if path is None else self._deck_octets(entry, path)
        if path is None or octets is None:
            return
        bands = [] if entry.calendar is None else entry.calendar.bands
        if entry.calendar is not None and _has_one_price(octets):
            bands = []
        for row in read_deck(self._issues, path, octets, bands):
            self._add_deck_line(entry, path, row)

    def _add_deck_line(self, entry: _Entry, path: Path, row: DeckLine) -> None:
        per = Quantity(entry.kind, entry.per)
        prices = tuple(Price(micros, self._currency, per) for micros in row.prices)
        if entry.calendar is not None and len(prices) == 1:
            prices *= len(entry.calendar.bands)
        clash = self._add(entry, row.prefix, row.destination, prices, row, f"{path}:{row.line}")
        if clash:
            message = _clash_message(row.prefix, clash)
            self._issues.add(Issue(path, row.line, 1, message, _END_IT, "T503"))

    def _deck_path(self, entry: _Entry) -> Path | None:
        name = entry.text.deck or ""
        relative = Path(name)
        if relative.is_absolute() or ".." in relative.parts:
            self._refuse(
                (*entry.at, "deck"), f"{name!r} leads out of the folder", "decks lie beside the agreement"
            )
            return None
        return self._document.source.parent.joinpath(relative)

    def _deck_octets(self, entry: _Entry, path: Path) -> bytes | None:
        try:
            octets = path.read_bytes()
        except OSError as error:
            self._refuse((*entry.at, "deck"), f"{path} can not be read: {error.strerror}", code="T001")
            return None
        self._files[Path(entry.text.deck or "").as_posix()] = octets
        return octets

    def _add(
        self,
        entry: _Entry,
        prefix: bytes,
        destination: str,
        prices: tuple[Price, ...],
        row: DeckLine | None,
        place: str,
    ) -> str:
        """Add the term of a prefix; the place of the one that holds at the same time, where there is one."""
        begin, end = entry.from_ms, entry.until_ms
        if row is not None and row.valid_from is not None:
            begin = max(begin, epoch_ms(self._zone, Moment(row.valid_from, 0)))
        if row is not None and row.valid_until is not None:
            end = min(end, epoch_ms(self._zone, Moment(row.valid_until, 0)))
        if begin >= end or not prices:
            return ""
        terms = self._terms.setdefault(entry.text.service, [])
        rows = self._rows.setdefault(entry.text.service, {})
        rule = self._rule(entry, destination, prices, row)
        rate = Rate(entry.kind, 0, 1, 1, ROUND_HALF_UP)
        other = add_row(
            rows,
            prefix,
            DeckRow(destination.encode(), rate, valid_from_ms=begin, valid_until_ms=end, line=len(terms)),
        )
        if other is not None:
            return terms[other.line].place
        terms.append(Term(destination, rule, place))
        return ""

    def _rule(self, entry: _Entry, destination: str, prices: tuple[Price, ...], row: DeckLine | None) -> Rule:
        """The rule of a price, one for all prefixes that have the same."""
        increments = (row.increments if row is not None else None) or entry.text.increment or _ONE_STEP
        fee = row.connection_fee if row is not None else None
        if fee is None:
            fee = 0 if entry.text.connection_fee is None else entry.text.connection_fee.micros
        counted = destination if entry.text.tiers is not None and entry.text.tiers_of == "destination" else ""
        key = (entry.name, prices, increments.minimum, increments.increment, fee, counted)
        known = self._rules.get(key)
        if known is not None:
            return known
        rounding = _ROUNDING[entry.text.rounding]
        counter = None
        if entry.text.tiers is not None:
            counter_id = "/".join(filter(None, (self._direction, entry.name, counted)))
            counter = Counter(counter_id, UNITS, entry.kind, MONTH)
        tiers = [
            Tier(level.up_to, [_rate(price, level.keeps, rounding) for price in level.prices or prices])
            for level in entry.levels
        ]
        tariff = Tariff(
            entry.kind,
            tiers,
            increment=increments.increment,
            minimum=increments.minimum,
            rounding=rounding,
            connection_fee_micros=fee,
            calendar=entry.calendar,
            tier_counter=counter,
            counts=[] if counter is None else [counter],
            currency=self._currency,
        )
        rule = Rule(f"{self._direction}/{entry.name}", CHARGE, tiers[0].rates[0], _NO_GRANT, tariff=tariff)
        self._rules[key] = rule
        return rule


def _rate(price: Price, keeps: Fraction, rounding: int) -> Rate:
    """The price less a discount, for as many units as it was stated for where that gives whole micros."""
    reduced = price.amount_micros * keeps
    micros, per = reduced.as_integer_ratio()
    return Rate(price.per.unit_kind, micros, price.per.units * per, 1, rounding)


def _clash_message(prefix: bytes, place: str) -> str:
    what = f"prefix {prefix.decode()}" if prefix else "a price for all numbers"
    return f"{what} is in {place} already, for the same time"


def _has_one_price(octets: bytes) -> bool:
    """Whether the header of a deck has the column ``price``: then all bands cost the same."""
    header = octets.partition(b"\n")[0].decode("utf-8-sig", "replace")
    return "price" in [name.strip().strip('"') for name in header.split(",")]
