"""Reading bills back: documents by number, lists of them, runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, literal, null, select, union_all

from ocs.billing.accounts import BillingError
from ocs.billing.invoice import CREDIT_NOTE, INVOICE, Invoice, parse_invoice
from ocs.billing.tables import BILLED_ACCOUNT, BILLING_DRAFT, BILLING_RUN
from ocs.billing.tables import CREDIT_NOTE as CREDIT_NOTES
from ocs.billing.tables import INVOICE as INVOICES


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in a list; ``corrects`` is a credit note's invoice."""

    kind: str
    number: str
    account_id: str
    run_id: int | None
    issue_day: str
    due_day: str | None
    currency: str
    net_micros: int
    tax_micros: int
    total_micros: int
    corrects: str | None


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in a list."""

    run_id: int
    cycle_id: str
    as_of_day: str
    to_day: str
    status: str
    accounts: int
    invoices: int
    drafts: int
    lake_cut: int
    catalogue: str
    tax_table: str


def load_document(connection: Connection, number: str) -> Invoice:
    """The invoice or credit note of a number, without itemised usage. BillingError where there is none."""
    for table in (INVOICES, CREDIT_NOTES):
        content = connection.scalars(select(table.c.content).where(table.c.number == number)).one_or_none()
        if content is not None:
            return parse_invoice(content)
    raise BillingError(f"there is no invoice or credit note {number}")


def credit_notes_of(connection: Connection, number: str) -> Sequence[str]:
    """The numbers of an invoice's credit notes."""
    note = CREDIT_NOTES.c
    query = select(note.number).where(note.invoice_number == number)
    return connection.scalars(query.order_by(note.number)).all()


def list_documents(
    connection: Connection, *, account_id: str | None = None, run_id: int | None = None, most: int = 1000
) -> list[Listed]:
    """Invoices and credit notes by number, of one account or run where it is said; the last ``most``."""
    invoice, note = INVOICES.c, CREDIT_NOTES.c
    invoices = select(
        literal(INVOICE).label("kind"), invoice.number, invoice.account_id, invoice.run_id, invoice.issue_day,
        invoice.due_day, invoice.currency, invoice.net_micros, invoice.tax_micros, invoice.total_micros,
        null().label("corrects"),
    )  # fmt: skip
    notes = select(
        literal(CREDIT_NOTE).label("kind"), note.number, note.account_id, INVOICES.c.run_id, note.issue_day,
        null().label("due_day"), note.currency, note.net_micros, note.tax_micros, note.total_micros,
        note.invoice_number.label("corrects"),
    ).join(INVOICES, invoice.number == note.invoice_number)  # fmt: skip
    found = union_all(invoices, notes).subquery()
    query = select(found).order_by(found.c.issue_day.desc(), found.c.number.desc()).limit(most)
    if account_id is not None:
        query = query.where(found.c.account_id == account_id)
    if run_id is not None:
        query = query.where(found.c.run_id == run_id)
    return [Listed(*row) for row in reversed(connection.execute(query).all())]


def list_runs(connection: Connection) -> Iterator[ListedRun]:
    """All runs in their order, with what they billed."""
    run = BILLING_RUN.c
    counts: dict[str, dict[int, int]] = {}
    for table in (BILLED_ACCOUNT, INVOICES, BILLING_DRAFT):
        query = select(table.c.run_id, func.count()).group_by(table.c.run_id)
        counts[table.name] = {row[0]: row[1] for row in connection.execute(query)}
    for row in connection.execute(select(BILLING_RUN).order_by(run.run_id)):
        yield ListedRun(
            row.run_id, row.cycle_id, row.as_of_day, row.to_day, row.status,
            counts["billed_account"].get(row.run_id, 0), counts["invoice"].get(row.run_id, 0),
            counts["billing_draft"].get(row.run_id, 0), row.lake_cut, row.catalogue, row.tax_table,
        )  # fmt: skip
