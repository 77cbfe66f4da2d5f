"""Imports of usage files, their suspended lines, and where subscriptions stand by them."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import DENSE_ID, MOMENT, TEXT

revision = "usage_0002"
down_revision = "usage_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    head = op.create_table(
        "usage_import_head",
        sa.Column("head", TEXT, primary_key=True),
        sa.Column("next_import_id", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"head": "head", "next_import_id": 1, "generation": 0}])
    op.create_table(
        "usage_import",
        sa.Column("import_id", DENSE_ID, primary_key=True, autoincrement=False),
        sa.Column("mapping", TEXT, nullable=False),
        sa.Column("file", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("octets", sa.BigInteger, nullable=False),
        sa.Column("header", TEXT, nullable=False),
        sa.Column("catalogue", TEXT, nullable=False),
        sa.Column("next_line", sa.BigInteger, nullable=False),
        sa.Column("next_octet", sa.BigInteger, nullable=False),
        sa.Column("accepted", sa.BigInteger, nullable=False),
        sa.Column("duplicates", sa.BigInteger, nullable=False),
        sa.Column("ignored", sa.BigInteger, nullable=False),
        sa.Column("suspended", sa.BigInteger, nullable=False),
        sa.Column("suspense_octets", sa.BigInteger, nullable=False),
        sa.Column("started_ms", MOMENT, nullable=False),
        sa.Column("finished_ms", MOMENT),
        sa.UniqueConstraint("mapping", "digest"),
        sa.CheckConstraint("next_octet <= octets", name="next_octet"),
    )
    op.create_table(
        "usage_suspended",
        sa.Column(
            "import_id",
            sa.BigInteger,
            sa.ForeignKey("usage_import.import_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("fed_ms", MOMENT),
    )
    op.create_index("ix_usage_suspended_digest", "usage_suspended", ["digest"])
    op.create_table(
        "usage_standing",
        sa.Column("subscription_id", TEXT, primary_key=True),
        sa.Column("standing", TEXT, nullable=False),
    )
