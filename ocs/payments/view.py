"""What one account owes, out of the database."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ocs.customers.tables import BILLING_ACCOUNT
from ocs.payments.entries import entries_of
from ocs.payments.open_items import NEVER, OpenItems, settle
from ocs.payments.recording import PaymentError


def account_items(connection: Connection, account_id: str, as_of: str = NEVER) -> OpenItems:
    """The open items of an account at the end of a day; PaymentError where there is no such account."""
    query = select(BILLING_ACCOUNT.c.currency).where(BILLING_ACCOUNT.c.account_id == account_id)
    currency = connection.execute(query).scalar_one_or_none()
    if currency is None:
        raise PaymentError(f"there is no account {account_id}")
    return settle(entries_of(connection, account_id), currency, as_of)
