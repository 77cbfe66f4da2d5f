"""The smallest coin of each currency, and rounding to it."""

from __future__ import annotations

from typing import Final

from balance.quantity import MICROS

_WITHOUT_DECIMALS: Final = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)
_WITH_THREE: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def digits_of(currency: str) -> int:
    """The decimals of a currency's smallest coin (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE else 2


def rounded(micros: int, digits: int) -> int:
    """The whole number of coins nearest to an amount, in micros; halves go away from zero."""
    coin: int = MICROS // 10**digits
    return coin * divided(micros, coin)


def divided(dividend: int, divisor: int) -> int:
    """The whole number nearest to a quotient; halves go away from zero. ``divisor`` is above zero."""
    whole = (2 * abs(dividend) + divisor) // (2 * divisor)
    return whole if dividend >= 0 else -whole
