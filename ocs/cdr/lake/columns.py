"""The columns of the lake, in their order: one row for each charge line and each bucket use of a record."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "record_id": "VARCHAR",
    "line": "INTEGER",
    "series": "VARCHAR",
    "sequence": "BIGINT",
    "source_file": "VARCHAR",
    "source_line": "BIGINT",
    "payment": "VARCHAR",
    "account": "VARCHAR",
    "msisdn": "VARCHAR",
    "plan": "VARCHAR",
    "service": "VARCHAR",
    "direction": "VARCHAR",
    "called": "VARCHAR",
    "calling": "VARCHAR",
    "destination": "VARCHAR",
    "network": "VARCHAR",
    "apn": "VARCHAR",
    "rating_group": "BIGINT",
    "partner": "VARCHAR",
    "trunk": "VARCHAR",
    "started_ms": "BIGINT",
    "ended_ms": "BIGINT",
    "unit_kind": "VARCHAR",
    "used_units": "BIGINT",
    "rule": "VARCHAR",
    "catalogue": "VARCHAR",
    "band": "VARCHAR",
    "units": "BIGINT",
    "price_micros": "BIGINT",
    "per_units": "BIGINT",
    "rounding": "INTEGER",
    "amount_micros": "BIGINT",
    "currency": "VARCHAR",
    "tax": "VARCHAR",
    "bucket": "VARCHAR",
}
"""Name and DuckDB type. What does not apply to a row is NULL."""

ONLINE: Final = "online-"
"""What the names of series begin with whose records the charging server wrote."""

COLUMN_LIST: Final = ", ".join(COLUMNS)
TABLE_COLUMNS: Final = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
"""The columns as CREATE TABLE wants them."""


def sql_text(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def sql_list(texts: list[str]) -> str:
    """Texts as a list literal of DuckDB."""
    return "[" + ", ".join(sql_text(text) for text in texts) + "]"
