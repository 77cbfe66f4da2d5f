"""The commit of a run: numbers in the order of accounts, invoices and what belongs to them, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, update

from ocs.billing.accounts import BillingError
from ocs.billing.draft import Draft, DraftSegment, parse_draft
from ocs.billing.invoice import Invoice, InvoiceLine, canonical_json
from ocs.billing.numbering import INVOICES, take_numbers
from ocs.billing.tables import (
    BILLED_ACCOUNT,
    BILLED_FEE,
    BILLED_SUBSCRIPTION,
    BILLING_DRAFT,
    BILLING_RUN,
    COMMITTED,
    INVOICE,
    INVOICE_LINE,
    INVOICE_ONLINE,
    INVOICE_TAX,
    STARTED,
)
from ocs.database.bulk import insert_rows
from ocs.payments.restoring import post_restorations

AT_ONCE: Final = 500

_LINE: Final[Callable[[InvoiceLine], tuple[Any, ...]]] = attrgetter(
    *(name for name in InvoiceLine.__dataclass_fields__ if name != "plan_name")
)
"""The columns of a line but the invoice's number, in the order of the table."""
_SEGMENT: Final[Callable[[DraftSegment], tuple[Any, ...]]] = attrgetter(*DraftSegment.__dataclass_fields__)


@dataclass(slots=True)
class Totals:
    """What a run made: invoices, and their totals by currency in micros."""

    invoices: int = 0
    amounts: Counter[str] = field(default_factory=Counter)

    def add(self, invoice: Invoice) -> None:
        """Count one."""
        self.invoices += 1
        self.amounts[invoice.currency] += invoice.total_micros


def commit_drafts(connection: Connection, run_id: int, issue_day: str, now_ms: int) -> Totals:
    """Turn the drafts of a run into invoices. BillingError where another process did it meanwhile."""
    run = BILLING_RUN.c
    status = connection.scalars(select(run.status).where(run.run_id == run_id).with_for_update()).one_or_none()
    if status != STARTED:
        raise BillingError(f"run {run_id} was committed or given up by another process")
    draft = BILLING_DRAFT.c
    of_run = draft.run_id == run_id
    count = connection.scalars(select(func.count()).where(of_run, draft.has_invoice)).one()
    totals = Totals()
    numbers = iter(take_numbers(connection, INVOICES, issue_day, count)) if count else iter(())
    for drafts in _in_order(connection, run_id):
        _write(connection, run_id, drafts, numbers, totals)
        payers = [draft.payer_id for draft in drafts if _may_restore(draft)]
        post_restorations(connection, payers, f"billing run {run_id}", now_ms)
    if totals.invoices != count:
        raise BillingError(f"run {run_id} has {totals.invoices} invoices, {count} were numbered")
    connection.execute(delete(BILLING_DRAFT).where(of_run))
    done = {"status": COMMITTED, "committed_ms": now_ms}
    connection.execute(update(BILLING_RUN).where(run.run_id == run_id).values(done))
    return totals


def _may_restore(draft: Draft) -> bool:
    """Whether online credit may come back with an invoice: its own, or of those that it pays, below zero."""
    return draft.invoice is not None and (bool(draft.online) or draft.invoice.total_micros < 0)


def _in_order(connection: Connection, run_id: int) -> Iterator[list[Draft]]:
    """The drafts by account, some at a time."""
    draft = BILLING_DRAFT.c
    last = ""
    while True:
        query = (
            select(draft.account_id, draft.content)
            .where(draft.run_id == run_id, draft.account_id > last)
            .order_by(draft.account_id)
            .limit(AT_ONCE)
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        yield [parse_draft(row.content) for row in rows]
        last = rows[-1].account_id


def _write(
    connection: Connection, run_id: int, drafts: list[Draft], numbers: Iterator[str], totals: Totals
) -> None:
    numbered: list[tuple[Draft, Invoice | None]] = []
    for draft in drafts:
        invoice = None if draft.invoice is None else replace(draft.invoice, number=next(numbers))
        numbered.append((draft, invoice))
        if invoice is not None:
            totals.add(invoice)
    invoices = [invoice for _, invoice in numbered if invoice is not None]
    _insert(connection, INVOICE, (_invoice_row(run_id, invoice) for invoice in invoices))
    _insert(
        connection,
        INVOICE_LINE,
        ((invoice.number, *_LINE(line)) for invoice in invoices for line in invoice.lines),
    )
    _insert(
        connection,
        INVOICE_TAX,
        (
            (
                invoice.number,
                tax.category,
                tax.rate_millionths,
                tax.jurisdiction,
                tax.reason,
                tax.net_micros,
                tax.tax_micros,
            )
            for invoice in invoices
            for tax in invoice.taxes
        ),
    )
    _insert(
        connection,
        INVOICE_ONLINE,
        (
            (invoice.number, online.account_id, online.currency, online.amount_micros)
            for draft, invoice in numbered
            if invoice is not None
            for online in draft.online
        ),
    )
    _insert(connection, BILLED_ACCOUNT, _account_rows(run_id, numbered))
    _insert(
        connection,
        BILLED_SUBSCRIPTION,
        ((run_id, *_SEGMENT(segment)) for draft, _ in numbered for segment in draft.segments),
    )
    _insert(connection, BILLED_FEE, _fee_rows(run_id, numbered))


def _insert(connection: Connection, table: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    insert_rows(connection, table, table.columns.keys(), rows)


def _invoice_row(run_id: int, invoice: Invoice) -> tuple[Any, ...]:
    return (
        invoice.number, run_id, invoice.account_id, invoice.currency, invoice.period_from_day,
        invoice.period_to_day, invoice.issue_day, invoice.due_day, invoice.net_micros, invoice.tax_micros,
        invoice.rounding_micros, invoice.total_micros, invoice.brought_forward_micros, invoice.due_micros,
        canonical_json(invoice).decode(),
    )  # fmt: skip


def _account_rows(run_id: int, numbered: list[tuple[Draft, Invoice | None]]) -> Iterator[tuple[Any, ...]]:
    for draft, invoice in numbered:
        for account in draft.accounts:
            window = account.window
            yield (
                run_id, window.account_id, account.from_day, account.to_day, window.after_cut, window.after_ms,
                window.lake_cut, window.to_ms, None if invoice is None else invoice.number,
            )  # fmt: skip


def _fee_rows(run_id: int, numbered: list[tuple[Draft, Invoice | None]]) -> Iterator[tuple[Any, ...]]:
    for draft, invoice in numbered:
        for fee in draft.fees if invoice is not None else ():
            yield (
                run_id, fee.subscription_id, fee.from_ms, fee.origin, fee.fee_id, fee.period_from_day,
                fee.period_to_day, fee.covered_from_day, fee.covered_to_day, fee.fee, fee.amount_micros,
                fee.account_id, invoice.number if invoice is not None else "", fee.line,
            )  # fmt: skip
