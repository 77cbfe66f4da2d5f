"""Billing runs in processes of their own, that can be killed with SIGKILL."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from sqlalchemy import Engine, func, select

from ocs.billing.tables import BILLING_DRAFT, BILLING_RUN
from ocs.database import open_database
from tests.ocs.billing.operator import Operator

AT_ONCE = 4
"""Bills that are drafted in one transaction."""

_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])


def run_billing(folder: str, url: str, as_of: str) -> None:
    """Bill the operator of a folder; what a process does."""
    engine = open_database(url)
    operator = Operator(engine, Path(folder))
    operator.runs(at_once=AT_ONCE).run("monthly", date.fromisoformat(as_of))
    engine.dispose()


def start(folder: Path, url: str, as_of: str) -> ForkServerProcess:
    """Begin billing in a process."""
    process = _context.Process(target=run_billing, args=(str(folder), url, as_of))
    process.start()
    return process


def finish(folder: Path, url: str, as_of: str) -> None:
    """Let a run go to its end."""
    process = start(folder, url, as_of)
    process.join(60)
    assert process.exitcode == 0


def kill_when(
    folder: Path, url: str, engine: Engine, as_of: str, reached: Callable[[int, int], bool]
) -> tuple[int, int]:
    """Kill a run when begun runs and drafts in the database are so many; what was there afterwards."""
    process = start(folder, url, as_of)
    deadline = time.monotonic() + 60
    while process.is_alive() and not reached(*progress(engine)):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.join()
    return progress(engine)


def progress(engine: Engine) -> tuple[int, int]:
    """Runs that are begun, and drafts."""
    with engine.connect() as connection:
        runs = connection.scalars(select(func.count()).where(BILLING_RUN.c.status == "started")).one()
        return runs, connection.scalars(select(func.count()).select_from(BILLING_DRAFT)).one()
