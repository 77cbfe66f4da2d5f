"""Which payment pays which invoice: a pure fold over what happened to an account, oldest first.

Allocations are not stored. They follow from invoices, credit notes, payments and reversals alone, so they can
not disagree with them, and the state of any past day is the fold up to that day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

INVOICE: Final = "invoice"
CREDIT_NOTE: Final = "credit_note"
PAYMENT: Final = "payment"
REVERSAL: Final = "reversal"
NEVER: Final = "9999-12-31"
"""A day that everything is before."""
_ORDER: Final = {INVOICE: 0, CREDIT_NOTE: 1, PAYMENT: 2, REVERSAL: 3}
"""What comes first on one day: an invoice is there before what pays it, a payment before it bounces."""


class BooksError(Exception):
    """Entries that contradict each other; the message names them."""


@dataclass(frozen=True)
class Entry:
    """Something that happened to the money between an account and us.

    ``amount_micros`` is what it says on the document: invoices and payments of 10 euros have +10,000,000.
    ``due_day`` is an invoice's. ``document`` names the invoice that a payment or credit note is for, or the
    payment that a reversal takes back; empty where it is for whatever is oldest.
    """

    kind: str
    number: str
    day: str
    amount_micros: int
    currency: str
    due_day: str = ""
    document: str = ""


@dataclass(frozen=True)
class Allocation:
    """A part of a payment or credit note that pays a part of an invoice, from ``day`` on."""

    source: str
    invoice: str
    amount_micros: int
    day: str


@dataclass(frozen=True)
class OpenInvoice:
    """An invoice and what is left of it."""

    number: str
    day: str
    due_day: str
    amount_micros: int
    open_micros: int


@dataclass(frozen=True)
class OpenCredit:
    """A payment, credit note or negative invoice that has not found an invoice, and what is left of it."""

    number: str
    kind: str
    day: str
    amount_micros: int
    open_micros: int
    document: str = ""


@dataclass(frozen=True)
class OpenItems:
    """Where an account stands in one currency; ``balance_micros`` is what it owes, negative where we owe it."""

    currency: str
    invoices: tuple[OpenInvoice, ...]
    credits: tuple[OpenCredit, ...]
    allocations: tuple[Allocation, ...]

    @property
    def due_micros(self) -> int:
        """What is left of all invoices."""
        return sum(invoice.open_micros for invoice in self.invoices)

    @property
    def credit_micros(self) -> int:
        """What is left of all payments and credit notes."""
        return sum(credit.open_micros for credit in self.credits)

    @property
    def balance_micros(self) -> int:
        """What the account owes: invoices less credits."""
        return self.due_micros - self.credit_micros


def settle(entries: Iterable[Entry], currency: str, as_of: str = NEVER) -> OpenItems:
    """The open items of an account in one currency at the end of a day.

    A payment or credit note pays the invoice it names first, then the oldest; what is left waits as credit for
    the next invoice. BooksError where an entry is in another currency, or a reversal takes back nothing.
    """
    happened = sorted((entry for entry in entries if entry.day <= as_of), key=_chronological)
    account = _Account(currency)
    for entry in happened:
        if entry.currency != currency:
            raise BooksError(
                f"{entry.kind} {entry.number} is in {entry.currency}, not in {currency}: "
                "currencies are never set off against each other"
            )
        account.take(entry)
    return account.open_items()


def _chronological(entry: Entry) -> tuple[str, int, int, str]:
    """By day, and among payments of one day by number of digits before text, as they were numbered."""
    return entry.day, _ORDER[entry.kind], len(entry.number), entry.number


class _Account:
    """The fold's state: invoices and credits in the order in which they came, and who paid whom."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._invoices: dict[str, OpenInvoice] = {}
        self._credits: dict[str, OpenCredit] = {}
        self._allocations: list[Allocation] = []

    def take(self, entry: Entry) -> None:
        if entry.kind == REVERSAL:
            self._reverse(entry)
        elif entry.kind == INVOICE and entry.amount_micros > 0:
            self._invoices[entry.number] = OpenInvoice(
                entry.number, entry.day, entry.due_day, entry.amount_micros, entry.amount_micros
            )
        else:
            amount = -entry.amount_micros if entry.kind == INVOICE else entry.amount_micros
            if amount < 0:
                raise BooksError(f"{entry.kind} {entry.number} has a negative amount")
            self._credits[entry.number] = OpenCredit(
                entry.number, entry.kind, entry.day, amount, amount, entry.document
            )
        self._match(entry.day)

    def _reverse(self, entry: Entry) -> None:
        """Take a payment back: what it paid is open again."""
        payment = self._credits.get(entry.document)
        if payment is None or payment.kind != PAYMENT:
            raise BooksError(f"reversal {entry.number} takes back payment {entry.document}, which is not there")
        del self._credits[entry.document]
        for allocation in self._allocations:
            if allocation.source == entry.document:
                invoice = self._invoices[allocation.invoice]
                restored = invoice.open_micros + allocation.amount_micros
                self._invoices[invoice.number] = replace(invoice, open_micros=restored)
        self._allocations = [found for found in self._allocations if found.source != entry.document]

    def _match(self, day: str) -> None:
        """Let open credits pay open invoices: those they name, then the oldest, until one side is used up."""
        for credit in [credit for credit in self._credits.values() if credit.open_micros]:
            named = self._invoices.get(credit.document)
            if named is not None:
                self._pay(credit.number, named.number, day)
        for credit in [credit for credit in self._credits.values() if credit.open_micros]:
            for invoice in [invoice for invoice in self._invoices.values() if invoice.open_micros]:
                self._pay(credit.number, invoice.number, day)

    def _pay(self, source: str, number: str, day: str) -> None:
        credit, invoice = self._credits[source], self._invoices[number]
        amount = min(credit.open_micros, invoice.open_micros)
        if amount:
            self._credits[source] = replace(credit, open_micros=credit.open_micros - amount)
            self._invoices[number] = replace(invoice, open_micros=invoice.open_micros - amount)
            self._allocations.append(Allocation(source, number, amount, day))

    def open_items(self) -> OpenItems:
        return OpenItems(
            self._currency,
            tuple(invoice for invoice in self._invoices.values() if invoice.open_micros),
            tuple(credit for credit in self._credits.values() if credit.open_micros),
            tuple(self._allocations),
        )
