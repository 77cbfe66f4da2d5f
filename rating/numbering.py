"""Telephone numbers as they are dialled, in international form."""

from mypy_extensions import i64


class Numbering:
    """How a network's subscribers dial: country code and the prefixes that stand before other numbers.

    Numbers without a prefix that have so many digits as ``national_digits`` says are national too.
    """

    def __init__(
        self,
        country: bytes,
        national_prefix: bytes = b"0",
        international_prefix: bytes = b"00",
        national_digits: frozenset[int] = frozenset(),
    ) -> None:
        self.country = country
        self.national_prefix = national_prefix
        self.international_prefix = international_prefix
        self.national_digits = national_digits

    def international(self, number: bytes) -> bytes:
        """Country code and number without a sign: ``+4930``, ``004930`` and ``030`` become ``4930``.

        What else has none of the prefixes (a short code, a number in international form) stays as it is. To
        be applied once, where numbers come in.
        """
        if number.startswith(b"+"):
            return number[1:]
        if self.international_prefix and number.startswith(self.international_prefix):
            return _after(number, len(self.international_prefix))
        if self.national_prefix and number.startswith(self.national_prefix):
            return self.country + _after(number, len(self.national_prefix))
        if self.national_digits and len(number) in self.national_digits and number.isdigit():
            return self.country + number
        return number


def _after(number: bytes, length: i64) -> bytes:
    return number[length:]
