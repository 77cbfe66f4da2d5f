"""A process whose children settle November of NorthTel and are killed at a step of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import ocs  # noqa: F401  (chooses the form of the hot modules)
from ocs.cdr.disk import Disk
from ocs.cdr.lake import Lake
from ocs.database import open_database
from ocs.settlement import run as run_module
from ocs.settlement.folders import SettlementFolder
from ocs.settlement.run import Settlement
from tests.ocs.settlement.trunk_lake import LONG_AFTER_MS, example_agreements, json_only


class Steps:
    """Counts the steps of the work and dies by SIGKILL at one of them."""

    def __init__(self, fatal: int) -> None:
        self.fatal = fatal
        self.count = 0

    def step(self) -> None:
        """Pass, or die."""
        self.count += 1
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingDisk(Disk):
    """A disk whose every step is counted."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def sync(self, descriptor: int) -> None:
        """Sync a file."""
        self._steps.step()
        super().sync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """Rename a file."""
        self._steps.step()
        super().rename(old, new)
        self._steps.step()


def settle(folder: Path, url: str, fatal: int) -> None:
    """Settle, dying at a step."""
    steps = Steps(fatal)

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            steps.step()
            found = function(*arguments, **named)
            steps.step()
            return found

        return called

    for name in ("start_run", "compute", "compose", "commit_statement"):
        setattr(run_module, name, around(getattr(run_module, name)))
    engine = open_database(url)
    lake = Lake(folder / "lake", engine, duckdb.connect(config={"threads": 1}))
    settled_into = SettlementFolder(folder / "settlement", DyingDisk(steps))
    settlement = Settlement(engine, lake, settled_into, json_only)
    settlement.run(example_agreements(), "2026-11", LONG_AFTER_MS, issue_day="2026-12-02")


def main(folder: Path, url: str) -> None:
    """For each number on stdin a child that dies at that step; prints the signal that ended it, else 0."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            settle(folder, url, int(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
