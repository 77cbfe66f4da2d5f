"""Rate decks: prices by prefix out of CSV files, up to millions of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

from balance.quantity import AmountError, parse_micros
from config.deck_file import MOST_DIGITS, DeckError, DeckFile, digits_of, prefix_hint
from config.issues import TextError
from config.named import Entry, Named, entries_of
from config.piece_reader import IssueCollector, read_piece
from config.price_slips import is_slip, slip_words, usual_level
from config.quantity_text import Quantity
from config.tariff_text import Increments, parse_increments, parse_moment
from config.text_pieces import identifier, zone_name
from config.time_zones import epoch_ms
from config.yaml_nodes import Document
from config.zone_schema import RateDeckText
from rating.calendar import FAR_MS, Zone
from rating.decks import DeckRow, RateDeck, add_row
from rating.rates import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Rate

ROUNDING: Final = {"up": ROUND_UP, "half up": ROUND_HALF_UP, "down": ROUND_DOWN}
_REQUIRED: Final = ("prefix", "destination", "price")
_COLUMNS: Final = (*_REQUIRED, "connection_fee", "increment", "minimum", "valid_from", "valid_until")
_MOST_DATES: Final = 100
"""Rows that one prefix may have, each for its time."""
_MOST_REMEMBERED: Final = 200_000
"""Different ends of rows that need no second parsing."""
_ZERO: Final = ord("0")
_TENS: Final = (10**6, 10**5, 10**4, 10**3, 100, 10, 1)
Value = TypeVar("Value")


class PricedDeck(NamedTuple):
    """A deck, the currency of its prices, what they count, and the hash of all of its rows."""

    deck: RateDeck
    currency: str
    per: Quantity
    digest: str
    own_lines: set[int]
    """Lines of rows that say how they count."""
    counted: dict[tuple[int, int], RateDeck]


def deck_with(priced: PricedDeck, increments: Increments) -> RateDeck:
    """The deck as a rule counts it; made once for each way of counting."""
    key = (increments.minimum, increments.increment)
    made = priced.counted.get(key)
    if made is None:
        rows: dict[bytes, DeckRow] = {}
        for prefix, first in priced.deck.rows.items():
            row: DeckRow | None = first
            while row is not None:
                own = row.line in priced.own_lines
                counting = Increments(row.minimum, row.increment) if own else increments
                add_row(rows, prefix, _counted(row, counting))
                row = row.another
        made = RateDeck(priced.deck.deck_id, rows, priced.deck.source)
        priced.counted[key] = made
    return made


def _counted(row: DeckRow, increments: Increments) -> DeckRow:
    return DeckRow(
        row.destination,
        row.rate,
        increments.increment,
        increments.minimum,
        row.connection_fee_micros,
        row.valid_from_ms,
        row.valid_until_ms,
        row.line,
    )


class _Tail(NamedTuple):
    """What a row says beside its prefix."""

    destination: bytes
    rate: Rate
    increment: int
    minimum: int
    connection_fee_micros: int
    valid_from_ms: int
    valid_until_ms: int


class _CellError(Exception):
    """A cell that can not be read."""

    def __init__(self, column: str, error: TextError) -> None:
        super().__init__(column)
        self.column = column
        self.error = error


def read_decks(issues: IssueCollector, documents: list[Document], zone: Zone) -> Named[PricedDeck]:
    """Every deck under ``rate_decks``; dates of rows are days of the network's time zone."""
    found: Named[PricedDeck] = Named(issues, "rate deck")
    for entry in entries_of(issues, documents, "rate_decks"):
        text = read_piece(issues, entry.document, RateDeckText, entry.data, entry.location)
        priced = None
        if text is not None:
            try:
                identifier(entry.name)
            except TextError as error:
                issues.add(entry.document.issue(entry.location, str(error), error.hint, "T106", at_key=True))
            priced = _read_deck(issues, entry, text, zone)
        found.add(entry, priced)
    return found


def _read_deck(issues: IssueCollector, entry: Entry, text: RateDeckText, zone: Zone) -> PricedDeck | None:
    path = entry.document.source.parent / text.file
    if not path.is_file():
        at = (*entry.location, "file")
        issues.add(entry.document.issue(at, f"there is no file {text.file!r} beside this one", "", "T001"))
        return None
    increment = text.increment
    if increment is not None and increment.unit_kind not in {0, text.per.unit_kind}:
        message = "the increment counts another kind of unit than the price"
        issues.add(entry.document.issue((*entry.location, "increment"), message, code="T109"))
        return None
    deck = DeckFile(path, _COLUMNS, _REQUIRED)
    reader = _DeckReader(deck, text, zone)
    with suppress(DeckError):
        reader.read()
    if not any(issue.severity == "error" for issue in deck.issues):
        reader.warn_of_slips()
    issues.add_all(deck.issues, deck.unlisted)
    if any(issue.severity == "error" for issue in deck.issues):
        return None
    if not reader.rows:
        issues.add(entry.document.issue((*entry.location, "file"), "the deck has no rows", "", "T501"))
        return None
    made = RateDeck(entry.name, reader.rows, str(path.name))
    return PricedDeck(made, text.currency, text.per, reader.digest(), reader.own_lines, {})


class _DeckReader:
    """One pass over a file."""

    def __init__(self, deck: DeckFile, text: RateDeckText, zone: Zone) -> None:
        self._deck = deck
        self._text = text
        self._zone = zone
        self._rounding = ROUNDING[text.rounding]
        self._usual = text.increment or Increments(0, 1)
        self._rates: dict[str, Rate] = {}
        self._tails: dict[tuple[str, ...], tuple[_Tail, bytes, bool]] = {}
        self._destinations: dict[str, bytes] = {}
        self._counting: dict[str, Increments] = {}
        self._digest = 0
        self.own_lines: set[int] = set()
        self._dates: dict[bytes, int] = {}
        self.rows: dict[bytes, DeckRow] = {}

    def read(self) -> None:
        """Fill ``rows``; DeckError where reading ends early."""
        deck, rows, tails = self._deck, self.rows, self._tails
        at = -1
        for line, row in deck.rows():
            if at < 0:
                at = deck.header.index("prefix")
            text = row.pop(at)
            prefix = text.encode()
            if not prefix.isdigit() or prefix[0] == _ZERO or len(prefix) > MOST_DIGITS:
                plus = digits_of(text) if text else None
                if plus is None:
                    deck.refuse(line, f"{text!r} is not a prefix", prefix_hint(text), cell=at)
                    continue
                prefix = plus
            key = tuple(row)
            tail = tails.get(key) or self._new_tail(line, at, key)
            if tail is None:
                continue
            fields, meaning, own = tail
            made = DeckRow(*fields, line)
            if own:
                self.own_lines.add(line)
            if prefix in rows:
                self._add_dated(prefix, made)
            else:
                rows[prefix] = made
            self._digest += int.from_bytes(hashlib.sha256(prefix + meaning).digest())

    def _new_tail(self, line: int, at: int, cells: tuple[str, ...]) -> tuple[_Tail, bytes, bool] | None:
        names = [name for index, name in enumerate(self._deck.header) if index != at]
        try:
            by_name = dict(zip(names, cells, strict=True))
            fields = self._tail(by_name)
        except _CellError as error:
            cell = self._deck.header.index(error.column)
            self._deck.refuse(line, f"{error.column}: {error.error}", error.error.hint, cell=cell)
            return None
        found = (fields, _meaning(fields), bool(by_name.get("increment") or by_name.get("minimum")))
        if len(self._tails) < _MOST_REMEMBERED:
            self._tails[cells] = found
        return found

    def _add_dated(self, prefix: bytes, row: DeckRow) -> None:
        """Put one more row for a prefix; each is a step of a lookup, so they are few."""
        self._dates[prefix] = self._dates.get(prefix, 1) + 1
        if self._dates[prefix] > _MOST_DATES:
            words = f"more than {_MOST_DATES} rows for prefix {prefix.decode()}"
            self._deck.refuse(row.line, words, code="T007")
            return
        other = add_row(self.rows, prefix, row)
        if other is not None:
            words = f"prefix {prefix.decode()} has a row at the same time in line {other.line}"
            self._deck.refuse(row.line, words, "a prefix has one price at a time", "T503")

    def _tail(self, cells: dict[str, str]) -> _Tail:
        name = cells["destination"]
        destination = self._destinations.get(name)
        if destination is None:
            destination = _parsed("destination", cells, zone_name).encode()
            if len(self._destinations) < _MOST_REMEMBERED:
                self._destinations[name] = destination
        rate = self._rate(cells["price"])
        fee = _parsed("connection_fee", cells, _amount) if cells.get("connection_fee") else 0
        counting = self._usual
        if cells.get("increment"):
            counting = _parsed("increment", cells, self._increments)
        minimum = 0 if counting.minimum == counting.increment else counting.minimum
        if cells.get("minimum"):
            minimum = _parsed("minimum", cells, self._increments).increment
        start = _parsed("valid_from", cells, self._instant) if cells.get("valid_from") else 0
        end = _parsed("valid_until", cells, self._instant) if cells.get("valid_until") else FAR_MS
        if end <= start:
            raise _CellError("valid_until", TextError("the row ends before it begins"))
        return _Tail(destination, rate, counting.increment, minimum, fee, start, end)

    def _increments(self, text: str) -> Increments:
        """``60/1``, ``60 s``, or a bare number of what the price counts."""
        found = self._counting.get(text)
        if found is None:
            found = self._parse_increments(text)
            if len(self._counting) < _MOST_REMEMBERED:
                self._counting[text] = found
        return found

    def _parse_increments(self, text: str) -> Increments:
        if text.isdecimal() and text.isascii() and len(text) < 16:
            if int(text) == 0:
                raise TextError("counts in steps of nothing", "at least 1")
            return Increments(int(text), int(text))
        found = parse_increments(text)
        if found.unit_kind not in {0, self._text.per.unit_kind}:
            raise TextError(f"{text!r} counts another kind of unit than the price", code="T109")
        return found

    def _instant(self, text: str) -> int:
        return epoch_ms(self._zone, parse_moment(text))

    def _rate(self, text: str) -> Rate:
        rate = self._rates.get(text)
        if rate is None:
            per = self._text.per
            try:
                rate = Rate(per.unit_kind, _amount(text), per.units, 1, self._rounding)
            except TextError as error:
                raise _CellError("price", error) from None
            if len(self._rates) < _MOST_REMEMBERED:
                self._rates[text] = rate
        return rate

    def digest(self) -> str:
        """A hash of what all rows say, whatever their order and spelling."""
        return f"{self._digest % (1 << 256):064x}"

    def warn_of_slips(self) -> None:
        """Warnings of prices a hundred times those of the same destination, or of the whole deck."""
        by_destination: dict[bytes, dict[int, int]] = {}
        of_deck: dict[int, int] = {}
        for row in self.rows.values():
            level = row.rate.price_micros
            counts = by_destination.setdefault(row.destination, {})
            counts[level] = counts.get(level, 0) + 1
            of_deck[level] = of_deck.get(level, 0) + 1
        usual = usual_level(of_deck)
        strange: dict[tuple[bytes, int], str] = {}
        for destination, counts in by_destination.items():
            near = usual_level(counts)
            for level in counts:
                if is_slip(level, near):
                    strange[destination, level] = slip_words(
                        "the prefix", level, near, f"for {destination.decode()!r}"
                    )
                elif is_slip(level, usual):
                    strange[destination, level] = slip_words("the prefix", level, usual, "in this deck")
        if strange:
            for row in self.rows.values():
                words = strange.get((row.destination, row.rate.price_micros))
                if words is not None:
                    self._deck.warn(row.line, words, "if that is meant, leave it", "T903")


def _meaning(row: _Tail) -> bytes:
    rate = row.rate
    return b":%b,%d,%d,%d,%d,%d,%d,%d,%d" % (
        row.destination,
        rate.numerator,
        rate.denominator,
        rate.rounding,
        row.increment,
        row.minimum,
        row.connection_fee_micros,
        row.valid_from_ms,
        row.valid_until_ms,
    )


def _amount(text: str) -> int:
    whole, _, decimals = text.partition(".")
    digits = whole + decimals
    if digits.isdecimal() and digits.isascii() and whole and len(whole) < 10 and len(decimals) <= 6:
        return int(digits) * _TENS[len(decimals)]
    if text.startswith("-"):
        raise TextError(f"{text!r} is below zero")
    try:
        return parse_micros(text)
    except AmountError as error:
        hint = "a point before the decimals" if "," in text else "a decimal number such as 0.05"
        raise TextError(str(error), hint) from None


def _parsed(column: str, cells: dict[str, str], parse: Callable[[str], Value]) -> Value:
    try:
        return parse(cells[column])
    except TextError as error:
        raise _CellError(column, error) from None
