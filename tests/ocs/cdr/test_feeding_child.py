"""The process beside a server that feeds the lake: it is killed and comes back, and ends with the server."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ocs.cdr import feeding_child
from ocs.cdr.feeding_child import FeedingChild
from ocs.cdr.feeding_process import NICE, NICE_OF_SESSION
from ocs.cdr.offline_settings import OfflineSettings, order_of
from tests.ocs.cdr.lake.building import lake_rows, record, write_journal

PATIENCE_S = 30.0


async def until_fed(folder: Path, engine: Engine, records: int) -> None:
    """Wait until the lake has so many records."""
    async with asyncio.timeout(PATIENCE_S):
        while len(lake_rows(folder / "lake", engine)) < records:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # another process writes


async def test_it_feeds_comes_back_and_ends(
    tmp_path: Path, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records reach the lake; after kill -9 a new process goes on; stopping leaves none behind."""
    monkeypatch.setattr(feeding_child, "AGAIN_S", 0.1)
    made = OfflineSettings(tmp_path / "cdr", tmp_path / "lake", f"sqlite:///{tmp_path / 'ocs.db'}", ())
    order = order_of(made) | {
        "every_s": 0.2,
        "stands_back": False,
        "log_level": "error",
        "log_format": "console",
    }
    write_journal(tmp_path / "cdr", [record(1), record(2)])
    child = FeedingChild(order)
    child.start()
    await until_fed(tmp_path, sqlite_engine, 2)
    assert child._process is not None
    first = child._process.pid
    os.kill(first, signal.SIGKILL)
    write_journal(tmp_path / "cdr", [record(3)])
    await until_fed(tmp_path, sqlite_engine, 3)
    second = child._process
    assert second.pid != first
    await child.stop()

    assert second.returncode == 0
    assert lake_rows(tmp_path / "lake", sqlite_engine, "sequence") == [(1,), (2,), (3,)]


async def test_it_stands_back_from_the_server(tmp_path: Path) -> None:
    """It is nice within its session and, where the kernel has autogroups, with its session."""
    made = OfflineSettings(tmp_path / "cdr", tmp_path / "lake", f"sqlite:///{tmp_path / 'ocs.db'}", ())
    order = {"every_s": 60, "stands_back": True, "log_level": "error", "log_format": "console"}
    child = FeedingChild(order_of(made) | order)
    child.start()
    async with asyncio.timeout(PATIENCE_S):
        while child._process is None or os.getpriority(os.PRIO_PROCESS, child._process.pid) != NICE:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # another process does it
        while autogroup_of(child._process.pid) not in {"", f"nice {NICE_OF_SESSION}"}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await child.stop()


def autogroup_of(pid: int) -> str:
    """The niceness of a process's session; "" where the kernel has none."""
    try:
        return Path(f"/proc/{pid}/autogroup").read_text().strip().partition(" ")[2]
    except OSError:
        return ""
