"""Billing runs, what they billed, invoices and credit notes."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import DAY, DENSE_ID, MICROS, MOMENT, TEXT

revision = "billing_0001"
down_revision = None
branch_labels = ("billing",)
depends_on = ("customers_0001",)


def upgrade() -> None:
    """Create the tables."""
    _create_billing_run()
    _create_billing_draft()
    _create_invoice()
    _create_invoice_line()
    _create_invoice_tax()
    _create_billed_account()
    _create_billed_subscription()
    _create_billed_fee()
    _create_credit_note()
    _create_number_series()


def _create_billing_run() -> None:
    op.create_table(
        "billing_run",
        sa.Column("run_id", DENSE_ID, nullable=False),
        sa.Column("cycle_id", TEXT, nullable=False),
        sa.Column("as_of_day", DAY, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("to_day", DAY, nullable=False),
        sa.Column("to_ms", MOMENT, nullable=False),
        sa.Column("lake_cut", sa.BigInteger(), nullable=False),
        sa.Column("lake", TEXT, nullable=False),
        sa.Column("records", TEXT, nullable=False),
        sa.Column("catalogue", TEXT, nullable=False),
        sa.Column("tax_table", TEXT, nullable=False),
        sa.Column("customers", TEXT, nullable=False),
        sa.Column("started_ms", MOMENT, nullable=False),
        sa.Column("committed_ms", MOMENT),
        sa.CheckConstraint(
            "(status = 'committed') = (committed_ms IS NOT NULL)", name=op.f("ck_billing_run_committed")
        ),
        sa.CheckConstraint("status IN ('started', 'committed')", name=op.f("ck_billing_run_status")),
        sa.CheckConstraint("length(as_of_day) = 10", name=op.f("ck_billing_run_as_of_day_is_a_day")),
        sa.CheckConstraint("length(to_day) = 10", name=op.f("ck_billing_run_to_day_is_a_day")),
        sa.ForeignKeyConstraint(["cycle_id"], ["billing_cycle.cycle_id"], name=op.f("fk_billing_run_cycle_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_billing_run")),
    )
    op.create_index(
        "uq_billing_run_started",
        "billing_run",
        ["cycle_id"],
        unique=True,
        sqlite_where=sa.text("status = 'started'"),
        postgresql_where=sa.text("status = 'started'"),
    )


def _create_billing_draft() -> None:
    op.create_table(
        "billing_draft",
        sa.Column("run_id", DENSE_ID, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("has_invoice", sa.Boolean(), nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.run_id"], name=op.f("fk_billing_draft_run_id")),
        sa.PrimaryKeyConstraint("run_id", "account_id", name=op.f("pk_billing_draft")),
    )


def _create_invoice() -> None:
    op.create_table(
        "invoice",
        sa.Column("number", TEXT, nullable=False),
        sa.Column("run_id", DENSE_ID, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("period_from_day", DAY, nullable=False),
        sa.Column("period_to_day", DAY, nullable=False),
        sa.Column("issue_day", DAY, nullable=False),
        sa.Column("due_day", DAY, nullable=False),
        sa.Column("net_micros", MICROS, nullable=False),
        sa.Column("tax_micros", MICROS, nullable=False),
        sa.Column("rounding_micros", MICROS, nullable=False),
        sa.Column("total_micros", MICROS, nullable=False),
        sa.Column("brought_forward_micros", MICROS, nullable=False),
        sa.Column("due_micros", MICROS, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.CheckConstraint("due_micros = total_micros + brought_forward_micros", name=op.f("ck_invoice_due")),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)",
            name=op.f("ck_invoice_currency_is_a_currency"),
        ),
        sa.CheckConstraint("length(due_day) = 10", name=op.f("ck_invoice_due_day_is_a_day")),
        sa.CheckConstraint("length(issue_day) = 10", name=op.f("ck_invoice_issue_day_is_a_day")),
        sa.CheckConstraint("length(period_from_day) = 10", name=op.f("ck_invoice_period_from_day_is_a_day")),
        sa.CheckConstraint("length(period_to_day) = 10", name=op.f("ck_invoice_period_to_day_is_a_day")),
        sa.CheckConstraint(
            "total_micros = net_micros + tax_micros + rounding_micros", name=op.f("ck_invoice_total")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["billing_account.account_id"], name=op.f("fk_invoice_account_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.run_id"], name=op.f("fk_invoice_run_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_invoice")),
    )
    op.create_index(op.f("ix_invoice_account_id"), "invoice", ["account_id"], unique=False)
    op.create_index(op.f("ix_invoice_run_id"), "invoice", ["run_id"], unique=False)


def _create_invoice_line() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("invoice_number", TEXT, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("item", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("subscription_id", TEXT, nullable=False),
        sa.Column("msisdn", TEXT, nullable=False),
        sa.Column("plan_id", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("from_day", DAY, nullable=False),
        sa.Column("to_day", DAY, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_kind", TEXT, nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("tax", TEXT, nullable=False),
        sa.Column("amount_micros", MICROS, nullable=False),
        sa.Column("original_micros", MICROS, nullable=False),
        sa.Column("original_currency", TEXT, nullable=False),
        sa.Column("tax_rate_millionths", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('recurring', 'one_off', 'usage', 'discount')", name=op.f("ck_invoice_line_kind")
        ),
        sa.CheckConstraint(
            "length(original_currency) = 3 AND original_currency = upper(original_currency)",
            name=op.f("ck_invoice_line_original_currency_is_a_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_number"], ["invoice.number"], name=op.f("fk_invoice_line_invoice_number")
        ),
        sa.PrimaryKeyConstraint("invoice_number", "line", name=op.f("pk_invoice_line")),
    )


def _create_invoice_tax() -> None:
    op.create_table(
        "invoice_tax",
        sa.Column("invoice_number", TEXT, nullable=False),
        sa.Column("category", TEXT, nullable=False),
        sa.Column("rate_millionths", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("jurisdiction", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("net_micros", MICROS, nullable=False),
        sa.Column("tax_micros", MICROS, nullable=False),
        sa.CheckConstraint("reason IN ('', 'exempt', 'reverse_charge')", name=op.f("ck_invoice_tax_reason")),
        sa.ForeignKeyConstraint(
            ["invoice_number"], ["invoice.number"], name=op.f("fk_invoice_tax_invoice_number")
        ),
        sa.PrimaryKeyConstraint("invoice_number", "category", "rate_millionths", name=op.f("pk_invoice_tax")),
    )


def _create_billed_account() -> None:
    op.create_table(
        "billed_account",
        sa.Column("run_id", DENSE_ID, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("from_day", DAY, nullable=False),
        sa.Column("to_day", DAY, nullable=False),
        sa.Column("after_cut", sa.BigInteger(), nullable=False),
        sa.Column("after_ms", MOMENT, nullable=False),
        sa.Column("lake_cut", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", MOMENT, nullable=False),
        sa.Column("invoice_number", TEXT),
        sa.CheckConstraint("lake_cut >= after_cut AND to_ms > after_ms", name=op.f("ck_billed_account_window")),
        sa.CheckConstraint("length(from_day) = 10", name=op.f("ck_billed_account_from_day_is_a_day")),
        sa.CheckConstraint("length(to_day) = 10", name=op.f("ck_billed_account_to_day_is_a_day")),
        sa.CheckConstraint("to_day > from_day", name=op.f("ck_billed_account_period")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["billing_account.account_id"], name=op.f("fk_billed_account_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_number"], ["invoice.number"], name=op.f("fk_billed_account_invoice_number")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.run_id"], name=op.f("fk_billed_account_run_id")),
        sa.PrimaryKeyConstraint("run_id", "account_id", name=op.f("pk_billed_account")),
        sa.UniqueConstraint("account_id", "to_day", name=op.f("uq_billed_account_account_id_to_day")),
    )
    op.create_index(
        op.f("ix_billed_account_invoice_number"), "billed_account", ["invoice_number"], unique=False
    )


def _create_billed_subscription() -> None:
    op.create_table(
        "billed_subscription",
        sa.Column("run_id", DENSE_ID, nullable=False),
        sa.Column("subscription_id", TEXT, nullable=False),
        sa.Column("from_ms", MOMENT, autoincrement=False, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("through_day", DAY, nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "length(through_day) = 10", name=op.f("ck_billed_subscription_through_day_is_a_day")
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "account_id"],
            ["billed_account.run_id", "billed_account.account_id"],
            name="fk_billed_subscription_account",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.run_id"], name=op.f("fk_billed_subscription_run_id")),
        sa.PrimaryKeyConstraint(
            "run_id", "subscription_id", "from_ms", "origin", "account_id", name=op.f("pk_billed_subscription")
        ),
    )
    op.create_index(
        op.f("ix_billed_subscription_account_id"), "billed_subscription", ["account_id"], unique=False
    )


def _create_billed_fee() -> None:
    op.create_table(
        "billed_fee",
        sa.Column("run_id", DENSE_ID, nullable=False),
        sa.Column("subscription_id", TEXT, nullable=False),
        sa.Column("from_ms", MOMENT, autoincrement=False, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("fee_id", TEXT, nullable=False),
        sa.Column("period_from_day", DAY, nullable=False),
        sa.Column("period_to_day", DAY, nullable=False),
        sa.Column("covered_from_day", DAY, nullable=False),
        sa.Column("covered_to_day", DAY, nullable=False),
        sa.Column("fee", TEXT, nullable=False),
        sa.Column("amount_micros", MICROS, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("invoice_number", TEXT, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(period_from_day) = 10", name=op.f("ck_billed_fee_period_from_day_is_a_day")),
        sa.CheckConstraint("length(period_to_day) = 10", name=op.f("ck_billed_fee_period_to_day_is_a_day")),
        sa.ForeignKeyConstraint(
            ["invoice_number", "line"],
            ["invoice_line.invoice_number", "invoice_line.line"],
            name="fk_billed_fee_line",
        ),
        sa.PrimaryKeyConstraint(
            "run_id",
            "subscription_id",
            "from_ms",
            "origin",
            "fee_id",
            "period_from_day",
            "account_id",
            name=op.f("pk_billed_fee"),
        ),
    )
    op.create_index(op.f("ix_billed_fee_account_id"), "billed_fee", ["account_id"], unique=False)


def _create_credit_note() -> None:
    op.create_table(
        "credit_note",
        sa.Column("number", TEXT, nullable=False),
        sa.Column("invoice_number", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("issue_day", DAY, nullable=False),
        sa.Column("line", sa.Integer()),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("net_micros", MICROS, nullable=False),
        sa.Column("tax_micros", MICROS, nullable=False),
        sa.Column("rounding_micros", MICROS, nullable=False),
        sa.Column("total_micros", MICROS, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)",
            name=op.f("ck_credit_note_currency_is_a_currency"),
        ),
        sa.CheckConstraint("length(issue_day) = 10", name=op.f("ck_credit_note_issue_day_is_a_day")),
        sa.CheckConstraint(
            "total_micros = net_micros + tax_micros + rounding_micros", name=op.f("ck_credit_note_total")
        ),
        sa.CheckConstraint("total_micros > 0", name=op.f("ck_credit_note_above_zero")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["billing_account.account_id"], name=op.f("fk_credit_note_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_number"], ["invoice.number"], name=op.f("fk_credit_note_invoice_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_credit_note")),
    )
    op.create_index(op.f("ix_credit_note_account_id"), "credit_note", ["account_id"], unique=False)
    op.create_index(op.f("ix_credit_note_invoice_number"), "credit_note", ["invoice_number"], unique=False)


def _create_number_series() -> None:
    op.create_table(
        "number_series",
        sa.Column("series", TEXT, nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("next_number >= 1", name=op.f("ck_number_series_next_number")),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_number_series")),
    )
