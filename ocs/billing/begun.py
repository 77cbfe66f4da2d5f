"""Billing runs that are begun and not committed: found again, and held against other processes."""

from __future__ import annotations

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.exc import IntegrityError

from ocs.billing.accounts import BillingError
from ocs.billing.drafting import BillingInput
from ocs.billing.tables import BILLING_DRAFT, BILLING_RUN, STARTED
from ocs.customers.tables import BILLING_CYCLE


def hold_cycle(connection: Connection, cycle_id: str) -> None:
    """Let no other process begin or commit a run of a cycle until the transaction ends.

    What is read after it is as the run before left it: PostgreSQL would show customers who are just billed.
    """
    cycle = BILLING_CYCLE.c
    query = select(cycle.cycle_id).where(cycle.cycle_id == cycle_id).with_for_update(key_share=True)
    connection.execute(query).all()


def unfinished(connection: Connection, cycle_id: str) -> Row[tuple[object, ...]] | None:
    """The run of a cycle that is begun, held until the transaction ends; None = there is none."""
    run = BILLING_RUN.c
    query = select(BILLING_RUN).where(run.cycle_id == cycle_id, run.status == STARTED).with_for_update()
    return connection.execute(query).one_or_none()


def require_unchanged(connection: Connection, run_id: int, given: BillingInput) -> None:
    """BillingError where another process has committed the run, given it up or begun it again meanwhile."""
    query = select(BILLING_RUN).where(BILLING_RUN.c.run_id == run_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None or row.status != STARTED:
        raise BillingError(f"run {run_id} was committed or given up by another process")
    if not same_input(row, given):
        raise BillingError(f"run {run_id} was begun again by another process, with other input: run it again")


def new_run(connection: Connection, row: dict[str, object]) -> int:
    """Begin a run; its number. BillingError where another process has begun one of this cycle."""
    try:
        return int(connection.scalars(insert(BILLING_RUN).values(row).returning(BILLING_RUN.c.run_id)).one())
    except IntegrityError as error:
        raise BillingError(f"another process has begun a run of {row['cycle_id']}") from error


def drafted(connection: Connection, run_id: int) -> set[str]:
    """Whose bills of a run are drafted."""
    return set(connection.scalars(select(BILLING_DRAFT.c.account_id).where(BILLING_DRAFT.c.run_id == run_id)))


def same_input(row: Row[tuple[object, ...]], given: BillingInput) -> bool:
    """Whether a run was begun with this input."""
    frozen = given.frozen
    return (row.to_day, row.lake, row.catalogue, row.tax_table, row.customers) == (
        given.to_day.isoformat(),
        frozen.lake,
        frozen.catalogue,
        frozen.tax_table,
        frozen.customers,
    )
