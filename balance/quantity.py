"""Money and units: the bottom of the house.

Money is an integer number of micros, 10^-6 of a currency's major unit. There is no float anywhere near it.
"""

import re
from decimal import Decimal
from typing import Final

MICROS: Final = 1_000_000
LIMIT_MICROS: Final = 1 << 53
"""No amount reaches this: nine billion major units, and exact in every tool that reads our files."""
_DECIMAL: Final = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})")
"""Plain digits: an exponent in money is a slip of the hand far more often than it is meant."""

OCTETS: Final = 1
SECONDS: Final = 2
SPECIFIC_UNITS: Final = 3
UNIT_NAMES: Final = ("", "octets", "seconds", "units")

CURRENCY_CODES: Final = {
    "AED": 784, "ARS": 32, "AUD": 36, "BGN": 975, "BHD": 48, "BRL": 986, "CAD": 124, "CHF": 756, "CLP": 152,
    "CNY": 156, "COP": 170, "CZK": 203, "DKK": 208, "EGP": 818, "EUR": 978, "GBP": 826, "GHS": 936, "HKD": 344,
    "HUF": 348, "IDR": 360, "ILS": 376, "INR": 356, "ISK": 352, "JPY": 392, "KES": 404, "KRW": 410, "KWD": 414,
    "MAD": 504, "MXN": 484, "MYR": 458, "NGN": 566, "NOK": 578, "NZD": 554, "OMR": 512, "PEN": 604, "PHP": 608,
    "PKR": 586, "PLN": 985, "QAR": 634, "RON": 946, "RSD": 941, "RUB": 643, "SAR": 682, "SEK": 752, "SGD": 702,
    "THB": 764, "TND": 788, "TRY": 949, "TWD": 901, "TZS": 834, "UAH": 980, "UGX": 800, "USD": 840, "VND": 704,
    "XAF": 950, "XOF": 952, "ZAR": 710, "ZMW": 967,
}  # fmt: skip
"""ISO 4217: alphabetic code to the numeric code that Currency-Code carries."""


class AmountError(ValueError):
    """A text that is no amount of money; the message says why."""


def parse_micros(text: str) -> int:
    """The micros of a decimal text such as ``12.50``; AmountError where it is no exact number of micros."""
    if not _DECIMAL.fullmatch(text.strip()):
        raise AmountError(f"{text!r} is not a decimal amount")
    value = Decimal(text.strip())
    if abs(value) >= LIMIT_MICROS // MICROS:
        raise AmountError(f"{text!r} is beyond {LIMIT_MICROS // MICROS} major units")
    micros = value * MICROS
    if micros != micros.to_integral_value():
        raise AmountError(f"{text!r} has more than six decimals")
    return int(micros)


def format_micros(micros: int) -> str:
    """The decimal text of an amount, with two decimals at least: ``12.50``, ``0.000001``, ``-3.00``."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"
