"""The tables of records: which files the usage lake consists of, and how far each series of files has come."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, UniqueConstraint

from ocs.database.schema import DAY, DENSE_ID, MOMENT, TEXT, is_day, metadata

LAKE_HEAD: Final = Table(
    "lake_head",
    metadata,
    Column("lake", TEXT, primary_key=True),  # 'lake': one row, which every commit locks
    Column("next_file_id", BigInteger, nullable=False),
)

LAKE_SERIES: Final = Table(
    "lake_series",
    metadata,
    Column("series", TEXT, primary_key=True),
    Column("next_sequence", BigInteger, nullable=False),
)

LAKE_FILE: Final = Table(
    "lake_file",
    metadata,
    Column("file_id", DENSE_ID, primary_key=True, autoincrement=False),
    Column("series", TEXT, nullable=False),
    Column(
        "first_sequence", BigInteger, nullable=False
    ),  # of the chunk, whose other days are in files of their own
    Column("last_sequence", BigInteger, nullable=False),
    Column("day", DAY, nullable=False),
    Column("path", TEXT, nullable=False),  # within the lake
    Column("rows", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("amounts", TEXT, nullable=False),  # JSON: micros by currency
    Column("committed_ms", MOMENT, nullable=False),
    UniqueConstraint("path"),
    UniqueConstraint("series", "first_sequence", "day"),
    CheckConstraint("last_sequence >= first_sequence", name="sequences"),
    CheckConstraint("records BETWEEN 1 AND rows", name="records"),
    is_day("day"),
    Index(None, "day"),
)

LAKE_GAP: Final = Table(
    "lake_gap",
    metadata,
    Column("series", TEXT, primary_key=True),
    Column("first_sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("noted_ms", MOMENT, nullable=False),
    CheckConstraint("last_sequence >= first_sequence", name="sequences"),
)

RECORD_SERIES: Final = Table(
    "record_series",
    metadata,
    Column("series", TEXT, primary_key=True),
    Column("next_number", BigInteger, nullable=False),  # of the series' own dense numbers
    Column("next_sequence", BigInteger, nullable=False),  # of the journal
    Column("publishing", TEXT),  # the file that is complete and about to get its name
    Column("publishing_number", BigInteger),  # what next_number and next_sequence become by it
    Column("publishing_sequence", BigInteger),
    CheckConstraint(
        "(publishing IS NULL) = (publishing_number IS NULL)"
        " AND (publishing IS NULL) = (publishing_sequence IS NULL)",
        name="publishing",
    ),
)
