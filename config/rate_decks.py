"""Rate decks: prices by prefix out of CSV files, up to millions of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from balance.quantity import AmountError, parse_micros
from config.deck_columns import ReadRows
from config.deck_file import MOST_LISTED, DeckError, DeckFile, hash_of_file, is_a_file
from config.deck_rows import (
    COLUMNS,
    INCREMENT,
    MINIMUM,
    OWN,
    VALID_FROM,
    VALID_UNTIL,
    Parse,
    RowReader,
)
from config.issues import Issue, TextError
from config.local_times import left_out
from config.named import Entry, Named, entries_of
from config.piece_reader import IssueCollector, read_piece
from config.price_slips import is_slip, slip_words, usual_level
from config.quantity_text import Quantity
from config.tariff_text import Increments, parse_increments, parse_moment
from config.text_pieces import identifier
from config.time_zones import epoch_ms
from config.yaml_nodes import Document
from config.zone_schema import RateDeckText
from rating.calendar import FAR_MS, Zone
from rating.decks import RateDeck
from rating.rates import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP

ROUNDING: Final = {"up": ROUND_UP, "half up": ROUND_HALF_UP, "down": ROUND_DOWN}
_REQUIRED: Final = ("prefix", "destination", "price")
_COLUMNS: Final = ("prefix", *COLUMNS)
_TENS: Final = (10**6, 10**5, 10**4, 10**3, 100, 10, 1)


class DeckOrigin(NamedTuple):
    """What a deck was read from, and the warnings of it: from the same again comes the same deck."""

    path: Path
    octets_hash: str
    text: RateDeckText
    zone: Zone
    warnings: list[Issue]
    unlisted: int


class PricedDeck(NamedTuple):
    """A deck, the currency of its prices, what they count, and the hash of all of its rows.

    ``counted`` has the deck for each other way of counting that a rule asked for, ``counted_before`` for those
    of the catalogue that was read before.
    """

    deck: RateDeck
    currency: str
    per: Quantity
    digest: str
    origin: DeckOrigin
    counted: dict[tuple[int, int], RateDeck]
    counted_before: dict[tuple[int, int], RateDeck]


def deck_with(priced: PricedDeck, increments: Increments) -> RateDeck:
    """The deck as a rule counts it; made once for each way of counting."""
    key = (increments.minimum, increments.increment)
    made = priced.counted.get(key) or priced.counted_before.get(key)
    if made is None:
        made = priced.deck.counted(increments.increment, increments.minimum)
    priced.counted[key] = made
    return made


def read_decks(
    issues: IssueCollector, documents: list[Document], zone: Zone, before: Mapping[str, PricedDeck]
) -> Named[PricedDeck]:
    """Every deck under ``rate_decks``; dates of rows are days of the network's time zone.

    ``before`` has those that were read before: one whose file and terms are the same is not read again.
    """
    found: Named[PricedDeck] = Named(issues, "rate deck")
    for entry in entries_of(issues, documents, "rate_decks"):
        text = read_piece(issues, entry.document, RateDeckText, entry.data, entry.location)
        priced = None
        if text is not None:
            try:
                identifier(entry.name)
            except TextError as error:
                issues.add(entry.document.issue(entry.location, str(error), error.hint, "T106", at_key=True))
            priced = _read_deck(issues, entry, text, zone, before.get(entry.name))
        found.add(entry, priced)
    return found


def _read_deck(
    issues: IssueCollector, entry: Entry, text: RateDeckText, zone: Zone, before: PricedDeck | None
) -> PricedDeck | None:
    path = entry.document.source.parent / text.file
    if not is_a_file(path):
        at = (*entry.location, "file")
        issues.add(entry.document.issue(at, f"there is no file {text.file!r} beside this one", "", "T001"))
        return None
    increment = text.increment
    if increment is not None and increment.unit_kind not in {0, text.per.unit_kind}:
        message = "the increment counts another kind of unit than the price"
        issues.add(entry.document.issue((*entry.location, "increment"), message, code="T109"))
        return None
    if before is not None and _is_unchanged(before.origin, path, text, zone):
        issues.add_all(before.origin.warnings, before.origin.unlisted)
        return before._replace(counted={}, counted_before=before.counted)
    deck = DeckFile(path, _COLUMNS, _REQUIRED)
    read = None
    with suppress(DeckError):
        read = _read_rows(deck, text, zone)
    wrong = any(issue.severity == "error" for issue in deck.issues)
    if read is not None and not wrong:
        _warn_of_slips(deck, read)
    issues.add_all(deck.issues, deck.unlisted)
    if wrong:
        return None
    if read is None or not read.count:
        issues.add(entry.document.issue((*entry.location, "file"), "the deck has no rows", "", "T501"))
        return None
    table, prices = read.table()
    made = RateDeck(entry.name, table, prices, str(path.name))
    if before is not None:
        made.share(before.deck)
    origin = DeckOrigin(path, deck.octets_hash, text, zone, deck.issues, deck.unlisted)
    return PricedDeck(made, text.currency, text.per, read.digest(), origin, {}, {})


def _is_unchanged(origin: DeckOrigin, path: Path, text: RateDeckText, zone: Zone) -> bool:
    """Whether a deck would be read again as it was."""
    same = path == origin.path and text == origin.text and zone.name == origin.zone.name
    return same and hash_of_file(path) == origin.octets_hash


def _read_rows(deck: DeckFile, text: RateDeckText, zone: Zone) -> ReadRows | None:
    """All rows of a file; None where it has none, DeckError where reading ends early."""
    reader: RowReader | None = None
    for lines, rows in deck.chunks():
        if reader is None:
            per = text.per
            reader = RowReader(
                deck, *_cells_of(text, zone), (per.unit_kind, per.units, ROUNDING[text.rounding])
            )
        reader.read(lines, rows)
    return None if reader is None else reader.finish()


def _cells_of(text: RateDeckText, zone: Zone) -> tuple[Parse, list[int]]:
    """What reads the cells of a deck, and the values of cells that are empty."""
    usual = text.increment or Increments(0, 1)
    values = [0] * (OWN + 1)
    values[INCREMENT], values[MINIMUM], values[VALID_UNTIL] = usual.increment, usual.minimum, FAR_MS

    def parse(column: int, cell: str) -> tuple[int, int]:
        if column in {INCREMENT, MINIMUM}:
            found = _increments(cell, text.per.unit_kind)
            return found.increment, found.minimum
        if column in {VALID_FROM, VALID_UNTIL}:
            return _instant(cell, zone), 0
        return _amount(cell), 0

    return parse, values


def _instant(text: str, zone: Zone) -> int:
    """The instant (ms) of a local time; TextError where the clocks leave it out."""
    moment = parse_moment(text)
    error = left_out(zone, moment)
    if error is not None:
        raise error
    return epoch_ms(zone, moment)


def _increments(text: str, unit_kind: int) -> Increments:
    """``60/1``, ``60 s``, or a bare number of what the price counts."""
    if text.isdecimal() and text.isascii() and len(text) < 16:
        if int(text) == 0:
            raise TextError("counts in steps of nothing", "at least 1")
        return Increments(int(text), int(text))
    found = parse_increments(text)
    if found.unit_kind not in {0, unit_kind}:
        raise TextError(f"{text!r} counts another kind of unit than the price", code="T109")
    return found


def _warn_of_slips(deck: DeckFile, read: ReadRows) -> None:
    """Warnings of prices a hundred times those of the same destination, or of the whole deck."""
    levels = read.levels()
    of_deck: dict[int, int] = {}
    for counts in levels:
        for level, rows in counts.items():
            of_deck[level] = of_deck.get(level, 0) + rows
    usual = usual_level(of_deck)
    names = read.destinations()
    strange: dict[tuple[int, int], str] = {}
    for destination, counts in enumerate(levels):
        near = usual_level(counts)
        for level in counts:
            if is_slip(level, near):
                name = names[destination].decode()
                strange[destination, level] = slip_words("the prefix", level, near, f"for {name!r}")
            elif is_slip(level, usual):
                strange[destination, level] = slip_words("the prefix", level, usual, "in this deck")
    if strange:
        for line, destination, level in read.lines_of(set(strange), MOST_LISTED):
            deck.warn(line, strange[destination, level], "if that is meant, leave it", "T903")


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
