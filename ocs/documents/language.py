"""A language of documents: its words, its numbers, its days and times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from ocs.documents.messages_file import SHIPPED, available_languages, read_messages
from ocs.documents.number_text import NumberText

TO: Final = "\N{EN DASH}"
"""Between the first and the last of something."""
DateLength = Literal["short", "medium", "long"]
_CLOCK: Final = "Hms"
"""CLDR's name of a time of day of 24 hours; bills have no use for am and pm."""
_PLAIN_CLOCKS: Final = {"HH:mm:ss": ":", "HH.mm.ss": "."}


_ISOLATE: Final = "\N{FIRST STRONG ISOLATE}"
_END_OF_ISOLATE: Final = "\N{POP DIRECTIONAL ISOLATE}"


class LanguageError(ValueError):
    """A language that no document can be written in; the message says which there are."""


class Language:
    """One language: ``code`` as customers have it (``de``, ``de-AT``), ``numbers``, and the methods below."""

    def __init__(self, code: str, locale: Locale, texts: Mapping[str, str]) -> None:
        self.code = code
        self.texts = texts
        self.numbers = NumberText(locale)
        self.right_to_left = locale.text_direction == "rtl"
        self.name = locale.language
        self.region = locale.territory or ""
        self._locale = locale
        pattern = str(locale.datetime_skeletons[_CLOCK].pattern)
        self._separator = _PLAIN_CLOCKS.get(pattern, ":")
        self._days: dict[tuple[str, DateLength], str] = {}

    def text(self, english: str, **values: str) -> str:
        """A sentence in this language, with values where it has ``{name}``; English where there is none."""
        sentence = self.texts.get(english, english)
        for name, value in values.items():
            sentence = sentence.replace(f"{{{name}}}", self.isolate(value))
        return sentence

    def isolate(self, value: str) -> str:
        """A value that keeps its own direction inside a sentence: ``2026-1`` stays ``2026-1``."""
        return f"{_ISOLATE}{value}{_END_OF_ISOLATE}" if self.right_to_left else value

    def day(self, iso: str, length: DateLength = "medium") -> str:
        """An ISO day as the language writes it: ``05.11.2026``."""
        found = self._days.get((iso, length))
        if found is None:
            found = self._days[iso, length] = format_date(date.fromisoformat(iso), length, self._locale)
        return found

    def span(self, first: str, last: str, length: DateLength = "medium") -> str:
        """The days from the first to the last, both included; one day alone where they are the same."""
        if last <= first:
            return self.day(first, length)
        return f"{self.day(first, length)} {TO} {self.day(last, length)}"

    def month(self, iso: str) -> str:
        """An ISO month (``2026-11``) with its name and year, as it stands by itself."""
        return format_skeleton("yMMMM", date.fromisoformat(f"{iso}-01"), locale=self._locale)

    def moment(self, iso: str) -> str:
        """An ISO local time (``2026-11-05T08:03:59...``) as day and time of day."""
        clock = iso[11:19] if self._separator == ":" else iso[11:19].replace(":", ".")
        return f"{self.isolate(self.day(iso[:10], 'short'))} {self.isolate(clock)}"

    def clock_span(self, seconds: int) -> str:
        """A length of time: ``1:02:03``."""
        sign = self.numbers.whole(-1)[:-1] if seconds < 0 else ""
        minutes, rest = divmod(abs(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{sign}{hours}:{minutes:02d}:{rest:02d}"

    def country(self, code: str) -> str:
        """The name of a country by its ISO 3166 code; the code itself where there is no name."""
        return str(self._locale.territories.get(code, code))

    def quantity(self, count: int, unit_kind: str) -> str:
        """So many ``octets``, ``seconds``, ``days`` or whatever else is counted one by one."""
        if unit_kind == "octets":
            return self.volume(count)
        if unit_kind == "seconds":
            return self.clock_span(count)
        if unit_kind == "days":
            return self.text("Days: {number}", number=self.numbers.whole(count))
        return self.numbers.whole(count)

    def volume(self, octets: int) -> str:
        """A volume of data in the unit that fits, of a thousand each as price lists have them: ``1.25 GB``."""
        size = abs(octets)
        for power, pattern in ((9, "{number} GB"), (6, "{number} MB"), (3, "{number} kB")):
            if size >= 10**power:
                return self.text(pattern, number=self.numbers.scaled(octets, power, 2))
        return self.text("{number} B", number=self.numbers.whole(octets))


@lru_cache(maxsize=64)
def open_language(code: str, own_messages: Path | None = None) -> Language:
    """The language of a code such as ``de`` or ``de-AT``, with an operator's own folder of words before ours.

    LanguageError where there is none: ours are what ``available_languages`` says. ConfigError where a file
    is wrong.
    """
    folders = [SHIPPED] if own_messages is None else [own_messages, SHIPPED]
    tag = code.replace("_", "-")
    known = available_languages(folders)
    base = tag.partition("-")[0].lower()
    if base not in known:
        raise LanguageError(f"no document can be written in {code!r}: languages are {', '.join(known)}")
    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        raise LanguageError(f"{code!r} is not a language: write it such as 'de' or 'de-AT'") from None
    return Language(code, locale, read_messages(base, folders))
