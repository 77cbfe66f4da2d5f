"""What of each invoice was charged online."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import MICROS, TEXT

revision = "billing_0002"
down_revision = "billing_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "invoice_online",
        sa.Column("invoice_number", TEXT, sa.ForeignKey("invoice.number"), primary_key=True),
        sa.Column("account_id", TEXT, sa.ForeignKey("billing_account.account_id"), primary_key=True),
        sa.Column("currency", TEXT, primary_key=True),
        sa.Column("amount_micros", MICROS, nullable=False),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)", name="currency_is_a_currency"
        ),
    )
    op.create_index("ix_invoice_online_account_id", "invoice_online", ["account_id"])
