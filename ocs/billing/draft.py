"""A bill before it has a number, and what its commit writes beside it; kept as JSON while a run is at work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from ocs.billing.invoice import Invoice
from ocs.billing.usage import Window


@dataclass(frozen=True, slots=True)
class DraftFee:
    """What the bill adds for a period of a fee, and the invoice line that says so."""

    subscription_id: str
    from_ms: int
    origin: str
    fee_id: str
    period_from_day: str
    period_to_day: str
    covered_from_day: str
    covered_to_day: str
    fee: str
    amount_micros: int
    account_id: str
    line: int


@dataclass(frozen=True, slots=True)
class DraftSegment:
    """A segment of a subscription whose fees were looked at before a day, at its end or not yet."""

    subscription_id: str
    from_ms: int
    origin: str
    account_id: str
    through_day: str
    ended: bool


@dataclass(frozen=True, slots=True)
class DraftAccount:
    """An account that is billed by this: its days and its window on the lake."""

    from_day: str
    to_day: str
    window: Window


@dataclass(frozen=True, slots=True)
class DraftOnline:
    """What of the bill an account was charged online, before tax, in the currency of its prices."""

    account_id: str
    currency: str
    amount_micros: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The bill of one payer; ``invoice`` is None where there is nothing to bill."""

    payer_id: str
    invoice: Invoice | None
    accounts: tuple[DraftAccount, ...]
    fees: tuple[DraftFee, ...]
    segments: tuple[DraftSegment, ...]
    online: tuple[DraftOnline, ...]

    def to_json(self) -> str:
        """As it is kept until the commit."""
        return _ENCODER.encode(self).decode()


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Draft)


def parse_draft(text: str) -> Draft:
    """The draft of its JSON."""
    return _DECODER.decode(text)
