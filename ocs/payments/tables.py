"""The tables of payments: what came in and what was taken back. Rows never change; allocations follow."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from ocs.database.schema import DAY, DENSE_ID, MICROS, MOMENT, TEXT, is_currency, is_day, metadata

PAYMENT: Final = Table(
    "payment",
    metadata,
    Column("payment_id", DENSE_ID, primary_key=True),
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), nullable=False),
    Column("invoice_number", TEXT, ForeignKey("invoice.number")),  # what it is for; NULL: the oldest
    Column("currency", TEXT, nullable=False),
    Column("amount_micros", MICROS, nullable=False),
    Column("day", DAY, nullable=False),
    Column("reference", TEXT, nullable=False),  # of the bank or the till; given once for an account
    Column("recorded_ms", MOMENT, nullable=False),
    UniqueConstraint("account_id", "reference"),
    CheckConstraint("amount_micros > 0", name="above_zero"),
    is_currency(),
    is_day("day"),
    Index(None, "invoice_number"),
)

PAYMENT_REVERSAL: Final = Table(
    "payment_reversal",
    metadata,
    Column("payment_id", DENSE_ID, ForeignKey("payment.payment_id"), primary_key=True, autoincrement=False),
    Column("day", DAY, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("recorded_ms", MOMENT, nullable=False),
    is_day("day"),
)
