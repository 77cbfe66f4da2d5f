"""What happened to the money between accounts and us, read from the tables of billing and payments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, literal, null, select, union_all

from ocs.billing.tables import CREDIT_NOTE as CREDIT_NOTES
from ocs.billing.tables import INVOICE as INVOICES
from ocs.payments.open_items import CREDIT_NOTE, INVOICE, PAYMENT, REVERSAL, Entry
from ocs.payments.tables import PAYMENT as PAYMENTS
from ocs.payments.tables import PAYMENT_REVERSAL

_PREFIX: Final = "payment "
_AT_ONCE: Final = 5000


def payment_number(payment_id: int) -> str:
    """How a payment is called where invoices and credit notes have their numbers: ``payment 17``."""
    return f"{_PREFIX}{payment_id}"


def entries_of(connection: Connection, account_id: str) -> list[Entry]:
    """All entries of one account."""
    return [_entry(row) for row in connection.execute(_query([account_id]))]


def entries_of_accounts(
    connection: Connection, account_ids: Sequence[str]
) -> Iterator[tuple[str, str, list[Entry]]]:
    """Account, currency and entries of some accounts, in order; those without any are left out."""
    yield from _grouped(connection.execute(_query(account_ids)))


def entries_by_account(connection: Connection) -> Iterator[tuple[str, str, list[Entry]]]:
    """Account, currency and entries of all accounts that have any, in order, streamed."""
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(_query())
    yield from _grouped(rows)


def _grouped(rows: Iterable[Any]) -> Iterator[tuple[str, str, list[Entry]]]:
    for (account_id, currency), own in groupby(rows, key=lambda row: (row.account_id, row.currency)):
        yield account_id, currency, [_entry(row) for row in own]


def _entry(row: Any) -> Entry:
    return Entry(
        row.kind, row.number, row.day, row.amount_micros, row.currency, row.due_day or "", row.document or ""
    )


def _query(account_ids: Sequence[str] | None = None) -> Select[Any]:
    """The entries of some accounts, or of all, by account and currency."""
    found = union_all(*_parts(account_ids)).subquery()
    return select(found).order_by(found.c.account_id, found.c.currency)


def _parts(account_ids: Sequence[str] | None) -> list[Select[Any]]:
    invoice, note, payment, reversal = INVOICES.c, CREDIT_NOTES.c, PAYMENTS.c, PAYMENT_REVERSAL.c
    called = literal(_PREFIX) + cast(payment.payment_id, Text)
    nothing = cast(null(), Text)
    reversed_too = PAYMENTS.join(PAYMENT_REVERSAL, payment.payment_id == reversal.payment_id)
    parts = [
        _part(
            INVOICE, invoice, invoice.number, invoice.issue_day, invoice.total_micros, invoice.due_day, nothing
        ),
        _part(CREDIT_NOTE, note, note.number, note.issue_day, note.total_micros, nothing, note.invoice_number),
        _part(PAYMENT, payment, called, payment.day, payment.amount_micros, nothing, payment.invoice_number),
        _part(REVERSAL, payment, called, reversal.day, payment.amount_micros, nothing, called).select_from(
            reversed_too
        ),
    ]
    if account_ids is None:
        return parts
    owners = (invoice.account_id, note.account_id, payment.account_id, payment.account_id)
    return [part.where(owner.in_(account_ids)) for part, owner in zip(parts, owners, strict=True)]


def _part(kind: str, columns: Any, *values: ColumnElement[Any]) -> Select[Any]:
    number, day, amount, due_day, document = values
    return select(
        columns.account_id,
        columns.currency,
        literal(kind).label("kind"),
        number.label("number"),
        day.label("day"),
        amount.label("amount_micros"),
        due_day.label("due_day"),
        document.label("document"),
    )
