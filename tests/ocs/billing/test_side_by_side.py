"""Two processes that bill the same cycle at the same time: one of them does it, the other one says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine, update

from ocs.billing.accounts import BillingError
from ocs.customers.tables import PARTY
from ocs.database import writing
from tests.ocs.billing.operator import Operator
from tests.ocs.billing.running import progress

AS_OF = date(2026, 11, 1)
ACCOUNTS = 3


@pytest.fixture
def operator(tmp_path: Path, engine: Engine) -> Operator:
    """Some accounts with a fee."""
    made = Operator(engine, tmp_path)
    made.begin()
    for number in range(ACCOUNTS):
        made.account(f"A{number}", opened="2026-10-01")
        made.subscribe(f"A{number}", f"S{number}", "basic", "2026-10-01")
    return made


def test_the_slower_run_leaves_nothing(operator: Operator, engine: Engine) -> None:
    """Another process commits the run between two batches: each invoice is there once, and no draft is left."""

    def hurry(done: int, total: int) -> None:
        if done == 1:
            operator.runs().run("monthly", AS_OF)

    with pytest.raises(BillingError, match="run 1 was committed or given up by another process"):
        operator.runs(at_once=1).run("monthly", AS_OF, hurry)

    assert [one.number for one in operator.invoices()] == ["2026-000001", "2026-000002", "2026-000003"]
    assert progress(engine) == (0, 0)


def test_a_run_does_not_mix_its_input_with_that_of_another(operator: Operator, engine: Engine) -> None:
    """A customer changes and another process begins the run again: the first one is refused."""

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    def change(done: int, total: int) -> None:
        if done == 1:
            with writing(engine) as connection:
                connection.execute(update(PARTY).values(name="Ada Married"))
            with pytest.raises(KeyboardInterrupt):
                operator.runs(at_once=1).run("monthly", AS_OF, stop)

    with pytest.raises(BillingError, match="run 1 was begun again by another process, with other input"):
        operator.runs(at_once=1).run("monthly", AS_OF, change)
    assert progress(engine) == (1, 1)
    operator.runs().run("monthly", AS_OF)

    assert {one.party.name for one in operator.invoices()} == {"Ada Married"}
    assert len(operator.invoices()) == ACCOUNTS
    assert progress(engine) == (0, 0)


def test_a_run_that_begins_at_the_commit_of_another_waits_for_it(operator: Operator, engine: Engine) -> None:
    """It finds everybody billed: no second run is begun for the same days."""
    found: list[int] = []
    late = Thread(target=lambda: found.append(operator.runs().run("monthly", AS_OF).totals.invoices))

    def clock() -> int:
        if progress(engine)[1] == ACCOUNTS and not late.is_alive():  # asked within the commit
            late.start()
            late.join(0.3)
        return 1

    operator.runs(clock=clock).run("monthly", AS_OF)
    late.join()

    assert found == [0]
    assert len(operator.invoices()) == ACCOUNTS
    assert progress(engine) == (0, 0)
