"""Payments and their reversals."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import DAY, DENSE_ID, MICROS, MOMENT, TEXT

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)
depends_on = ("billing_0001",)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "payment",
        sa.Column("payment_id", DENSE_ID, primary_key=True),
        sa.Column("account_id", TEXT, sa.ForeignKey("billing_account.account_id"), nullable=False),
        sa.Column("invoice_number", TEXT, sa.ForeignKey("invoice.number")),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("amount_micros", MICROS, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("recorded_ms", MOMENT, nullable=False),
        sa.UniqueConstraint("account_id", "reference"),
        sa.CheckConstraint("amount_micros > 0", name="above_zero"),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)", name="currency_is_a_currency"
        ),
        sa.CheckConstraint("length(day) = 10", name="day_is_a_day"),
    )
    op.create_index("ix_payment_invoice_number", "payment", ["invoice_number"])
    op.create_table(
        "payment_reversal",
        sa.Column(
            "payment_id",
            DENSE_ID,
            sa.ForeignKey("payment.payment_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("day", DAY, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("recorded_ms", MOMENT, nullable=False),
        sa.CheckConstraint("length(day) = 10", name="day_is_a_day"),
    )
