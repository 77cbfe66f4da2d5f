"""The small texts of a price list: ``1 GB``, ``60 s``, ``1.00 EUR per 1 MB``, ``20 %``.

Every parse_ function raises TextError, with a hint, where the text is none of its kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from balance.quantity import (
    CURRENCY_CODES,
    OCTETS,
    SECONDS,
    SPECIFIC_UNITS,
    UNIT_NAMES,
    AmountError,
    format_micros,
    parse_micros,
)
from config.issues import TextError, did_you_mean

LIMIT_UNITS: Final = 1 << 53
"""No quantity in a file reaches this: nine petabytes, and exact in every tool that reads our files."""

UNITS: Final = {
    "octet": (OCTETS, 1), "octets": (OCTETS, 1), "byte": (OCTETS, 1), "bytes": (OCTETS, 1), "B": (OCTETS, 1),
    "kB": (OCTETS, 10**3), "MB": (OCTETS, 10**6), "GB": (OCTETS, 10**9), "TB": (OCTETS, 10**12),
    "KiB": (OCTETS, 1 << 10), "MiB": (OCTETS, 1 << 20), "GiB": (OCTETS, 1 << 30), "TiB": (OCTETS, 1 << 40),
    "s": (SECONDS, 1), "second": (SECONDS, 1), "seconds": (SECONDS, 1),
    "min": (SECONDS, 60), "minute": (SECONDS, 60), "minutes": (SECONDS, 60),
    "h": (SECONDS, 3600), "hour": (SECONDS, 3600), "hours": (SECONDS, 3600),
    "d": (SECONDS, 86_400), "day": (SECONDS, 86_400), "days": (SECONDS, 86_400),
    "unit": (SPECIFIC_UNITS, 1), "units": (SPECIFIC_UNITS, 1),
    "message": (SPECIFIC_UNITS, 1), "messages": (SPECIFIC_UNITS, 1),
    "event": (SPECIFIC_UNITS, 1), "events": (SPECIFIC_UNITS, 1),
}  # fmt: skip
"""Unit words: the kind of unit and how many of it one is. MB is a million octets, MiB is 2^20."""

_QUANTITY: Final = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?)?\s*([A-Za-z]+)?")
_PRICE: Final = re.compile(r"(-?[0-9][0-9_]*(?:\.[0-9]+)?)\s+([A-Za-z]{3})\s+per\s+(.+)")
_FREE: Final = re.compile(r"free(?:\s+per\s+(.+))?")
_WHOLE: Final = re.compile(r"[0-9]{1,19}")
_PERCENT: Final = re.compile(r"([0-9]{1,3})\s*%")
_SIZE_HINT: Final = "write a size such as '10 MB', '1 MiB', '60 s', '1 h' or '1 unit'"
_PRICE_HINT: Final = "write a price such as '1.00 EUR per 1 MB', '0.05 EUR per 60 s' or 'free'"
_NUMBER_HINT: Final = "a point before the decimals, nothing or an underscore between the thousands"


@dataclass(frozen=True)
class Quantity:
    """So many units of one kind (OCTETS, SECONDS or SPECIFIC_UNITS)."""

    unit_kind: int
    units: int

    @property
    def kind_name(self) -> str:
        """The kind of unit, for messages."""
        return UNIT_NAMES[self.unit_kind]


@dataclass(frozen=True)
class Price:
    """A price per quantity; ``currency`` is empty where the service is free."""

    amount_micros: int
    currency: str
    per: Quantity


def parse_quantity(text: str, least: int = 1) -> Quantity:
    """The quantity of a text such as ``1 GB`` or ``MB``: a whole number of units, 1 or more without a word."""
    found = _QUANTITY.fullmatch(text.strip())
    if found is None or not text.strip():
        hint = _NUMBER_HINT if "," in text else _SIZE_HINT
        raise TextError(f"{text!r} is not a quantity", hint)
    number, word = found.groups()
    if word is None:
        raise TextError(f"{text!r} has no unit", _SIZE_HINT)
    if word not in UNITS:
        raise TextError(f"{word!r} is not a unit", did_you_mean(word, UNITS))
    unit_kind, size = UNITS[word]
    units = Decimal((number or "1").replace("_", "")) * size
    if units != units.to_integral_value():
        raise TextError(f"{text!r} is not a whole number of {UNIT_NAMES[unit_kind]}")
    if not least <= units < LIMIT_UNITS:
        raise TextError(f"{text!r} is not between {least} and {LIMIT_UNITS - 1} {UNIT_NAMES[unit_kind]}")
    return Quantity(unit_kind, int(units))


def parse_duration_s(text: str) -> int:
    """The seconds of a duration such as ``60 s`` or ``1 h``; ``0 s`` is one too."""
    if text.strip() in {"0", "0 s"}:
        return 0
    quantity = parse_quantity(text)
    if quantity.unit_kind != SECONDS:
        raise TextError(f"{text!r} is not a duration", "write it such as '60 s', '10 min', '1 h' or '30 d'")
    return quantity.units


def parse_price(text: str) -> Price:
    """The price of a text such as ``1.00 EUR per 1 MB`` or ``free`` (per octet unless it says per what)."""
    free = _FREE.fullmatch(text.strip())
    if free is not None:
        return Price(0, "", parse_quantity(free.group(1)) if free.group(1) else Quantity(OCTETS, 1))
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise TextError(f"{text!r} is not a price", _NUMBER_HINT if "," in text else _PRICE_HINT)
    amount, currency, per = found.groups()
    if amount.startswith("-"):
        raise TextError(f"{text!r} is below zero")
    try:
        amount_micros = parse_micros(amount.replace("_", ""))
    except AmountError as error:
        raise TextError(str(error), "state the price for more or fewer units at once") from None
    return Price(amount_micros, parse_currency(currency), parse_quantity(per))


def parse_currency(text: str) -> str:
    """The ISO 4217 code of a currency that Currency-Code can carry."""
    if text not in CURRENCY_CODES:
        raise TextError(f"{text!r} is not a currency code of ISO 4217", did_you_mean(text, CURRENCY_CODES))
    return text


def parse_percent(text: str) -> int:
    """The whole percents of a text such as ``20 %``, 0 to 99."""
    found = _PERCENT.fullmatch(text.strip())
    if found is None or int(found.group(1)) > 99:
        raise TextError(f"{text!r} is not a percentage from 0 % to 99 %", "write it such as '20 %'")
    return int(found.group(1))


def parse_rating_group(text: str) -> int:
    """A Rating-Group number (RFC 8506, 8.29)."""
    if _WHOLE.fullmatch(text) is None or int(text) >= 1 << 32:
        raise TextError(
            f"{text!r} is not a rating group",
            "write a number up to 4294967295, 'any' (any group or none), 'none', or a list such as [10, 11]",
        )
    return int(text)


def format_quantity(quantity: Quantity) -> str:
    """The shortest exact text of a quantity: ``10 MB``, ``1 h``, ``1000001 octets``."""
    best, best_size = quantity.kind_name, 1
    for word, (unit_kind, size) in UNITS.items():
        if unit_kind == quantity.unit_kind and quantity.units % size == 0 and size > best_size:
            best, best_size = word, size
    count = quantity.units // best_size
    if best_size == 1 and count == 1:
        best = best.removesuffix("s")
    return f"{count} {best}"


def format_price(price: Price) -> str:
    """The text of a price that ``parse_price`` reads back."""
    per = format_quantity(price.per)
    if price.amount_micros == 0:
        return "free" if price.per.unit_kind == OCTETS else f"free per {per}"
    return f"{format_micros(price.amount_micros)} {price.currency} per {per}"
