"""Delivering posted restorations from SQL to the store: at least once each, which the store takes once.

A row counts as delivered when the store has it. Killed in between, it is delivered again: the store knows its
number. Rows of an account go in the order of their numbers; one that is not taken keeps back those after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, func, or_, select, update

from balance.store import StateStore
from ocs.accounts.restore import RestoreError, restore_credit
from ocs.database import writing
from ocs.payments.tables import CREDIT_RESTORATION

AT_ONCE: Final = 500
"""Restorations that are noted as delivered in one transaction."""


@dataclass(slots=True)
class Delivery:
    """What was done: restorations that the store has now, their sums by currency, and what it did not take."""

    delivered: int = 0
    amounts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def waiting_restorations(connection: Connection) -> int:
    """How many restorations are posted that the store may not know."""
    restored = CREDIT_RESTORATION.c
    query = select(func.count()).select_from(CREDIT_RESTORATION).where(restored.delivered_ms.is_(None))
    return int(connection.scalars(query).one())


async def deliver(engine: Engine, store: StateStore, clock: Callable[[], int]) -> Delivery:
    """Deliver all that waits. StoreError where the store does not answer: what it took stays noted."""
    done = Delivery()
    place, stuck = ("", 0), ""
    while rows := _waiting(engine, place):
        place = (rows[-1].account_id, rows[-1].number)
        taken: list[Any] = []
        try:
            for row in rows:
                if row.account_id == stuck:
                    continue
                problem = await _problem_with(store, row)
                if problem:
                    stuck = row.account_id
                    done.problems.append(problem)
                else:
                    taken.append(row)
        finally:
            _note(engine, taken, clock())
            done.delivered += len(taken)
            for row in taken:
                done.amounts[row.currency] += row.amount_micros
    return done


async def _problem_with(store: StateStore, row: Any) -> str:
    """Let the store take a restoration; why it does not, or ""."""
    try:
        await restore_credit(store, row.account_id, row.number, row.currency, row.amount_micros)
    except RestoreError as error:
        return str(error)
    return ""


def _waiting(engine: Engine, after: tuple[str, int]) -> list[Any]:
    restored = CREDIT_RESTORATION.c
    account_id, number = after
    query = (
        select(restored.account_id, restored.number, restored.currency, restored.amount_micros)
        .where(
            restored.delivered_ms.is_(None),
            or_(
                restored.account_id > account_id,
                (restored.account_id == account_id) & (restored.number > number),
            ),
        )
        .order_by(restored.account_id, restored.number)
        .limit(AT_ONCE)
    )
    with engine.connect() as connection:
        return list(connection.execute(query))


def _note(engine: Engine, rows: list[Any], now_ms: int) -> None:
    if not rows:
        return
    restored = CREDIT_RESTORATION.c
    statement = (
        update(CREDIT_RESTORATION)
        .where(
            restored.account_id == bindparam("is_account"),
            restored.number == bindparam("is_number"),
            restored.delivered_ms.is_(None),
        )
        .values(delivered_ms=now_ms)
    )
    with writing(engine) as connection:
        connection.execute(statement, [{"is_account": row.account_id, "is_number": row.number} for row in rows])
