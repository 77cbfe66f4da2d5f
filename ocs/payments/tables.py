"""The tables of payments: what came in, what was taken back, and what of online credit comes back with it.

Payments never change; allocations follow from them. Of a restoration only its delivery is noted.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint, text

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

_WAITS: Final = text("delivered_ms IS NULL")

CREDIT_RESTORATION: Final = Table(
    "credit_restoration",
    metadata,
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), primary_key=True),  # in the store
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # of the account: 1, 2, 3 and so on
    Column("invoice_number", TEXT, ForeignKey("invoice.number"), nullable=False),
    Column("currency", TEXT, nullable=False),
    Column("amount_micros", MICROS, nullable=False),  # below zero where a payment was taken back
    Column("cause", TEXT, nullable=False),
    Column("posted_ms", MOMENT, nullable=False),
    Column("delivered_ms", MOMENT),  # NULL: the store may not know it yet
    CheckConstraint("amount_micros <> 0", name="amount"),
    CheckConstraint("number > 0", name="number"),
    is_currency(),
    Index(None, "invoice_number"),
    Index("ix_credit_restoration_waits", "account_id", "number", sqlite_where=_WAITS, postgresql_where=_WAITS),
)
