"""Numbers that are not served online any more from a moment on, until the charging server knows it."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import MOMENT, TEXT

revision = "customers_0002"
down_revision = "customers_0001"
branch_labels = None
depends_on = None

_WAITS = sa.text("done_ms IS NULL")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "online_end",
        sa.Column("msisdn", TEXT, primary_key=True),
        sa.Column("at_ms", MOMENT, primary_key=True, autoincrement=False),
        sa.Column("account_id", TEXT, sa.ForeignKey("billing_account.account_id"), primary_key=True),
        sa.Column("done_ms", MOMENT),
    )
    op.create_index(
        "ix_online_end_waits", "online_end", ["at_ms"], sqlite_where=_WAITS, postgresql_where=_WAITS
    )
