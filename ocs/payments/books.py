"""Receivables: what all accounts owe, counted twice over and compared; and what was open before an invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, func, select

from balance.quantity import format_micros
from ocs.billing.tables import CREDIT_NOTE as CREDIT_NOTES
from ocs.billing.tables import INVOICE as INVOICES
from ocs.customers.tables import BILLING_ACCOUNT
from ocs.payments.entries import entries_by_account
from ocs.payments.open_items import BooksError, settle
from ocs.payments.tables import PAYMENT as PAYMENTS
from ocs.payments.tables import PAYMENT_REVERSAL

_AT_ONCE: Final = 500


@dataclass(slots=True)
class Receivables:
    """The sums of one currency in micros; ``owed`` - ``credit`` is what the books say is receivable."""

    invoices: int = 0
    credit_notes: int = 0
    payments: int = 0
    reversals: int = 0
    owed: int = 0
    credit: int = 0

    @property
    def expected(self) -> int:
        """Receivables = invoices - credit notes - payments + payments that were taken back."""
        return self.invoices - self.credit_notes - self.payments + self.reversals

    def to_json(self) -> dict[str, int]:
        """All of it, micros."""
        return {
            "invoices_micros": self.invoices,
            "credit_notes_micros": self.credit_notes,
            "payments_micros": self.payments,
            "reversals_micros": self.reversals,
            "receivable_micros": self.expected,
            "owed_micros": self.owed,
            "credit_micros": self.credit,
        }


@dataclass(slots=True)
class ReceivablesReport:
    """The receivables by currency, and every difference in a sentence."""

    currencies: dict[str, Receivables] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


def check_receivables(connection: Connection) -> ReceivablesReport:
    """Compare the sums that SQL makes with the open items of every account.

    Both must agree in each currency; a payment must be in its account's currency, for its own invoice.
    """
    report = ReceivablesReport()
    for table, name in (
        (INVOICES, "invoices"),
        (CREDIT_NOTES, "credit_notes"),
        (PAYMENTS, "payments"),
    ):
        amount = table.c.amount_micros if table is PAYMENTS else table.c.total_micros
        for currency, micros in connection.execute(_sum_by_currency(table, amount)):
            setattr(report.currencies.setdefault(currency, Receivables()), name, int(micros))
    for currency, micros in connection.execute(_reversals()):
        report.currencies.setdefault(currency, Receivables()).reversals = int(micros)
    _add_open_items(connection, report)
    for currency, sums in report.currencies.items():
        if sums.owed - sums.credit != sums.expected:
            report.differences.append(
                f"{currency}: open items are {format_micros(sums.owed - sums.credit)}, "
                f"invoices - credit notes - payments are {format_micros(sums.expected)}"
            )
    report.differences += _misplaced_payments(connection)
    return report


def open_balances(connection: Connection, account_ids: Sequence[str], as_of: str) -> dict[str, int]:
    """What accounts owe at the end of a day in their own currency, below zero where we owe them; micros.

    Accounts without any entry are left out.
    """
    balances: dict[str, int] = {}
    reversal = PAYMENT_REVERSAL.c
    for start in range(0, len(account_ids), _AT_ONCE):
        some = account_ids[start : start + _AT_ONCE]
        for sign, query in (
            (1, _by_account(INVOICES, INVOICES.c.total_micros, INVOICES.c.issue_day, some, as_of)),
            (-1, _by_account(CREDIT_NOTES, CREDIT_NOTES.c.total_micros, CREDIT_NOTES.c.issue_day, some, as_of)),
            (-1, _by_account(PAYMENTS, PAYMENTS.c.amount_micros, PAYMENTS.c.day, some, as_of)),
            (
                1,
                _by_account(PAYMENTS, PAYMENTS.c.amount_micros, reversal.day, some, as_of).join(
                    PAYMENT_REVERSAL, reversal.payment_id == PAYMENTS.c.payment_id
                ),
            ),
        ):
            for account_id, micros in connection.execute(query):
                balances[account_id] = balances.get(account_id, 0) + sign * int(micros)
    return balances


def _by_account(table: Table, amount: Any, day: Column[Any], account_ids: Sequence[str], as_of: str) -> Any:
    """Sums of a table by account, in the account's own currency, up to a day."""
    own = (BILLING_ACCOUNT.c.account_id == table.c.account_id) & (
        BILLING_ACCOUNT.c.currency == table.c.currency
    )
    return (
        select(table.c.account_id, func.sum(amount))
        .select_from(table)
        .join(BILLING_ACCOUNT, own)
        .where(table.c.account_id.in_(account_ids), day <= as_of)
        .group_by(table.c.account_id)
    )


def _sum_by_currency(table: Table, amount: Any) -> Any:
    return select(table.c.currency, func.sum(amount)).group_by(table.c.currency)


def _reversals() -> Any:
    joined = PAYMENTS.join(PAYMENT_REVERSAL, PAYMENTS.c.payment_id == PAYMENT_REVERSAL.c.payment_id)
    return _sum_by_currency(PAYMENTS, PAYMENTS.c.amount_micros).select_from(joined)


def _add_open_items(connection: Connection, report: ReceivablesReport) -> None:
    for account_id, currency, entries in entries_by_account(connection):
        sums = report.currencies.setdefault(currency, Receivables())
        try:
            items = settle(entries, currency)
        except BooksError as error:
            report.differences.append(f"account {account_id}: {error}")
            continue
        sums.owed += items.due_micros
        sums.credit += items.credit_micros


def _misplaced_payments(connection: Connection) -> list[str]:
    """Payments in another currency than their account's, or for an invoice of another account."""
    payment, account, invoice = PAYMENTS.c, BILLING_ACCOUNT.c, INVOICES.c
    query = (
        select(payment.payment_id, payment.account_id)
        .select_from(PAYMENTS)
        .join(BILLING_ACCOUNT, account.account_id == payment.account_id)
        .outerjoin(INVOICES, invoice.number == payment.invoice_number)
        .where((payment.currency != account.currency) | (invoice.account_id != payment.account_id))
        .order_by(payment.payment_id)
    )
    return [
        f"payment {row.payment_id} of account {row.account_id} is in another currency, or for another's invoice"
        for row in connection.execute(query)
    ]
