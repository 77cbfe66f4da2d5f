"""Numbers without gaps: taken in the transaction that uses them, so that one that fails takes none."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, insert, select, update

from ocs.billing.tables import NUMBER_SERIES

INVOICES: Final = "invoice"
CREDIT_NOTES: Final = "credit"
_PREFIX: Final = {INVOICES: "", CREDIT_NOTES: "CN-"}


def take_numbers(connection: Connection, kind: str, issue_day: str, count: int) -> list[str]:
    """The next numbers of a kind of document and the year of its day of issue: ``2026-000001``."""
    year = issue_day[:4]
    series = f"{kind}-{year}"
    row = NUMBER_SERIES.c
    at = connection.scalars(select(row.next_number).where(row.series == series).with_for_update()).one_or_none()
    if at is None:
        connection.execute(insert(NUMBER_SERIES).values(series=series, next_number=1 + count))
        at = 1
    else:
        connection.execute(update(NUMBER_SERIES).where(row.series == series).values(next_number=at + count))
    return [f"{_PREFIX[kind]}{year}-{number:06d}" for number in range(at, at + count)]
