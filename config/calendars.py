"""Holidays and calendars out of a catalogue: every hour of every kind of day in one band."""

from __future__ import annotations

from typing import Final, NamedTuple

import holidays as holiday_library

from config.calendar_schema import BandText, CalendarText, HolidayText
from config.issues import TextError
from config.named import Entry, Named, entries_of, refuse
from config.piece_reader import IssueCollector, read_mapping, read_piece
from config.tariff_text import DAY_S, WEEKDAYS, clock_text, day_number, parse_day, parse_days, parse_hours
from config.text_pieces import texts
from config.yaml_nodes import Document, Location
from rating.calendar import HOLIDAY, Calendar

_EVERY_DAY: Final = frozenset(range(7))
_DAY_NAMES: Final = (*WEEKDAYS, "holidays")
_OTHERWISE: Final = "otherwise"
MOST_DATES: Final = 10_000
"""Dates that one name of holidays may have."""


class _Band(NamedTuple):
    """Where and when one band holds: its day types, and parts of those days."""

    number: int
    location: Location
    days: frozenset[int]
    hours: list[tuple[int, int]]


def read_holidays(issues: IssueCollector, documents: list[Document]) -> Named[frozenset[int]]:
    """The days (since 1970-01-01) of every name under ``holidays``."""
    found: Named[frozenset[int]] = Named(issues, "holidays")
    for entry in entries_of(issues, documents, "holidays"):
        found.add(entry, _holidays_of(issues, entry))
    return found


def _holidays_of(issues: IssueCollector, entry: Entry) -> frozenset[int] | None:
    if isinstance(entry.data, dict):
        text = read_piece(issues, entry.document, HolidayText, entry.data, entry.location)
        return None if text is None else _from_library(issues, entry, text)
    try:
        written = texts(entry.data)
    except TextError as error:
        refuse(issues, entry.document, entry.location, error)
        return None
    days: dict[int, int] = {}
    for index, word in enumerate(written):
        at: Location = entry.location if isinstance(entry.data, str) else (*entry.location, index)
        try:
            day = parse_day(word)
        except TextError as error:
            refuse(issues, entry.document, at, error)
            return None
        if day in days:
            issues.add(entry.document.warning(at, f"{word} stands here twice", code="T905"))
        days[day] = index
    return frozenset(days)


def _from_library(issues: IssueCollector, entry: Entry, text: HolidayText) -> frozenset[int] | None:
    """Dates are taken out of the library once: its own mappings grow when they are asked."""
    try:
        known = holiday_library.country_holidays(text.country, subdiv=text.subdivision, years=text.years)
        return frozenset(day_number(day) for day in known)
    except NotImplementedError:
        name = "country" if text.subdivision is None or not _is_country(text.country) else "subdivision"
        value = getattr(text, name)
        hint = "ISO 3166 codes such as DE and BE"
        if name == "subdivision":
            codes = holiday_library.list_supported_countries()[text.country]
            hint = f"known: {', '.join(sorted(codes))}" if codes else f"{text.country} has none: leave it out"
        message = f"no holidays are known for {name} {value!r}"
        issues.add(entry.document.issue((*entry.location, name), message, hint, "T204"))
        return None


def _is_country(code: str) -> bool:
    return code in holiday_library.list_supported_countries()


def read_calendars(
    issues: IssueCollector, documents: list[Document], holidays: Named[frozenset[int]]
) -> Named[Calendar]:
    """Every calendar under ``calendars``; one with hours in no band or in two is refused."""
    found: Named[Calendar] = Named(issues, "calendar")
    for entry in entries_of(issues, documents, "calendars"):
        found.add(entry, _CalendarReader(issues, entry, holidays).read())
    return found


class _CalendarReader:
    """Reads one calendar."""

    def __init__(self, issues: IssueCollector, entry: Entry, holidays: Named[frozenset[int]]) -> None:
        self._issues = issues
        self._entry = entry
        self._document = entry.document
        self._holidays = holidays
        self._dates: frozenset[int] = frozenset()
        self._holiday_name = ""
        self._wrong = False

    def read(self) -> Calendar | None:
        text = read_piece(self._issues, self._document, CalendarText, self._entry.data, self._entry.location)
        if text is None:
            return None
        at = (*self._entry.location, "bands")
        entries = read_mapping(self._issues, self._document, text.bands, at)
        pieces = {}
        rest = -1
        for index, (name, data) in enumerate(entries.items()):
            if data == _OTHERWISE:
                if rest >= 0:
                    self._refuse((*at, name), f"band {list(entries)[rest]!r} is what is left already", "T302")
                rest = index
                continue
            piece = read_piece(self._issues, self._document, BandText, data, (*at, name))
            if piece is None:
                self._wrong = True
            else:
                pieces[index] = (piece, (*at, name))
        if not entries:
            self._refuse(at, "a calendar without bands", "T301", "such as 'bands: {peak: {days: mon-fri}}'")
        bands = self._bands(pieces)
        days = None if self._wrong else self._days(bands, rest, list(entries))
        if days is None:
            return None
        subscriber = text.zone == "subscriber"
        return Calendar(self._entry.name, list(entries), days, self._dates, subscriber)

    def _refuse(self, location: Location, message: str, code: str, hint: str = "") -> None:
        self._wrong = True
        self._issues.add(self._document.issue(location, message, hint, code))

    def _bands(self, pieces: dict[int, tuple[BandText, Location]]) -> list[_Band]:
        """Bands with their day types: what names the holidays holds on them, then what holds every day."""
        named: dict[int, tuple[set[int | str], set[int | str], list[tuple[int, int]]]] = {}
        for index, (piece, at) in pieces.items():
            every: set[int | str] = set(_EVERY_DAY)
            days = self._day_words(piece.days, (*at, "days")) if piece.days else every
            without = self._day_words(piece.except_, (*at, "except")) if piece.except_ else set()
            named[index] = (days, without, self._hours(piece, at, every_day=days >= _EVERY_DAY))
        somebody = any(self._holiday_name in days for days, _, _ in named.values())
        found = []
        for index, (days, without, hours) in named.items():
            types = {day for day in days - without if isinstance(day, int)}
            holds = self._holiday_name in days or (not somebody and days >= _EVERY_DAY)
            if self._holiday_name and holds and self._holiday_name not in without:
                types.add(HOLIDAY)
            if not types:
                self._issues.add(
                    self._document.warning(pieces[index][1], "the band has no days", code="T904", at_key=True)
                )
            found.append(_Band(index, pieces[index][1], frozenset(types), hours))
        return found

    def _day_words(self, words: list[str], location: Location) -> set[int | str]:
        found: set[int | str] = set()
        for word in words:
            try:
                days = parse_days(word, self._holidays.names())
            except TextError as error:
                self._wrong = True
                refuse(self._issues, self._document, location, error)
                continue
            for name in days:
                if isinstance(name, str):
                    self._use_holidays(name, location)
            found |= days
        return found

    def _use_holidays(self, name: str, location: Location) -> None:
        dates = self._holidays.find(name, self._document, location)
        if self._holiday_name not in {"", name}:
            message = f"the calendar asks for holidays {self._holiday_name!r} and {name!r}"
            self._refuse(
                location, message, "T108", "a calendar knows one kind of holidays: make one list of both"
            )
        elif dates is None:
            self._wrong = True
        else:
            self._holiday_name, self._dates = name, dates

    def _hours(self, piece: BandText, at: Location, *, every_day: bool) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for text in piece.hours or ["00:00-24:00"]:
            try:
                start, end = parse_hours(text)
            except TextError as error:
                self._wrong = True
                refuse(self._issues, self._document, (*at, "hours"), error)
                continue
            if start < end:
                found.append((start, end))
                continue
            if not every_day:
                hint = f"name both parts: [00:00-{clock_text(end)}, {clock_text(start)}-24:00]"
                self._refuse((*at, "hours"), f"{text} goes over midnight, but not on every day", "T108", hint)
            found.append((start, DAY_S))
            if end:
                found.append((0, end))
        return found

    def _days(self, bands: list[_Band], rest: int, names: list[str]) -> list[list[tuple[int, int]]] | None:
        """The cuts of every type of day; None, and issues, where hours have no band or two."""
        days: list[list[tuple[int, int]]] = []
        rest_used = False
        for day in range(HOLIDAY + 1):
            if day == HOLIDAY and not self._holiday_name:
                days.append(days[6])
                continue
            cuts, used = self._cut_day(day, bands, rest, names)
            rest_used = rest_used or used
            days.append(cuts)
        if rest >= 0 and not rest_used and not self._wrong:
            at = (*self._entry.location, "bands", names[rest])
            message = f"nothing is left for band {names[rest]!r}: the others cover every hour"
            self._issues.add(self._document.warning(at, message, "remove it", "T904", at_key=True))
        return None if self._wrong else days

    def _cut_day(
        self, day: int, bands: list[_Band], rest: int, names: list[str]
    ) -> tuple[list[tuple[int, int]], bool]:
        parts = sorted((start, end, band) for band in bands if day in band.days for start, end in band.hours)
        cuts: list[tuple[int, int]] = []
        at = 0
        gaps = []
        for start, end, band in parts:
            if start < at:
                before = names[cuts[-1][1]]
                hours = f"{clock_text(start)}-{clock_text(min(at, end))}"
                other = self._document.mark((*self._entry.location, "bands", before), at_key=True)[0]
                message = f"{hours} on {_DAY_NAMES[day]} is in band {before!r} of line {other} too"
                self._refuse(band.location, message, "T302", "an hour has one band")
            if start > at:
                gaps.append((at, start))
                cuts.append((at, rest))
            cuts.append((start, band.number))
            at = max(at, end)
        if at < DAY_S:
            gaps.append((at, DAY_S))
            cuts.append((at, rest))
        if rest < 0 and gaps and not self._wrong:
            hours = ", ".join(f"{clock_text(start)}-{clock_text(end)}" for start, end in gaps)
            message = f"no band holds on {_DAY_NAMES[day]} {hours}"
            self._refuse(
                (*self._entry.location, "bands"), message, "T301", "add a band such as 'off-peak: otherwise'"
            )
        merged = [cut for n, cut in enumerate(cuts) if n == 0 or cut[1] != cuts[n - 1][1]]
        return merged, bool(gaps)
