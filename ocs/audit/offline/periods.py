"""Billed periods: those of an account follow each other, and each ends where its billing run does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ocs.billing.tables import BILLED_ACCOUNT, BILLING_RUN, INVOICE
from ocs.customers.tables import BILLING_CYCLE

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def check_periods(connection: Connection) -> Iterator[str]:
    """The periods of an account follow each other, in days, moments and files of the lake."""
    billed = BILLED_ACCOUNT.c
    query = select(BILLED_ACCOUNT).order_by(billed.account_id, billed.to_ms)
    rows: Iterable[Any] = connection.execution_options(yield_per=5000).execute(query)
    first = True
    for before, row in pairwise(_after_none(rows)):
        follows = before is not None and before.account_id == row.account_id
        first = not follows
        expected = (0, 0) if first else (before.lake_cut, before.to_ms)
        if (row.after_cut, row.after_ms) != expected:
            yield f"account {row.account_id}: its bill up to {row.to_day} does not follow the one before"
        if follows and row.from_day < before.to_day:
            yield f"account {row.account_id}: days from {row.from_day} on are billed twice"
    alone = (
        select(INVOICE.c.number)
        .join(BILLED_ACCOUNT, billed.invoice_number == INVOICE.c.number, isouter=True)
        .where(billed.account_id.is_(None))
    )
    for number in connection.scalars(alone):
        yield f"invoice {number} bills no account's period"
    yield from _ends(connection)
    yield from _runs(connection)


def _ends(connection: Connection) -> Iterator[str]:
    """An account is billed up to where its run ends, and its invoice says so."""
    billed, run = BILLED_ACCOUNT.c, BILLING_RUN.c
    query = (
        select(
            billed.account_id, billed.to_day, billed.to_ms, billed.lake_cut, run.run_id,
            run.to_day.label("day"), run.to_ms.label("ms"), run.lake_cut.label("cut"),
            INVOICE.c.number, INVOICE.c.period_to_day,
        )
        .join(BILLING_RUN, run.run_id == billed.run_id)
        .join(INVOICE, INVOICE.c.number == billed.invoice_number, isouter=True)
    )  # fmt: skip
    for row in connection.execution_options(yield_per=5000).execute(query):
        if (row.to_day, row.to_ms, row.lake_cut) != (row.day, row.ms, row.cut):
            yield f"account {row.account_id}: billed up to {row.to_day}, by run {row.run_id} up to {row.day}"
        if row.number is not None and row.period_to_day != row.to_day:
            yield f"invoice {row.number} is up to {row.period_to_day}, its account's bill up to {row.to_day}"


def _runs(connection: Connection) -> Iterator[str]:
    """A run ends where its last day begins, on the cycle's day and in its zone."""
    run, cycle = BILLING_RUN.c, BILLING_CYCLE.c
    query = select(run.run_id, run.to_day, run.to_ms, cycle.day_of_month, cycle.time_zone).join(BILLING_CYCLE)
    for row in connection.execute(query):
        zone = ZoneInfo(row.time_zone)
        first, before = (_EPOCH + timedelta(milliseconds=row.to_ms - ago) for ago in (0, 1))
        days = before.astimezone(zone).date().isoformat(), first.astimezone(zone).date().isoformat()
        if not days[0] < days[1] == row.to_day or int(row.to_day[-2:]) != row.day_of_month:
            yield f"billing run {row.run_id}: {row.to_ms} is not the moment at which {row.to_day} begins"


def _after_none(rows: Iterable[Any]) -> Iterator[Any]:
    yield None
    yield from rows
