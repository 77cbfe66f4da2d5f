"""kill -9 at every step of a run: what is done after it is what would have been done without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from ocs.settlement import SettlementError
from ocs.settlement.folders import SettlementFolder
from ocs.settlement.tables import SETTLEMENT_RUN, SETTLEMENT_STATEMENT
from tests.ocs.settlement.trunk_lake import (
    LONG_AFTER_MS,
    append,
    example_agreements,
    random_calls,
    settlement_of,
)

ROOT = Path(__file__).parents[3]


@contextmanager
def settling_process(folder: Path, url: str) -> Iterator[Callable[[int], int]]:
    """What settles in a process that is killed at a step; its answer is the signal, 0 = it came to the end."""
    command = [sys.executable, "-m", "tests.ocs.settlement.settling_process", str(folder), url]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "OCS_PURE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def settle(fatal: int) -> int:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{fatal}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield settle
        process.stdin.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file that settlement has made."""
    root = folder / "settlement"
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def test_killed_at_every_step(tmp_path: Path, engine: Engine, database_url: str) -> None:
    """Each death leaves the next try to do the same: one statement of the first try's cut, and its files."""
    records = list(random_calls(41, 30))
    append(tmp_path, engine, records)
    begun = None
    steps = 1
    with settling_process(tmp_path, database_url) as settle:
        while settle(steps) == signal.SIGKILL:
            steps += 1
            with engine.connect() as connection:
                run = connection.execute(select(SETTLEMENT_RUN)).one_or_none()
            if run is not None and begun is None:
                begun = run
                append(tmp_path, engine, random_calls(42, 10, prefix="meanwhile"))
    assert steps > 10
    assert begun is not None
    with engine.connect() as connection:
        (run,) = connection.execute(select(SETTLEMENT_RUN))
        (stored,) = connection.execute(select(SETTLEMENT_STATEMENT))
    assert (begun.status, run.status) == ("started", "committed")
    assert (stored.number, stored.lake_cut) == ("S-2026-000001", begun.lake_cut)
    killed = files_of(tmp_path)
    again = settlement_of(tmp_path, engine).run(example_agreements(), "2026-11", LONG_AFTER_MS)
    assert again.repeated
    assert files_of(tmp_path) == killed
    assert sum(total.records for total in again.statement.totals) == len(records)


def test_two_processes_do_not_settle_one_partner(tmp_path: Path, sqlite_engine: Engine) -> None:
    """The second is told so at once."""
    append(tmp_path, sqlite_engine, random_calls(43, 3))
    with (
        SettlementFolder(tmp_path / "settlement").working("northtel"),
        pytest.raises(SettlementError, match="another process settles northtel"),
    ):
        settlement_of(tmp_path, sqlite_engine).run(example_agreements(), "2026-11", LONG_AFTER_MS)
