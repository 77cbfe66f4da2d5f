"""A credit note again, from the invoice that it corrects and the credit notes before it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy import Connection, select

from ocs.billing.accounts import BillingError
from ocs.billing.comparing import Rebuilt, differences
from ocs.billing.credit import WHOLE, CreditRequest, credit_notes_of, make_credit_note
from ocs.billing.invoice import Invoice, canonical_json, parse_invoice
from ocs.billing.tables import CREDIT_NOTE, INVOICE


def rebuild_credit_note(connection: Connection, number: str) -> Rebuilt | None:
    """Make a credit note again by what was asked for, and compare. None where there is none of that number."""
    note = CREDIT_NOTE.c
    query = select(note.content, note.invoice_number, note.line).where(note.number == number)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    issued = parse_invoice(row.content)
    query = select(INVOICE.c.content).where(INVOICE.c.number == row.invoice_number)
    invoice = parse_invoice(connection.execute(query).scalar_one())
    earlier: list[Invoice] = []
    for content in credit_notes_of(connection, row.invoice_number):
        if content == row.content:
            break
        earlier.append(parse_invoice(content))
    digest = hashlib.sha256(row.content.encode()).hexdigest()
    try:
        again = make_credit_note(invoice, earlier, request_of(issued, row.line))
    except BillingError as error:
        return Rebuilt(number, digest, (), (("credit note", number, str(error)),))
    again = replace(again, number=number)
    same = canonical_json(again) == row.content.encode()
    return Rebuilt(number, digest, (), () if same else tuple(differences(issued, again)))


def request_of(issued: Invoice, line: int | None) -> CreditRequest:
    """What was asked for: an amount where it is of one line, or of none; else all that was left."""
    net_micros = None
    if issued.lines and (line is not None or issued.lines[0].number == WHOLE):
        amount = issued.lines[0].amount_micros
        net_micros = amount if amount > 0 else None
    return CreditRequest(issued.corrects, line, net_micros, issued.reason, issued.issue_day)
