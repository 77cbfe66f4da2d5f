"""The words of customer files: each function reads one text, and raises TextError where it does not say it."""

from __future__ import annotations

import difflib
import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from balance.quantity import CURRENCY_CODES
from config.issues import TextError
from config.tariff_text import Moment, day_text, parse_day, parse_moment
from config.time_zones import zone_named

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
OPEN: Final = "open"
"""In the place of a day on which something ends: it holds on, also where it had ended."""
MOST_TERMS_DAYS: Final = 365
MOST_NAME: Final = 200
MOST_ADDRESS_LINES: Final = 8


class StatedAddon(NamedTuple):
    """An add-on as a file states it: local times."""

    addon_id: str
    start: Moment
    end: Moment | None


def read_id(text: str) -> str:
    """An id of ours: party, account, subscription, cycle."""
    if _ID.fullmatch(text) is None:
        raise TextError(f"{text!r} is not an id", "up to 64 letters, digits, '.', '_', '@', '+' and '-'")
    return text


def read_word(text: str) -> str:
    """A name without further meaning here: a plan, a group, a jurisdiction."""
    if not text.isprintable() or len(text) > MOST_NAME:
        raise TextError(f"{text[:40]!r} is not a name", f"up to {MOST_NAME} letters in one line")
    return text


def read_address(text: str) -> str:
    """Lines, separated by line ends or '|'; joined by line feeds."""
    lines = [line.strip() for line in re.split(r"[|\n]", text.replace("\r", ""))]
    if len(lines) > MOST_ADDRESS_LINES or any(
        not line.isprintable() or len(line) > MOST_NAME for line in lines
    ):
        raise TextError("this address is too long", f"up to {MOST_ADDRESS_LINES} lines of {MOST_NAME} letters")
    return "\n".join(line for line in lines if line)


@lru_cache(maxsize=1024)
def read_country(text: str) -> str:
    """Two letters of ISO 3166-1."""
    if text not in _countries():
        raise TextError(f"{text!r} is not a country", "the two letters of ISO 3166-1, such as DE or GB")
    return text


@lru_cache(maxsize=1024)
def read_language(text: str) -> str:
    """A language that documents can be written in, such as ``de`` or ``pt-BR``."""
    try:
        return str(Locale.parse(text.replace("_", "-"), sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        raise TextError(f"{text!r} is not a language", "such as en, de or pt-BR") from None


@lru_cache(maxsize=1024)
def read_currency(text: str) -> str:
    """Three letters of ISO 4217."""
    if text not in _currencies():
        near = _near_currency(text.upper())
        raise TextError(
            f"{text!r} is not a currency", f"did you mean {near!r}?" if near else "such as EUR or GBP"
        )
    return text


def _near_currency(text: str) -> str:
    """Of the currencies that prices may have and that are alike the one with most letters in their places."""
    near = difflib.get_close_matches(text, CURRENCY_CODES, n=len(CURRENCY_CODES))
    return max(near, key=lambda code: sum(map(str.__eq__, code, text)), default="")


@lru_cache(maxsize=1024)
def read_time_zone(text: str) -> str:
    """A time zone such as ``Europe/Berlin``."""
    zone_named(text)
    return text


def read_email(text: str) -> str:
    """An address for mail; it is not asked whether it exists."""
    if _EMAIL.fullmatch(text) is None:
        raise TextError(f"{text!r} is not an email address")
    return text


def read_msisdn(text: str) -> str:
    """A number of E.164 without plus."""
    return _digits(text, "msisdn", 5, "the E.164 number without plus")


def read_imsi(text: str) -> str:
    """An IMSI."""
    return _digits(text, "imsi", 6, "digits only")


def _digits(text: str, name: str, least: int, hint: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise TextError(f"{text!r} is not digits", hint)
    if not least <= len(text) <= 15:
        raise TextError(f"{name} {text!r} has {len(text)} digits, not {least} to 15")
    return text


def read_day_of_month(text: str) -> int:
    """1 to 28: a day that every month has."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 28):
        raise TextError(f"{text!r} is not a day that every month has", "1 to 28")
    return int(text)


def read_terms(text: str) -> int:
    """Days until an invoice is due."""
    number = text.removesuffix("d").strip()
    if not (number.isascii() and number.isdigit() and int(number) <= MOST_TERMS_DAYS):
        raise TextError(f"{text!r} are no payment terms", f"days, 0 to {MOST_TERMS_DAYS}")
    return int(number)


@lru_cache(maxsize=4096)
def read_day(text: str) -> str:
    """A day as ISO 8601 writes it."""
    return day_text(parse_day(text))


read_moment = lru_cache(maxsize=4096)(parse_moment)


def read_closing(text: str) -> str:
    """A day, or 'open'."""
    return text if text == OPEN else read_day(text)


def read_end(text: str) -> Moment | None:
    """A moment; None of 'open'."""
    return None if text == OPEN else read_moment(text)


def read_addons(text: str) -> tuple[StatedAddon, ...]:
    """``roam-week@2026-11-03 more@2026-11-03T18:00/2026-12-03``: add-ons from, and perhaps until."""
    return tuple([_addon(word) for word in text.split()])


def _addon(word: str) -> StatedAddon:
    addon_id, at, times = word.partition("@")
    if not (addon_id and at and times):
        raise TextError(
            f"{word!r} is not an add-on", "write it as roam-week@2026-11-03 or roam-week@2026-11-03/2026-11-10"
        )
    start, _, end = times.partition("/")
    return StatedAddon(addon_id, read_moment(start), read_moment(end) if end else None)


@cache
def _countries() -> frozenset[str]:
    codes = [str(code) for code in Locale("en").territories]
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha())


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())
