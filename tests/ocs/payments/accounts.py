"""Accounts with invoices and credit notes, written as billing leaves them in the tables."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, insert

from ocs.billing.tables import BILLING_RUN, CREDIT_NOTE, INVOICE
from ocs.customers.tables import BILLING_ACCOUNT, BILLING_CYCLE, PARTY
from ocs.database import writing

EUR = 1_000_000


def add_accounts(engine: Engine, **currencies: str) -> None:
    """One party, and an account of its own for each name, in the currency given."""
    with writing(engine) as connection:
        connection.execute(
            insert(PARTY).values(
                party_id="p", kind="person", name="Ada Example", address="Main Street 1", country="DE",
                language="en", email="", tax_number="",
            )
        )  # fmt: skip
        connection.execute(
            insert(BILLING_CYCLE).values(cycle_id="m", day_of_month=1, time_zone="Europe/Berlin")
        )
        connection.execute(
            insert(BILLING_RUN).values(
                run_id=1, cycle_id="m", as_of_day="2026-12-01", status="committed", to_day="2026-12-01",
                to_ms=1, lake_cut=0, lake="", records="[]", catalogue="", tax_table="", customers="",
                started_ms=1, committed_ms=2,
            )
        )  # fmt: skip
        for account_id, currency in currencies.items():
            add_account(connection, account_id, currency)


def add_account(connection: Connection, account_id: str, currency: str, parent: str | None = None) -> None:
    """An account; with a parent, that one pays for it."""
    connection.execute(
        insert(BILLING_ACCOUNT).values(
            account_id=account_id, party_id="p", parent_account_id=parent,
            payer="parent" if parent else "account", currency=currency, cycle_id="m",
            tax_status="standard", tax_jurisdiction="DE", language="en",
            payment_terms_days=14, opened_day="2026-01-01", closed_day=None,
        )
    )  # fmt: skip


def add_invoice(
    engine: Engine, number: str, account_id: str, micros: int, day: str, due: str, currency: str = "EUR"
) -> None:
    """An invoice of one sum, without tax."""
    with writing(engine) as connection:
        connection.execute(
            insert(INVOICE).values(
                number=number, run_id=1, account_id=account_id, currency=currency,
                period_from_day="2026-01-01", period_to_day="2026-02-01", issue_day=day,
                due_day=due, net_micros=micros, tax_micros=0, rounding_micros=0, total_micros=micros,
                brought_forward_micros=0, due_micros=micros, content="{}",
            )
        )  # fmt: skip


def add_credit_note(engine: Engine, number: str, invoice: str, account_id: str, micros: int, day: str) -> None:
    """A credit note over a part of an invoice in euros."""
    with writing(engine) as connection:
        connection.execute(
            insert(CREDIT_NOTE).values(
                number=number, invoice_number=invoice, account_id=account_id, currency="EUR", issue_day=day,
                line=None, reason="goodwill", net_micros=micros, tax_micros=0, rounding_micros=0,
                total_micros=micros, content="{}",
            )
        )  # fmt: skip
