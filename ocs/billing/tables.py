"""The tables of billing: runs with their frozen input, what they billed, invoices and credit notes.

A record (lake file f, started at t) of an account belongs to the first of its ``billed_account`` rows with
f <= ``lake_cut`` and t < ``to_ms``; nothing is marked on records. Invoices are never changed: a correction is a
credit note.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from ocs.database.schema import DAY, DENSE_ID, MICROS, MOMENT, TEXT, is_currency, is_day, metadata, one_of

STARTED: Final = "started"
COMMITTED: Final = "committed"

_IS_STARTED: Final = text("status = 'started'")

BILLING_RUN: Final = Table(
    "billing_run",
    metadata,
    Column("run_id", DENSE_ID, primary_key=True),
    Column("cycle_id", TEXT, ForeignKey("billing_cycle.cycle_id"), nullable=False),
    Column("as_of_day", DAY, nullable=False),
    Column("status", TEXT, nullable=False),
    Column("to_day", DAY, nullable=False),
    Column("to_ms", MOMENT, nullable=False),
    Column("lake_cut", BigInteger, nullable=False),
    Column("lake", TEXT, nullable=False),
    Column("records", TEXT, nullable=False),  # JSON: the sequence ranges of all series up to the cut
    Column("catalogue", TEXT, nullable=False),
    Column("tax_table", TEXT, nullable=False),
    Column("customers", TEXT, nullable=False),
    Column("started_ms", MOMENT, nullable=False),
    Column("committed_ms", MOMENT),
    one_of("status", STARTED, COMMITTED),
    is_day("as_of_day"),
    is_day("to_day"),
    CheckConstraint("(status = 'committed') = (committed_ms IS NOT NULL)", name="committed"),
    Index(
        "uq_billing_run_started",
        "cycle_id",
        unique=True,
        sqlite_where=_IS_STARTED,
        postgresql_where=_IS_STARTED,
    ),
)

BILLING_DRAFT: Final = Table(
    "billing_draft",
    metadata,
    Column("run_id", DENSE_ID, ForeignKey("billing_run.run_id"), primary_key=True),
    Column("account_id", TEXT, primary_key=True),
    Column("has_invoice", Boolean, nullable=False),
    Column("content", TEXT, nullable=False),  # JSON of ocs.billing.draft
)

INVOICE: Final = Table(
    "invoice",
    metadata,
    Column("number", TEXT, primary_key=True),
    Column("run_id", DENSE_ID, ForeignKey("billing_run.run_id"), nullable=False),
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), nullable=False),
    Column("currency", TEXT, nullable=False),
    Column("period_from_day", DAY, nullable=False),
    Column("period_to_day", DAY, nullable=False),
    Column("issue_day", DAY, nullable=False),
    Column("due_day", DAY, nullable=False),
    Column("net_micros", MICROS, nullable=False),
    Column("tax_micros", MICROS, nullable=False),
    Column("rounding_micros", MICROS, nullable=False),
    Column("total_micros", MICROS, nullable=False),
    Column("brought_forward_micros", MICROS, nullable=False),
    Column("due_micros", MICROS, nullable=False),
    Column("content", TEXT, nullable=False),  # its canonical JSON, without the itemised usage
    is_currency(),
    is_day("period_from_day"),
    is_day("period_to_day"),
    is_day("issue_day"),
    is_day("due_day"),
    CheckConstraint("total_micros = net_micros + tax_micros + rounding_micros", name="total"),
    CheckConstraint("due_micros = total_micros + brought_forward_micros", name="due"),
    Index(None, "account_id"),
    Index(None, "run_id"),
)

INVOICE_LINE: Final = Table(
    "invoice_line",
    metadata,
    Column("invoice_number", TEXT, ForeignKey("invoice.number"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("kind", TEXT, nullable=False),
    Column("item", TEXT, nullable=False),
    Column("account_id", TEXT, nullable=False),
    Column("subscription_id", TEXT, nullable=False),
    Column("msisdn", TEXT, nullable=False),
    Column("plan_id", TEXT, nullable=False),
    Column("direction", TEXT, nullable=False),
    Column("from_day", DAY, nullable=False),
    Column("to_day", DAY, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_kind", TEXT, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("tax", TEXT, nullable=False),
    Column("amount_micros", MICROS, nullable=False),
    Column("original_micros", MICROS, nullable=False),
    Column("original_currency", TEXT, nullable=False),
    Column("tax_rate_millionths", Integer, nullable=False),
    one_of("kind", "recurring", "one_off", "usage", "discount"),
    is_currency("original_currency"),
)

INVOICE_TAX: Final = Table(
    "invoice_tax",
    metadata,
    Column("invoice_number", TEXT, ForeignKey("invoice.number"), primary_key=True),
    Column("category", TEXT, primary_key=True),
    Column("rate_millionths", Integer, primary_key=True, autoincrement=False),
    Column("jurisdiction", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("net_micros", MICROS, nullable=False),
    Column("tax_micros", MICROS, nullable=False),
    one_of("reason", "", "exempt", "reverse_charge"),
)

INVOICE_ONLINE: Final = Table(
    "invoice_online",
    metadata,
    Column("invoice_number", TEXT, ForeignKey("invoice.number"), primary_key=True),
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), primary_key=True),
    Column("currency", TEXT, primary_key=True),  # of the prices, which is that of the account in the store
    Column("amount_micros", MICROS, nullable=False),  # what the account was charged online for it, before tax
    is_currency(),
    Index(None, "account_id"),
)

BILLED_ACCOUNT: Final = Table(
    "billed_account",
    metadata,
    Column("run_id", DENSE_ID, ForeignKey("billing_run.run_id"), primary_key=True),
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), primary_key=True),
    Column("from_day", DAY, nullable=False),
    Column("to_day", DAY, nullable=False),
    Column("after_cut", BigInteger, nullable=False),  # what the row before it had: files up to this one,
    Column("after_ms", MOMENT, nullable=False),  # where they began before this moment; 0 and 0 for the first
    Column("lake_cut", BigInteger, nullable=False),
    Column("to_ms", MOMENT, nullable=False),
    Column("invoice_number", TEXT, ForeignKey("invoice.number")),  # NULL: there was nothing to bill
    UniqueConstraint("account_id", "to_day"),
    is_day("from_day"),
    is_day("to_day"),
    CheckConstraint("to_day > from_day", name="period"),
    CheckConstraint("lake_cut >= after_cut AND to_ms > after_ms", name="window"),
    Index(None, "invoice_number"),
)

BILLED_SUBSCRIPTION: Final = Table(
    "billed_subscription",
    metadata,
    Column("run_id", DENSE_ID, ForeignKey("billing_run.run_id"), primary_key=True),
    Column("subscription_id", TEXT, primary_key=True),
    Column("from_ms", MOMENT, primary_key=True, autoincrement=False),
    Column("origin", TEXT, primary_key=True),
    Column("account_id", TEXT, primary_key=True),
    Column("through_day", DAY, nullable=False),  # fees before this day were looked at
    Column("ended", Boolean, nullable=False),  # its end was before that day, and was looked at
    ForeignKeyConstraint(
        ["run_id", "account_id"],
        ["billed_account.run_id", "billed_account.account_id"],
        name="fk_billed_subscription_account",
    ),
    is_day("through_day"),
    Index(None, "account_id"),
)

BILLED_FEE: Final = Table(
    "billed_fee",
    metadata,
    Column("run_id", DENSE_ID, primary_key=True),
    Column("subscription_id", TEXT, primary_key=True),
    Column("from_ms", MOMENT, primary_key=True, autoincrement=False),  # of the subscription's row, or add-on
    Column("origin", TEXT, primary_key=True),  # the plan, or 'addon:' and the add-on
    Column("fee_id", TEXT, primary_key=True),
    Column("period_from_day", DAY, primary_key=True),
    Column("period_to_day", DAY, nullable=False),
    Column("covered_from_day", DAY, nullable=False),
    Column("covered_to_day", DAY, nullable=False),  # as known to this run
    Column("fee", TEXT, nullable=False),  # JSON: the fee's terms when the period was first billed
    Column("amount_micros", MICROS, nullable=False),  # what this run added, in the plan's currency
    Column("account_id", TEXT, primary_key=True),
    Column("invoice_number", TEXT, nullable=False),
    Column("line", Integer, nullable=False),
    ForeignKeyConstraint(
        ["invoice_number", "line"],
        ["invoice_line.invoice_number", "invoice_line.line"],
        name="fk_billed_fee_line",
    ),
    is_day("period_from_day"),
    is_day("period_to_day"),
    Index(None, "account_id"),
)

CREDIT_NOTE: Final = Table(
    "credit_note",
    metadata,
    Column("number", TEXT, primary_key=True),
    Column("invoice_number", TEXT, ForeignKey("invoice.number"), nullable=False),
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), nullable=False),
    Column("currency", TEXT, nullable=False),
    Column("issue_day", DAY, nullable=False),
    Column("line", Integer),  # the invoice's line it is about; NULL: the whole invoice
    Column("reason", TEXT, nullable=False),
    Column("net_micros", MICROS, nullable=False),
    Column("tax_micros", MICROS, nullable=False),
    Column("rounding_micros", MICROS, nullable=False),
    Column("total_micros", MICROS, nullable=False),  # what is given back, above zero
    Column("content", TEXT, nullable=False),
    is_currency(),
    is_day("issue_day"),
    CheckConstraint("total_micros = net_micros + tax_micros + rounding_micros", name="total"),
    CheckConstraint("total_micros > 0", name="above_zero"),
    Index(None, "invoice_number"),
    Index(None, "account_id"),
)

NUMBER_SERIES: Final = Table(
    "number_series",
    metadata,
    Column("series", TEXT, primary_key=True),  # such as 'invoice-2026'
    Column("next_number", BigInteger, nullable=False),
    CheckConstraint("next_number >= 1", name="next_number"),
)
