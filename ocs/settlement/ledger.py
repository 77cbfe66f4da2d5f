"""Runs and statements in SQL: input frozen at the start, numbers without gaps, nothing changed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ocs.database import writing
from ocs.settlement import SettlementError
from ocs.settlement.basis import Basis
from ocs.settlement.period import Period
from ocs.settlement.statement import Statement, canonical_json
from ocs.settlement.stored import Stored, find_stored, stored_of_run
from ocs.settlement.tables import (
    COMMITTED,
    SETTLEMENT_COUNTER,
    SETTLEMENT_RUN,
    SETTLEMENT_SERIES,
    SETTLEMENT_STATEMENT,
    SETTLEMENT_TOTAL,
    STARTED,
    STATEMENT,
)

Counters = dict[str, dict[int, int]]
_NUMBER_DIGITS: Final = 6
_SERIES: Final = {True: "S", False: "C"}
"""Statements have numbers S-2026-000001, corrections and credits C-2026-000001."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its frozen input."""

    run_id: int
    partner: str
    period: str
    committed: bool
    agreement: str
    after_file: int
    after_ms: int
    lake_cut: int
    issue_day: str

    def basis(self, period: Period) -> Basis:
        """The choice of records."""
        return Basis(self.partner, period, self.after_file, self.after_ms, self.lake_cut)


def find_run(connection: Connection, partner: str, period: str) -> Run | None:
    """The run of a partner's month."""
    row = connection.execute(
        select(SETTLEMENT_RUN).where(SETTLEMENT_RUN.c.partner == partner, SETTLEMENT_RUN.c.period == period)
    ).one_or_none()
    return None if row is None else _run(row)


def start_run(
    engine: Engine, partner: str, period: Period, agreement: str, lake_cut: int, issue_day: str
) -> Run:
    """The run of a month, made with a new frozen input, or the one that was begun before with its own.

    A run that was begun and not committed keeps its cut and day, and takes the agreement that holds now.
    SettlementError where a later month is settled already, or an earlier one is begun and not committed.
    """
    with writing(engine) as connection:
        found = find_run(connection, partner, period.name)
        if found is not None and (found.committed or found.agreement == agreement):
            return found
        if found is not None:
            connection.execute(
                update(SETTLEMENT_RUN)
                .where(SETTLEMENT_RUN.c.run_id == found.run_id)
                .values(agreement=agreement)
            )
            return replace(found, agreement=agreement)
        begun = connection.execute(
            select(SETTLEMENT_RUN.c.period).where(
                SETTLEMENT_RUN.c.partner == partner, SETTLEMENT_RUN.c.status == STARTED
            )
        ).first()
        if begun is not None:
            raise SettlementError(
                f"the run of {partner} for {begun[0]} was begun and not committed: run it first"
            )
        before = last_statement(connection, partner)
        if before is not None and before.period > period.name:
            raise SettlementError(
                f"{partner} is settled up to {before.period}: what was late comes with the next statement"
            )
        after_file, after_ms = (0, 0) if before is None else (before.lake_cut, before.to_ms)
        values = {
            "partner": partner,
            "period": period.name,
            "status": STARTED,
            "agreement": agreement,
            "after_file": after_file,
            "after_ms": after_ms,
            "lake_cut": lake_cut,
            "issue_day": issue_day,
        }
        connection.execute(insert(SETTLEMENT_RUN).values(**values))
        made = find_run(connection, partner, period.name)
        assert made is not None  # noqa: S101 - inserted above
        return made


def drop_run(engine: Engine, run: Run) -> None:
    """Forget a run that could not be done, so that the next one sees what came into the lake since."""
    with writing(engine) as connection:
        connection.execute(
            delete(SETTLEMENT_RUN).where(
                SETTLEMENT_RUN.c.run_id == run.run_id, SETTLEMENT_RUN.c.status == STARTED
            )
        )


@dataclass(frozen=True, slots=True)
class LastStatement:
    """How far a partner is settled."""

    period: str
    to_ms: int
    lake_cut: int


def last_statement(connection: Connection, partner: str) -> LastStatement | None:
    """The statement of the latest month."""
    table = SETTLEMENT_STATEMENT
    row = connection.execute(
        select(table.c.period, table.c.to_ms, table.c.lake_cut)
        .where(table.c.partner == partner, table.c.kind == STATEMENT)
        .order_by(table.c.to_ms.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else LastStatement(*row)


def opening_counters(connection: Connection, partner: str, to_ms: int, below_id: int | None = None) -> Counters:
    """What statements of earlier months left in counters; of corrections the latest counts.

    ``below_id``: as it was when the document of this id was made.
    """
    statement, counter = SETTLEMENT_STATEMENT.c, SETTLEMENT_COUNTER.c
    query = (
        select(counter.counter, counter.month, counter.units)
        .join(SETTLEMENT_STATEMENT, statement.statement_id == counter.statement_id)
        .where(statement.partner == partner, statement.to_ms < to_ms)
        .order_by(statement.to_ms, statement.statement_id)
    )
    if below_id is not None:
        query = query.where(statement.statement_id < below_id)
    found: Counters = {}
    for name, month, units in connection.execute(query):
        found.setdefault(name, {})[month] = units
    return found


def commit_statement(
    engine: Engine,
    run: Run,
    period: Period,
    statement: Statement,
    opening: Counters,
    counters: Counters,
    corrects: int | None = None,
) -> Stored:
    """Give a document its number and keep it, with its totals and counters, in one transaction.

    A statement whose run was committed meanwhile is not made twice: the one that is there is returned.
    """
    with writing(engine) as connection:
        if corrects is None:
            done = connection.execute(
                update(SETTLEMENT_RUN)
                .where(SETTLEMENT_RUN.c.run_id == run.run_id, SETTLEMENT_RUN.c.status == STARTED)
                .values(status=COMMITTED)
            )
            if done.rowcount != 1:
                return _committed(connection, run)
        number = _next_number(connection, statement.kind == STATEMENT, statement.issue_day[:4])
        numbered = replace(statement, number=number)
        connection.execute(
            insert(SETTLEMENT_STATEMENT).values(
                number=number,
                kind=numbered.kind,
                run_id=run.run_id,
                partner=run.partner,
                period=period.name,
                from_ms=period.from_ms,
                to_ms=period.to_ms,
                lake_cut=run.lake_cut,
                corrects=corrects,
                agreement=numbered.agreement,
                issue_day=numbered.issue_day,
                unrated=sum(unrated.records for unrated in numbered.unrated),
                content=canonical_json(numbered).decode(),
            )
        )
        stored = find_stored(connection, number)
        assert stored is not None  # noqa: S101 - inserted above
        _insert_parts(connection, stored.statement_id, numbered, opening, counters)
        return stored


def _insert_parts(
    connection: Connection, statement_id: int, statement: Statement, opening: Counters, counters: Counters
) -> None:
    totals = [
        {
            "statement_id": statement_id,
            "direction": total.direction,
            "currency": total.currency,
            "records": total.records,
            "usage_micros": total.usage_micros,
            "rounding_micros": total.rounding_micros,
            "total_micros": total.total_micros,
            "due_micros": total.due_micros,
        }
        for total in statement.totals
    ]
    if totals:
        connection.execute(insert(SETTLEMENT_TOTAL), totals)
    moved = [
        {"statement_id": statement_id, "counter": name, "month": month, "units": units}
        for name, month, units in _all_counters(counters)
        if opening.get(name, {}).get(month) != units
    ]
    if moved:
        connection.execute(insert(SETTLEMENT_COUNTER), moved)


def _all_counters(counters: Counters) -> Iterator[tuple[str, int, int]]:
    for name in sorted(counters):
        for month in sorted(counters[name]):
            yield name, month, counters[name][month]


def _next_number(connection: Connection, is_statement: bool, year: str) -> str:
    """The next number of a series: held until the transaction ends, given back where it fails."""
    series = f"{_SERIES[is_statement]}-{year}"
    table = SETTLEMENT_SERIES
    held = select(table.c.last_number).where(table.c.series == series).with_for_update()
    last = connection.execute(held).scalar_one_or_none()
    if last is None:
        with suppress(IntegrityError), connection.begin_nested():  # another process may make it first
            connection.execute(insert(table).values(series=series, last_number=0))
        last = connection.execute(held).scalar_one()
    connection.execute(update(table).where(table.c.series == series).values(last_number=last + 1))
    return f"{series}-{last + 1:0{_NUMBER_DIGITS}d}"


def _committed(connection: Connection, run: Run) -> Stored:
    found = stored_of_run(connection, run.run_id)
    if not found:
        raise SettlementError(f"the run of {run.partner} for {run.period} is gone: another process gave it up")
    return found[0]


def _run(row: Row[tuple[object, ...]]) -> Run:
    return Run(
        row.run_id,
        row.partner,
        row.period,
        row.status == COMMITTED,
        row.agreement,
        row.after_file,
        row.after_ms,
        row.lake_cut,
        row.issue_day,
    )
