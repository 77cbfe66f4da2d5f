"""The manifest of the usage lake, and the cursors of series of record files."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import DAY, DENSE_ID, MOMENT, TEXT

revision = "usage_0001"
down_revision = None
branch_labels = ("usage",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    head = op.create_table(
        "lake_head",
        sa.Column("lake", TEXT, primary_key=True),
        sa.Column("next_file_id", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"lake": "lake", "next_file_id": 1}])
    op.create_table(
        "lake_series",
        sa.Column("series", TEXT, primary_key=True),
        sa.Column("next_sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "lake_file",
        sa.Column("file_id", DENSE_ID, primary_key=True, autoincrement=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("day", DAY, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("amounts", TEXT, nullable=False),
        sa.Column("committed_ms", MOMENT, nullable=False),
        sa.UniqueConstraint("path"),
        sa.UniqueConstraint("series", "first_sequence", "day"),
        sa.CheckConstraint("last_sequence >= first_sequence", name="sequences"),
        sa.CheckConstraint("records BETWEEN 1 AND rows", name="records"),
        sa.CheckConstraint("length(day) = 10", name="day_is_a_day"),
    )
    op.create_index("ix_lake_file_day", "lake_file", ["day"])
    op.create_table(
        "lake_gap",
        sa.Column("series", TEXT, primary_key=True),
        sa.Column("first_sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("noted_ms", MOMENT, nullable=False),
        sa.CheckConstraint("last_sequence >= first_sequence", name="sequences"),
    )
    op.create_table(
        "record_series",
        sa.Column("series", TEXT, primary_key=True),
        sa.Column("next_number", sa.BigInteger, nullable=False),
        sa.Column("next_sequence", sa.BigInteger, nullable=False),
        sa.Column("publishing", TEXT),
        sa.Column("publishing_number", sa.BigInteger),
        sa.Column("publishing_sequence", sa.BigInteger),
        sa.CheckConstraint(
            "(publishing IS NULL) = (publishing_number IS NULL)"
            " AND (publishing IS NULL) = (publishing_sequence IS NULL)",
            name="publishing",
        ),
    )
