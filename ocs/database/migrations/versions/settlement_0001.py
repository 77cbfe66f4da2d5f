"""Settlement runs, statements with their totals and counters, number series, reconciliations."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import DAY, DENSE_ID, MICROS, MOMENT, TEXT

revision = "settlement_0001"
down_revision = None
branch_labels = ("settlement",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_run()
    _create_statement()
    _create_parts()
    op.create_table(
        "settlement_series",
        sa.Column("series", TEXT, primary_key=True),
        sa.Column("last_number", sa.BigInteger, nullable=False),
        sa.CheckConstraint("last_number >= 0", name="last_number"),
    )
    op.create_table(
        "settlement_reconciliation",
        sa.Column("reconciliation_id", DENSE_ID, primary_key=True),
        sa.Column("partner", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("file_name", TEXT, nullable=False),
        sa.Column("file_sha256", TEXT, nullable=False),
        sa.Column("mapping", TEXT, nullable=False),
        sa.Column("at_ms", MOMENT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
    )
    op.create_index(
        "ix_settlement_reconciliation_partner_period", "settlement_reconciliation", ["partner", "period"]
    )


def _create_run() -> None:
    op.create_table(
        "settlement_run",
        sa.Column("run_id", DENSE_ID, primary_key=True),
        sa.Column("partner", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("agreement", TEXT, nullable=False),
        sa.Column("after_file", sa.BigInteger, nullable=False),
        sa.Column("after_ms", MOMENT, nullable=False),
        sa.Column("lake_cut", sa.BigInteger, nullable=False),
        sa.Column("issue_day", DAY, nullable=False),
        sa.CheckConstraint("status IN ('started', 'committed')", name="status"),
        sa.CheckConstraint("length(issue_day) = 10", name="issue_day_is_a_day"),
        sa.CheckConstraint("length(period) = 7", name="period"),
        sa.CheckConstraint("after_file <= lake_cut", name="files"),
    )
    op.create_index("ix_settlement_run_one", "settlement_run", ["partner", "period"], unique=True)


def _create_statement() -> None:
    op.create_table(
        "settlement_statement",
        sa.Column("statement_id", DENSE_ID, primary_key=True),
        sa.Column("number", TEXT, nullable=False, unique=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("run_id", DENSE_ID, sa.ForeignKey("settlement_run.run_id"), nullable=False),
        sa.Column("partner", TEXT, nullable=False),
        sa.Column("period", TEXT, nullable=False),
        sa.Column("from_ms", MOMENT, nullable=False),
        sa.Column("to_ms", MOMENT, nullable=False),
        sa.Column("lake_cut", sa.BigInteger, nullable=False),
        sa.Column("corrects", DENSE_ID, sa.ForeignKey("settlement_statement.statement_id")),
        sa.Column("agreement", TEXT, nullable=False),
        sa.Column("issue_day", DAY, nullable=False),
        sa.Column("unrated", sa.BigInteger, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.CheckConstraint("kind IN ('statement', 'correction', 'credit')", name="kind"),
        sa.CheckConstraint("length(issue_day) = 10", name="issue_day_is_a_day"),
        sa.CheckConstraint("from_ms < to_ms", name="span"),
        sa.CheckConstraint("(kind = 'statement') = (corrects IS NULL)", name="corrects"),
    )
    of_the_month = sa.text("kind = 'statement'")
    op.create_index(
        "ix_settlement_statement_one_a_month",
        "settlement_statement",
        ["partner", "period"],
        unique=True,
        sqlite_where=of_the_month,
        postgresql_where=of_the_month,
    )
    op.create_index("ix_settlement_statement_run_id", "settlement_statement", ["run_id"])
    op.create_index("ix_settlement_statement_corrects", "settlement_statement", ["corrects"])


def _create_parts() -> None:
    op.create_table(
        "settlement_total",
        sa.Column(
            "statement_id",
            DENSE_ID,
            sa.ForeignKey("settlement_statement.statement_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("direction", TEXT, primary_key=True),
        sa.Column("currency", TEXT, primary_key=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("usage_micros", MICROS, nullable=False),
        sa.Column("rounding_micros", MICROS, nullable=False),
        sa.Column("total_micros", MICROS, nullable=False),
        sa.Column("due_micros", MICROS, nullable=False),
        sa.CheckConstraint("direction IN ('incoming', 'outgoing')", name="direction"),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)", name="currency_is_a_currency"
        ),
        sa.CheckConstraint("usage_micros + rounding_micros = total_micros", name="sum"),
    )
    op.create_table(
        "settlement_counter",
        sa.Column(
            "statement_id",
            DENSE_ID,
            sa.ForeignKey("settlement_statement.statement_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("counter", TEXT, primary_key=True),
        sa.Column("month", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("units", sa.BigInteger, nullable=False),
    )
