"""What all tables have in common: one metadata, names of constraints, and types of columns.

Money is a BIGINT of micros beside a currency; a moment is a BIGINT of milliseconds since 1970 (UTC); a day is a
text 'YYYY-MM-DD'. Both databases compare and sort texts alike, by code point.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData, Text
from sqlalchemy.types import TypeEngine

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

TEXT: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")
MICROS: Final[TypeEngine[int]] = BigInteger()
MOMENT: Final[TypeEngine[int]] = BigInteger()
DAY: Final[TypeEngine[str]] = TEXT
DENSE_ID: Final[TypeEngine[int]] = BigInteger().with_variant(Integer, "sqlite")
"""A primary key that counts: SQLite gives numbers by itself to INTEGER columns only."""


def one_of(column: str, *words: str) -> CheckConstraint:
    """The constraint that a column holds one of some words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def is_day(column: str) -> CheckConstraint:
    """The constraint that a column holds a day, or NULL where that is allowed."""
    return CheckConstraint(f"length({column}) = 10", name=f"{column}_is_a_day")


def is_currency(column: str = "currency") -> CheckConstraint:
    """The constraint that a column holds three letters of ISO 4217."""
    return CheckConstraint(
        f"length({column}) = 3 AND {column} = upper({column})", name=f"{column}_is_a_currency"
    )


Row = dict[str, Any]
"""The values of one row by column, as executemany takes them."""
