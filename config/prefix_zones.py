"""Zones of called numbers, networks and locations: prefixes in the catalogue and in decks, and groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from config.deck_file import DeckError, DeckFile, digits_of, is_a_file, prefix_hint
from config.issues import TextError, did_you_mean
from config.named import Entry, entries_of, refuse
from config.piece_reader import IssueCollector, read_piece
from config.text_pieces import texts, zone_name
from config.yaml_nodes import Document, Location
from config.zone_schema import ZonesText
from rating.prefixes import PrefixZones, zones_of
from rating.situation import LOCATION_END

_COLUMNS: Final = ("prefix", "destination")
MOST_NETWORK: Final = 6
"""Digits of MCC and MNC."""
_KINDS: Final = {"destinations": "destination", "networks": "network", "locations": "location"}


class _Place(NamedTuple):
    """Where a prefix was given to a zone."""

    zone: bytes
    source: Path
    line: int


class ZoneNames:
    """Zones and groups of one of ``destinations``, ``networks`` and ``locations``, and who asked for them."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.kind = _KINDS[key]
        self.zones: set[bytes] = set()
        self.groups: dict[bytes, frozenset[bytes]] = {}
        self.used: set[bytes] = set()
        self.table: PrefixZones | None = None
        self.complete = True
        """False where a part could not be read: then an unknown name may be in it."""

    def members_of(self, name: str) -> frozenset[bytes] | None:
        """The zones that a name means: itself, or those of the group; None where nothing has this name."""
        key = name.encode()
        if key in self.groups:
            self.used |= self.groups[key] | {key}
            return self.groups[key]
        if key in self.zones:
            self.used.add(key)
            return frozenset({key})
        return None

    def unknown(self, name: str) -> TextError | None:
        """What is wrong with a name that nothing has; None where that is not certain."""
        if not self.complete:
            return None
        known = [zone.decode() for zone in sorted(self.zones | set(self.groups))]
        hint = f"name it under '{self.key}'"
        if known:
            hint = did_you_mean(name, known if len(known) <= 2000 else known[:2000])
            hint = hint if len(hint) < 400 else f"name it under '{self.key}'"
        return TextError(f"there is no {self.kind} {name!r}", hint, "T201")


def read_zones(
    issues: IssueCollector, documents: list[Document], key: str
) -> tuple[PrefixZones | None, ZoneNames]:
    """The zones under ``destinations``, ``networks`` or ``locations``; None where there are none."""
    reader = _ZoneReader(issues, documents, key)
    reader.names.table = reader.read()
    return reader.names.table, reader.names


class _ZoneReader:
    """Reads one of the three."""

    def __init__(self, issues: IssueCollector, documents: list[Document], key: str) -> None:
        self._issues = issues
        self._documents = documents
        self._key = key
        self._places: dict[bytes, _Place] = {}
        self._parse: Callable[[str], bytes | None] = _PARSERS[key]
        self._hint: Callable[[str], str] = _HINTS[key]
        self.names = ZoneNames(key)

    def read(self) -> PrefixZones | None:
        for document in self._documents:
            if self._key in document.data:
                data = document.data[self._key]
                text = read_piece(self._issues, document, ZonesText, data, (self._key,))
                if text is None:
                    self.names.complete = False
                else:
                    self._read_decks(document, text)
        for entry in entries_of(self._issues, self._documents, self._key, "prefixes"):
            self._read_prefixes(entry)
        self.names.zones = {place.zone for place in self._places.values()}
        self._read_groups()
        if not self._places:
            return None
        return zones_of({prefix: place.zone for prefix, place in self._places.items()}, self.names.groups)

    def _read_decks(self, document: Document, text: ZonesText) -> None:
        for index, name in enumerate(text.decks):
            path = document.source.parent / name
            if not is_a_file(path):
                at = (self._key, "decks", index)
                message = f"there is no file {name!r} beside this one"
                self._issues.add(document.issue(at, message, code="T001"))
                self.names.complete = False
                continue
            deck = DeckFile(path, _COLUMNS, _COLUMNS)
            try:
                self._read_deck(deck)
            except DeckError:
                self.names.complete = False
            self._issues.add_all(deck.issues, deck.unlisted)

    def _read_deck(self, deck: DeckFile) -> None:
        known: dict[str, bytes] = {}
        places = self._places
        for line, row in deck.rows():
            if len(deck.header) == 2 and deck.header[0] == "prefix":
                text, name = row
            else:
                text, name = row[deck.header.index("prefix")], row[deck.header.index("destination")]
            prefix = self._parse(text) if text else None
            if prefix is None:
                cell = deck.header.index("prefix")
                deck.refuse(line, f"{text!r} is not a prefix", self._hint(text), cell=cell)
                continue
            zone = known.get(name)
            if zone is None:
                try:
                    zone = zone_name(name).encode()
                except TextError as error:
                    deck.refuse(line, str(error), error.hint, cell=deck.header.index("destination"))
                    continue
                known[name] = zone
            other = places.get(prefix)
            if other is None:
                places[prefix] = _Place(zone, deck.source, line)
            elif other.zone == zone:
                deck.warn(line, f"prefix {text} is {name!r} in {other.source}:{other.line} already")
            else:
                place = f"{other.source}:{other.line}"
                message = f"prefix {text} is {name!r} here and {other.zone.decode()!r} in {place}"
                deck.refuse(line, message, "a prefix has one zone", "T503")

    def _read_prefixes(self, entry: Entry) -> None:
        document, name = entry.document, entry.name
        zone = self._name(entry)
        try:
            written = texts(entry.data)
        except TextError as error:
            refuse(self._issues, document, entry.location, error)
            self.names.complete = False
            return
        if zone is None:
            return
        for index, text in enumerate(written):
            at: Location = entry.location if isinstance(entry.data, str) else (*entry.location, index)
            prefix = self._parse(text)
            if prefix is None:
                self._issues.add(document.issue(at, f"{text!r} is not a prefix", self._hint(text)))
                self.names.complete = False
                continue
            other = self._places.get(prefix)
            line, _ = document.mark(at)
            if other is None:
                self._places[prefix] = _Place(zone, document.source, line)
                continue
            place = f"{other.source}:{other.line}"
            if other.zone == zone:
                self._issues.add(document.warning(at, f"prefix {text} stands in {place} already", code="T905"))
            else:
                message = f"prefix {text} is {name!r} here and {other.zone.decode()!r} in {place}"
                self._issues.add(document.issue(at, message, "a prefix has one zone", "T107"))

    def _name(self, entry: Entry) -> bytes | None:
        """The name of a zone or group; None, and an issue, where it is none."""
        try:
            return zone_name(entry.name).encode()
        except TextError as error:
            issue = entry.document.issue(entry.location, str(error), error.hint, "T106", at_key=True)
            self._issues.add(issue)
            self.names.complete = False
            return None

    def _read_groups(self) -> None:
        entries: dict[bytes, tuple[Entry, list[str]]] = {}
        for entry in entries_of(self._issues, self._documents, self._key, "groups"):
            key = self._name(entry)
            try:
                members = texts(entry.data)
            except TextError as error:
                refuse(self._issues, entry.document, entry.location, error)
                self.names.complete = False
                continue
            if key is None:
                continue
            if key in self.names.zones or key in entries:
                what = "group" if key in entries else self.names.kind
                message = f"{entry.name!r} is the name of a {what} already"
                self._issues.add(entry.document.issue(entry.location, message, code="T107", at_key=True))
            else:
                entries[key] = (entry, members)
        resolver = _GroupResolver(self._issues, self.names, entries)
        for key in entries:
            self.names.groups[key] = frozenset(resolver.members_of(key, []))


class _GroupResolver:
    """Finds the zones of groups that name groups, each group once, whatever refers to whatever."""

    def __init__(
        self, issues: IssueCollector, names: ZoneNames, entries: dict[bytes, tuple[Entry, list[str]]]
    ) -> None:
        self._issues = issues
        self._names = names
        self._entries = entries
        self._found: dict[bytes, set[bytes]] = {}

    def members_of(self, key: bytes, way: list[bytes]) -> set[bytes]:
        """The zones of a group; ``way`` are the groups that led here."""
        if key in self._found:
            return self._found[key]
        entry, members = self._entries[key]
        found: set[bytes] = set()
        for index, name in enumerate(members):
            at: Location = entry.location if isinstance(entry.data, str) else (*entry.location, index)
            member = name.encode(errors="replace")
            if member in self._names.zones:
                found.add(member)
                self._names.used.add(member)
            elif member == key or member in way:
                start = way.index(member) if member in way else len(way)
                circle = " > ".join(each.decode() for each in [*way[start:], key])
                message = f"group {name!r} contains itself: {circle} > {name}"
                self._issues.add(entry.document.issue(at, message, "name zones only", "T202"))
            elif member in self._entries:
                self._names.used.add(member)
                if len(way) >= 50:
                    message = "groups of groups, more than 50 deep"
                    self._issues.add(entry.document.issue(at, message, code="T006"))
                else:
                    found |= self.members_of(member, [*way, key])
            else:
                error = self._names.unknown(name)
                if error is not None:
                    refuse(self._issues, entry.document, at, error)
        self._found[key] = found
        return found


def _location_of(text: str) -> bytes | None:
    """The octets of a location's beginning; behind a network whole parts, so that cell 1 is not cell 10 too."""
    if not (text.isprintable() and 0 < len(text) <= 64 and text == text.strip()):
        return None
    whole = f"{text.removesuffix(LOCATION_END.decode())}{LOCATION_END.decode()}"
    return whole.encode() if LOCATION_END in text.encode() else text.encode()


def _network_of(text: str) -> bytes | None:
    """The digits of the beginning of an MCC and MNC, which may be zeros: 001 is that of test networks."""
    return text.encode() if text.isdecimal() and text.isascii() and len(text) <= MOST_NETWORK else None


_PARSERS: Final = {"destinations": digits_of, "networks": _network_of, "locations": _location_of}
_HINTS: Final = {
    "destinations": prefix_hint,
    "networks": lambda _: f"up to {MOST_NETWORK} digits, the beginning of MCC and MNC, such as 262 or 00101",
    "locations": lambda _: "up to 64 characters, the parts that a location begins with, such as 26201-4660",
}


def warn_of_unused_zones(issues: IssueCollector, documents: list[Document], names: ZoneNames) -> None:
    """Warnings for zones and groups of the catalogue's own lists that nothing asks for."""
    for part in ("prefixes", "groups"):
        for entry in entries_of(issues, documents, names.key, part):
            if entry.name.encode(errors="replace") not in names.used:
                what = names.kind if part == "prefixes" else f"group of {names.key}"
                message = f"nothing asks for {what} {entry.name!r}"
                issues.add(entry.document.warning(entry.location, message, code="T902", at_key=True))
