"""Numbers and amounts of money as a language writes them, exactly: from integers, without a float or a Decimal.

Signs, separators, groups and the place of the currency are those of Babel (CLDR), which a test compares.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_currency

from balance.quantity import MICROS

MICRO_DIGITS: Final = 6
_MINUS: Final = "\N{MINUS SIGN}"
_LATIN: Final = "latn"
"""CLDR's name of the digits 0 to 9, which every document uses: banks' forms take no others."""


def decimals_needed(micros: int, least: int) -> int:
    """How many decimals write an amount in full, ``least`` at least."""
    decimals = MICRO_DIGITS
    while decimals > least and micros % 10 == 0:
        micros //= 10
        decimals -= 1
    return decimals


def rounded(value: int, divisor: int) -> int:
    """A quotient rounded half away from zero, as a bill rounds."""
    quotient, rest = divmod(abs(value), divisor)
    quotient += 2 * rest >= divisor
    return -quotient if value < 0 else quotient


class NumberText:
    """Writes numbers as one language does."""

    def __init__(self, locale: Locale) -> None:
        symbols = locale.number_symbols[_LATIN]
        self._locale = locale
        self._decimal: str = symbols["decimal"]
        self._group: str = symbols["group"]
        self._minus: str = symbols["minusSign"].replace("-", _MINUS)
        self._grouping: tuple[int, int] = locale.decimal_formats[None].grouping
        self._money_grouping: tuple[int, int] = locale.currency_formats["standard"].grouping
        self._around: dict[tuple[str, bool], tuple[str, str]] = {}

    def whole(self, value: int) -> str:
        """A whole number: ``1,234``."""
        return f"{self._minus if value < 0 else ''}{self._grouped(str(abs(value)), self._grouping)}"

    def scaled(self, value: int, digits: int, decimals: int) -> str:
        """``value`` x 10^-``digits`` with so many decimals, rounded half away from zero where it has more."""
        negative, text = self._unsigned(value, digits, decimals, self._grouping)
        return f"{self._minus if negative else ''}{text}"

    def amount(self, micros: int, decimals: int) -> str:
        """An amount without its currency: ``1,234.50``."""
        return self.scaled(micros, MICRO_DIGITS, decimals)

    def money(self, micros: int, currency: str, decimals: int) -> str:
        """An amount with its currency where the language puts it: ``1.234,50 €``."""
        negative, text = self._unsigned(micros, MICRO_DIGITS, decimals, self._money_grouping)
        before, after = self._currency(currency, negative)
        return f"{before}{text}{after}"

    def percent(self, millionths: int) -> str:
        """A share: 190000 is ``19%``, with the decimals it needs."""
        decimals = decimals_needed(millionths, 2) - 2
        pattern = self._locale.percent_formats[None]
        return f"{self.scaled(millionths, 4, decimals)}{pattern.suffix[0]}"

    def _unsigned(self, value: int, digits: int, decimals: int, grouping: tuple[int, int]) -> tuple[bool, str]:
        """Whether a number is below zero once it is rounded, and how it is written without a sign."""
        if decimals < digits:
            value = rounded(value, 10 ** (digits - decimals))
        else:
            value *= 10 ** (decimals - digits)
        text = str(abs(value)).rjust(decimals + 1, "0")
        if not decimals:
            return value < 0, self._grouped(text, grouping)
        return value < 0, f"{self._grouped(text[:-decimals], grouping)}{self._decimal}{text[-decimals:]}"

    def _grouped(self, digits: str, grouping: tuple[int, int]) -> str:
        """Digits in the groups of the language; India's are of two above the thousands."""
        primary, secondary = grouping
        if len(digits) <= primary:
            return digits
        parts = [digits[-primary:]]
        rest = digits[:-primary]
        while rest:
            parts.append(rest[-secondary:])
            rest = rest[:-secondary]
        return self._group.join(reversed(parts))

    def _currency(self, currency: str, negative: bool) -> tuple[str, str]:
        """What stands before and after the digits of an amount in a currency."""
        key = (currency, negative)
        found = self._around.get(key)
        if found is None:
            sample = Decimal(-7 if negative else 7)
            text = format_currency(
                sample, currency, locale=self._locale, currency_digits=False, format=self._whole_pattern()
            )
            before, _, after = text.partition("7")
            found = self._around[key] = (before.replace("-", self._minus), after)
        return found

    def _whole_pattern(self) -> str:
        """The language's pattern of currencies without decimals."""
        pattern = self._locale.currency_formats["standard"].pattern
        return str(pattern).replace(".00", "")


def write_plain(micros: int) -> str:
    """An amount for machines: ``-1234.5``, no groups, a point, only the decimals it needs."""
    whole, rest = divmod(abs(micros), MICROS)
    text = f"{'-' if micros < 0 else ''}{whole}"
    return f"{text}.{rest:06d}".rstrip("0") if rest else text
