"""Why a line is no usage that we can rate: a code for programs, a sentence for people."""

from __future__ import annotations

from typing import Final

CHARACTERS: Final = "characters"
QUOTES: Final = "quotes"
FIELDS: Final = "fields"
KEY: Final = "key"
TIME: Final = "time"
FUTURE: Final = "future"
AMOUNT_OF_USE: Final = "amount-of-use"
NUMBER: Final = "number"
WORD: Final = "word"
NO_SUBSCRIPTION: Final = "no-subscription"
NO_PLAN: Final = "no-plan"
PREPAID_PLAN: Final = "prepaid-plan"
NOT_RATED: Final = "not-rated"


class Refusal:
    """The code and the sentence."""

    __slots__ = ("code", "reason")

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason

    def __repr__(self) -> str:
        return f"Refusal({self.code!r}, {self.reason!r})"
