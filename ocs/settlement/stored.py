"""Committed documents, read back from SQL: statements, their corrections and credits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, select

from ocs.settlement.statement import Statement, parse_statement
from ocs.settlement.tables import CREDIT, SETTLEMENT_STATEMENT


@dataclass(frozen=True, slots=True)
class Stored:
    """A committed document."""

    statement_id: int
    run_id: int
    partner: str
    corrects: int | None
    content: str

    @property
    def statement(self) -> Statement:
        """The document as data."""
        return parse_statement(self.content)


def find_stored(connection: Connection, number: str) -> Stored | None:
    """The document of a number."""
    row = connection.execute(
        select(SETTLEMENT_STATEMENT).where(SETTLEMENT_STATEMENT.c.number == number)
    ).one_or_none()
    return None if row is None else _stored(row)


def stored_of_run(connection: Connection, run_id: int) -> list[Stored]:
    """The statement of a run, then its corrections and credits in their order."""
    rows = connection.execute(
        select(SETTLEMENT_STATEMENT)
        .where(SETTLEMENT_STATEMENT.c.run_id == run_id)
        .order_by(SETTLEMENT_STATEMENT.c.statement_id)
    )
    return [_stored(row) for row in rows]


def stored_documents(connection: Connection, partner: str | None = None) -> list[Stored]:
    """All documents, of one partner or of all, in the order in which they were made."""
    query = select(SETTLEMENT_STATEMENT).order_by(SETTLEMENT_STATEMENT.c.statement_id)
    if partner is not None:
        query = query.where(SETTLEMENT_STATEMENT.c.partner == partner)
    return [_stored(row) for row in connection.execute(query)]


def details_of(connection: Connection, partner: str, from_ms: int) -> list[Stored]:
    """Of each month that ends after a moment the document whose records hold: the latest correction."""
    table = SETTLEMENT_STATEMENT
    rows = connection.execute(
        select(table)
        .where(table.c.partner == partner, table.c.to_ms > from_ms, table.c.kind != CREDIT)
        .order_by(table.c.to_ms, table.c.statement_id)
    )
    newest = {row.run_id: row for row in rows}
    return [_stored(row) for row in newest.values()]


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    return Stored(row.statement_id, row.run_id, row.partner, row.corrects, row.content)
