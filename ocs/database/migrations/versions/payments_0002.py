"""Online credit that comes back when invoices are paid, until the store knows it."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import MICROS, MOMENT, TEXT

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = ("billing_0002",)

_WAITS = sa.text("delivered_ms IS NULL")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "credit_restoration",
        sa.Column("account_id", TEXT, sa.ForeignKey("billing_account.account_id"), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("invoice_number", TEXT, sa.ForeignKey("invoice.number"), nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount_micros", MICROS, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("posted_ms", MOMENT, nullable=False),
        sa.Column("delivered_ms", MOMENT),
        sa.CheckConstraint("amount_micros <> 0", name="amount"),
        sa.CheckConstraint("number > 0", name="number"),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)", name="currency_is_a_currency"
        ),
    )
    op.create_index("ix_credit_restoration_invoice_number", "credit_restoration", ["invoice_number"])
    op.create_index(
        "ix_credit_restoration_waits",
        "credit_restoration",
        ["account_id", "number"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
