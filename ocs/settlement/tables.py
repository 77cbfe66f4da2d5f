"""The tables of settlement: runs with their frozen input, statements, and what reconciliations found.

A record of a partner belongs to the first statement of the partner with lake file <= ``lake_cut`` and start <
``to_ms``; nothing is marked on records. Statements are never changed: a correction is another row.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, text

from ocs.database.schema import DAY, DENSE_ID, MICROS, MOMENT, TEXT, is_currency, is_day, metadata, one_of

STATEMENT: Final = "statement"
CORRECTION: Final = "correction"
CREDIT: Final = "credit"
"""Kinds of document: the month, the month computed again, and an amount that was agreed upon."""

STARTED: Final = "started"
COMMITTED: Final = "committed"

SETTLEMENT_RUN: Final = Table(
    "settlement_run",
    metadata,
    Column("run_id", DENSE_ID, primary_key=True),
    Column("partner", TEXT, nullable=False),
    Column("period", TEXT, nullable=False),  # YYYY-MM
    Column("status", TEXT, nullable=False),
    Column("agreement", TEXT, nullable=False),  # the hash of the agreement's content
    Column("after_file", BigInteger, nullable=False),  # what the statement before had: files up to this one,
    Column("after_ms", MOMENT, nullable=False),  # where they began before this moment
    Column("lake_cut", BigInteger, nullable=False),
    Column("issue_day", DAY, nullable=False),
    one_of("status", STARTED, COMMITTED),
    is_day("issue_day"),
    CheckConstraint("length(period) = 7", name="period"),
    CheckConstraint("after_file <= lake_cut", name="files"),
    Index("ix_settlement_run_one", "partner", "period", unique=True),
)

SETTLEMENT_STATEMENT: Final = Table(
    "settlement_statement",
    metadata,
    Column("statement_id", DENSE_ID, primary_key=True),
    Column("number", TEXT, nullable=False, unique=True),
    Column("kind", TEXT, nullable=False),
    Column("run_id", DENSE_ID, ForeignKey("settlement_run.run_id"), nullable=False),
    Column("partner", TEXT, nullable=False),
    Column("period", TEXT, nullable=False),
    Column("from_ms", MOMENT, nullable=False),
    Column("to_ms", MOMENT, nullable=False),
    Column("lake_cut", BigInteger, nullable=False),
    Column("corrects", DENSE_ID, ForeignKey("settlement_statement.statement_id")),
    Column("agreement", TEXT, nullable=False),
    Column("issue_day", DAY, nullable=False),
    Column("unrated", BigInteger, nullable=False),  # records on it for which the agreement has no price
    Column("content", TEXT, nullable=False),  # the statement's canonical JSON
    one_of("kind", STATEMENT, CORRECTION, CREDIT),
    is_day("issue_day"),
    CheckConstraint("from_ms < to_ms", name="span"),
    CheckConstraint("(kind = 'statement') = (corrects IS NULL)", name="corrects"),
    Index(
        "ix_settlement_statement_one_a_month",
        "partner",
        "period",
        unique=True,
        sqlite_where=text("kind = 'statement'"),
        postgresql_where=text("kind = 'statement'"),
    ),
    Index(None, "run_id"),
    Index(None, "corrects"),
)

SETTLEMENT_TOTAL: Final = Table(
    "settlement_total",
    metadata,
    Column(
        "statement_id",
        DENSE_ID,
        ForeignKey("settlement_statement.statement_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("direction", TEXT, primary_key=True),
    Column("currency", TEXT, primary_key=True),
    Column("records", BigInteger, nullable=False),
    Column("usage_micros", MICROS, nullable=False),
    Column("rounding_micros", MICROS, nullable=False),
    Column("total_micros", MICROS, nullable=False),
    Column("due_micros", MICROS, nullable=False),  # of a correction: less what was stated before
    one_of("direction", "incoming", "outgoing"),
    is_currency(),
    CheckConstraint("usage_micros + rounding_micros = total_micros", name="sum"),
)

SETTLEMENT_COUNTER: Final = Table(
    "settlement_counter",
    metadata,
    Column(
        "statement_id",
        DENSE_ID,
        ForeignKey("settlement_statement.statement_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("counter", TEXT, primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),  # year * 12 + month - 1
    Column("units", BigInteger, nullable=False),
)

SETTLEMENT_SERIES: Final = Table(
    "settlement_series",
    metadata,
    Column("series", TEXT, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    CheckConstraint("last_number >= 0", name="last_number"),
)

SETTLEMENT_RECONCILIATION: Final = Table(
    "settlement_reconciliation",
    metadata,
    Column("reconciliation_id", DENSE_ID, primary_key=True),
    Column("partner", TEXT, nullable=False),
    Column("period", TEXT, nullable=False),
    Column("file_name", TEXT, nullable=False),
    Column("file_sha256", TEXT, nullable=False),
    Column("mapping", TEXT, nullable=False),
    Column("at_ms", MOMENT, nullable=False),
    Column("content", TEXT, nullable=False),  # the report's canonical JSON
    Index(None, "partner", "period"),
)
