"""Credit notes: what an invoice asked for too much comes back by a document of its own; nothing is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, Engine, func, insert, select

from balance.quantity import format_micros
from ocs.billing.accounts import BillingError
from ocs.billing.coins import divided, rounded
from ocs.billing.invoice import (
    CREDIT,
    CREDIT_NOTE,
    Invoice,
    InvoiceLine,
    TaxLine,
    canonical_json,
    parse_invoice,
)
from ocs.billing.numbering import CREDIT_NOTES, take_numbers
from ocs.billing.tables import CREDIT_NOTE as CREDIT_NOTE_TABLE
from ocs.billing.tables import INVOICE
from ocs.billing.taxes import tax_of
from ocs.database import writing
from ocs.payments.restoring import post_restorations

WHOLE: Final = 0
"""The number of a line that gives back of an invoice as a whole."""


@dataclass(frozen=True, slots=True)
class CreditRequest:
    """What shall be given back, and why: all of an invoice, one line, or a net amount of either."""

    number: str
    line: int | None
    net_micros: int | None
    reason: str
    day: str


def credit(engine: Engine, request: CreditRequest, now_ms: int = 0) -> Invoice:
    """Write the credit note, and what of the online credit comes back with it.

    BillingError where there is no such invoice or line, or nothing of it is left.
    """
    with writing(engine) as connection:
        row = INVOICE.c
        query = select(row.content).where(row.number == request.number).with_for_update()
        content = connection.scalars(query).one_or_none()
        if content is None:
            raise BillingError(f"there is no invoice {request.number}")
        invoice = parse_invoice(content)
        if request.day < invoice.issue_day:
            raise BillingError(f"invoice {invoice.number} is of {invoice.issue_day}, after {request.day}")
        earlier = [parse_invoice(one) for one in credit_notes_of(connection, request.number)]
        note = make_credit_note(invoice, earlier, request)
        _refuse_the_same(note, earlier)
        (number,) = take_numbers(connection, CREDIT_NOTES, request.day, 1)
        note = replace(note, number=number)
        connection.execute(insert(CREDIT_NOTE_TABLE).values(_row(note, request.line)))
        post_restorations(connection, [note.account_id], f"credit note {number}", now_ms)
    return note


def credit_notes_of(connection: Connection, number: str) -> Sequence[str]:
    """The credit notes of an invoice in the order of their numbers, as they were issued."""
    note = CREDIT_NOTE_TABLE.c
    return connection.scalars(
        select(note.content)
        .where(note.invoice_number == number)
        .order_by(func.length(note.number), note.number)
    ).all()


def make_credit_note(invoice: Invoice, earlier: list[Invoice], request: CreditRequest) -> Invoice:
    """The credit note without its number. Pure; ``earlier`` are those of the same invoice."""
    if not request.reason.strip():
        raise BillingError("a credit note says why: give it a reason")
    if invoice.total_micros <= 0:
        comes_to = f"{format_micros(invoice.total_micros)} {invoice.currency}"
        raise BillingError(f"invoice {invoice.number} is of {comes_to}: there is nothing to credit")
    credited: dict[int, int] = {}
    for note in earlier:
        for line in note.lines:
            credited[line.number] = credited.get(line.number, 0) + line.amount_micros
    net_micros = request.net_micros
    if (
        request.line is None and net_micros is None and credited.get(WHOLE)
    ):  # of which line that was, nobody said
        net_micros = invoice.net_micros - sum(credited.values())
        if net_micros <= 0:
            raise BillingError(f"invoice {invoice.number}: nothing is left of it to credit")
    if request.line is None and net_micros is not None:
        lines = [_on_the_whole(invoice, net_micros)]
    else:
        lines = [
            _credited(line, credited.get(line.number, 0), request.net_micros)
            for line in invoice.lines
            if request.line in {None, line.number}
        ]
    if not lines:
        raise BillingError(f"invoice {invoice.number} has no line {request.line}")
    lines = [line for line in lines if line.amount_micros]
    taxes = _taxes(invoice, lines, earlier)
    net = sum(line.amount_micros for line in lines)
    tax = sum(line.tax_micros for line in taxes)
    total = rounded(net + tax, invoice.digits)
    before = sum(note.total_micros for note in earlier)
    if _all_credited(invoice, lines, earlier):
        total = invoice.total_micros - before
    if total <= 0:
        raise BillingError(f"invoice {invoice.number}: nothing is left of it to credit")
    if before + total > invoice.total_micros:
        raise BillingError(f"invoice {invoice.number}: more than it asked for would be credited")
    return replace(
        invoice,
        kind=CREDIT_NOTE,
        number="",
        corrects=invoice.number,
        reason=request.reason,
        issue_day=request.day,
        due_day=request.day,
        lines=tuple(lines),
        taxes=taxes,
        net_micros=net,
        tax_micros=tax,
        rounding_micros=total - net - tax,
        total_micros=total,
        brought_forward_micros=0,
        due_micros=total,
        usage=(),
    )


def _credited(line: InvoiceLine, before_micros: int, net_micros: int | None) -> InvoiceLine:
    """What is given back of a line, under its number: an amount, or what earlier credit notes left."""
    left = line.amount_micros - before_micros
    amount = left if net_micros is None else net_micros
    if net_micros is not None and not 0 < amount <= left:
        raise BillingError(
            f"line {line.number} has {format_micros(left)} left to credit, not {format_micros(amount)}"
        )
    original = amount
    if line.original_currency and line.amount_micros:
        original = divided(line.original_micros * amount, abs(line.amount_micros))
        original = original if line.amount_micros > 0 else -original
    return replace(line, kind=CREDIT, amount_micros=amount, original_micros=original)


def _refuse_the_same(note: Invoice, earlier: list[Invoice]) -> None:
    """A command that was called twice gives back once: the same amounts, reason and day are a mistake."""
    for other in earlier:
        if (other.lines, other.reason, other.issue_day) == (note.lines, note.reason, note.issue_day):
            raise BillingError(
                f"{other.number} of {other.issue_day} gave the same back for the same reason: say another one"
            )


def _on_the_whole(invoice: Invoice, net_micros: int) -> InvoiceLine:
    """A line 0 for an amount that is of no certain line, where there is but one rate of tax."""
    if len(invoice.taxes) > 1:
        raise BillingError(f"invoice {invoice.number} has several rates of tax: say a line with --line")
    if net_micros <= 0:
        raise BillingError("the amount to credit is above zero")
    tax = invoice.taxes[0] if invoice.taxes else None
    return InvoiceLine(
        WHOLE, CREDIT, "credit", invoice.account_id, "", "", "", "", "", invoice.period_from_day,
        invoice.period_to_day, 0, "", 0, False, tax.category if tax else "", net_micros, net_micros,
        invoice.currency, tax.rate_millionths if tax else 0,
    )  # fmt: skip


def _taxes(invoice: Invoice, lines: list[InvoiceLine], earlier: list[Invoice]) -> tuple[TaxLine, ...]:
    """The tax on credited lines, by the invoice's own tax lines; of all of one, all that is left of its tax."""
    found = []
    for tax in invoice.taxes:
        group = (tax.category, tax.rate_millionths)
        net = sum(line.amount_micros for line in lines if (line.tax, line.tax_rate_millionths) == group)
        before = [one for note in earlier for one in note.taxes if (one.category, one.rate_millionths) == group]
        micros = tax_of(net, tax.rate_millionths, invoice.digits)
        if net + sum(one.net_micros for one in before) == tax.net_micros:
            micros = tax.tax_micros - sum(one.tax_micros for one in before)
        if net or micros:
            found.append(replace(tax, net_micros=net, tax_micros=micros))
    return tuple(found)


def _all_credited(invoice: Invoice, lines: list[InvoiceLine], earlier: list[Invoice]) -> bool:
    """Whether nothing is left of any line."""
    return invoice.net_micros == sum(line.amount_micros for line in lines) + sum(n.net_micros for n in earlier)


def _row(note: Invoice, line: int | None) -> dict[str, object]:
    return {
        "number": note.number,
        "invoice_number": note.corrects,
        "account_id": note.account_id,
        "currency": note.currency,
        "issue_day": note.issue_day,
        "line": line,
        "reason": note.reason,
        "net_micros": note.net_micros,
        "tax_micros": note.tax_micros,
        "rounding_micros": note.rounding_micros,
        "total_micros": note.total_micros,
        "content": canonical_json(note).decode(),
    }
