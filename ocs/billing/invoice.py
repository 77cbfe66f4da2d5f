"""The invoice as data: what every document shows, and what the books count. Immutable, with one JSON form.

All amounts are micros of the invoice's currency unless a field says otherwise. Days are ISO texts of the
cycle's time zone; a span of days ends before its ``to_day``.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

INVOICE: Final = "invoice"
CREDIT_NOTE: Final = "credit_note"
"""Kinds of document. A credit note's amounts are what is given back, as positive numbers."""

RECURRING: Final = "recurring"
ONE_OFF: Final = "one_off"
USAGE: Final = "usage"
DISCOUNT: Final = "discount"
CREDIT: Final = "credit"
"""Kinds of line: fees for a span of days (below zero where days paid in advance are given back), fees for an
event, usage of one service, a discount on the bill (below zero), and the line of a credit note."""

ON_BILL: Final = "bill"
FROM_BALANCE: Final = "balance"
"""How an itemised usage is paid: with this bill, or already from the account's balance when it happened."""


@dataclass(frozen=True, slots=True)
class InvoiceParty:
    """Who receives the document; ``address`` has the lines of the letter's window, without the name."""

    name: str
    address: tuple[str, ...]
    country: str
    email: str
    tax_number: str = ""


@dataclass(frozen=True, slots=True)
class SeriesRange:
    """The records of one file series that were known to the run: sequence ``first`` to ``last``."""

    series: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FrozenInput:
    """What the invoice was made of; the same input gives the same octets.

    ``lake_cut`` is the highest file of the usage lake that counted, ``lake`` the hash of the manifest up to it,
    ``customers`` the hash of the accounts and subscriptions that were billed, ``tax_table`` the hash of the tax
    rates and bill discounts.
    """

    lake_cut: int
    lake: str
    records: tuple[SeriesRange, ...]
    catalogue: str
    tax_table: str
    customers: str


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line. ``item`` names the fee, service, discount or credited line; ``number`` counts from 1.

    ``account_id`` is who caused it: the invoice's own account or a child of it. ``quantity`` of ``unit_kind``
    (octets, seconds, units; days for fees) was counted over ``records`` records. ``late`` usage began before
    the invoice's period. Where prices are in another currency, ``original_micros`` of ``original_currency``
    were converted; otherwise these repeat the amount and the invoice's currency. ``tax`` and
    ``tax_rate_millionths`` say which tax line it is in.
    """

    number: int
    kind: str
    item: str
    account_id: str
    subscription_id: str
    msisdn: str
    plan: str
    plan_name: str
    direction: str
    from_day: str
    to_day: str
    quantity: int
    unit_kind: str
    records: int
    late: bool
    tax: str
    amount_micros: int
    original_micros: int
    original_currency: str
    tax_rate_millionths: int = 0


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The tax on all lines of one category.

    ``rate_millionths`` 190000 is 19 %; ``reason`` says why there is none: ``exempt`` or ``reverse_charge``.
    """

    jurisdiction: str
    category: str
    rate_millionths: int
    reason: str
    net_micros: int
    tax_micros: int


@dataclass(frozen=True, slots=True)
class UsageItem:
    """One itemised usage: a charge line of a record, or the part that a bundle covered (``bucket``, amount 0).

    ``started_at`` is local time with its offset; ``other_party`` the called or calling number, the access point
    or "". ``invoice_line`` is the line that contains the amount; 0 where it was paid from the balance.
    """

    invoice_line: int
    record_id: str
    line: int
    account_id: str
    msisdn: str
    service: str
    direction: str
    started_at: str
    started_ms: int
    other_party: str
    destination: str
    network: str
    units: int
    unit_kind: str
    rule: str
    band: str
    bucket: str
    amount_micros: int
    currency: str
    paid: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """One document for one billing account.

    ``number`` is "" before commit. ``corrects`` and ``reason`` are a credit note's. The sums:
    ``net_micros`` = the lines; ``tax_micros`` = the tax lines, each rounded to the currency's ``digits``;
    ``total_micros`` = both and ``rounding_micros``, which makes it a whole number of the smallest coin;
    ``due_micros`` = ``total_micros`` + ``brought_forward_micros`` (what was open before; below zero = credit).
    """

    kind: str
    number: str
    corrects: str
    reason: str
    account_id: str
    party: InvoiceParty
    language: str
    currency: str
    digits: int
    cycle_id: str
    time_zone: str
    period_from_day: str
    period_to_day: str
    issue_day: str
    due_day: str
    tax_status: str
    tax_jurisdiction: str
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[TaxLine, ...]
    net_micros: int
    tax_micros: int
    rounding_micros: int
    total_micros: int
    brought_forward_micros: int
    due_micros: int
    frozen: FrozenInput
    usage: tuple[UsageItem, ...] = ()


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Invoice)


def canonical_json(invoice: Invoice) -> bytes:
    """The one JSON form of an invoice: fields in the order above, UTF-8, no spaces, one line."""
    return _ENCODER.encode(invoice)


def parse_invoice(octets: bytes | str) -> Invoice:
    """The invoice of its JSON form; msgspec.DecodeError where it is none."""
    return _DECODER.decode(octets)
