"""The tables of imports: which files came, how far each is, which lines wait, where subscriptions stand."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from ocs.database.schema import DENSE_ID, MOMENT, TEXT, metadata

USAGE_IMPORT_HEAD: Final = Table(
    "usage_import_head",
    metadata,
    Column("head", TEXT, primary_key=True),  # 'head': one row, which every commit of an import moves on
    Column("next_import_id", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
)

USAGE_IMPORT: Final = Table(
    "usage_import",
    metadata,
    Column("import_id", DENSE_ID, primary_key=True, autoincrement=False),
    Column("mapping", TEXT, nullable=False),
    Column("file", TEXT, nullable=False),  # its name as given
    Column("digest", TEXT, nullable=False),
    Column("octets", BigInteger, nullable=False),
    Column("header", TEXT, nullable=False),  # JSON: the names of columns, or the first line's fields
    Column("catalogue", TEXT, nullable=False),
    Column("next_line", BigInteger, nullable=False),
    Column("next_octet", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("ignored", BigInteger, nullable=False),
    Column("suspended", BigInteger, nullable=False),
    Column("suspense_octets", BigInteger, nullable=False),
    Column("started_ms", MOMENT, nullable=False),
    Column("finished_ms", MOMENT),
    UniqueConstraint("mapping", "digest"),
    CheckConstraint("next_octet <= octets", name="next_octet"),
)

USAGE_SUSPENDED: Final = Table(
    "usage_suspended",
    metadata,
    Column(
        "import_id", BigInteger, ForeignKey("usage_import.import_id"), primary_key=True, autoincrement=False
    ),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("code", TEXT, nullable=False),
    Column("digest", TEXT, nullable=False),  # of the line as it came: the same line waits once
    Column("fed_ms", MOMENT),  # when it was corrected and fed again; NULL = it waits
    Index(None, "digest"),
)

USAGE_STANDING: Final = Table(
    "usage_standing",
    metadata,
    Column("subscription_id", TEXT, primary_key=True),
    Column("standing", TEXT, nullable=False),  # JSON: counters and pots by period, usages
)
