"""The process beside a server that feeds the lake: it is killed and comes back, and ends with the server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ocs.cdr import feeding_child
from ocs.cdr.feeding_child import FeedingChild
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
    order = order_of(made) | {"every_s": 0.2, "log_level": "error", "log_format": "console"}
    write_journal(tmp_path / "cdr", [record(1), record(2)])
    child = FeedingChild(order)
    child.start()
    await until_fed(tmp_path, sqlite_engine, 2)
    assert child._process is not None
    first = child._process.pid
    assert os.getpriority(os.PRIO_PROCESS, first) == 19
    if sys.platform == "linux":
        assert os.sched_getscheduler(first) == os.SCHED_IDLE
        autogroup = Path(f"/proc/{first}/autogroup")
        assert not autogroup.exists() or autogroup.read_text().endswith("nice 19\n")
    os.kill(first, signal.SIGKILL)
    write_journal(tmp_path / "cdr", [record(3)])
    await until_fed(tmp_path, sqlite_engine, 3)
    second = child._process
    assert second.pid != first
    await child.stop()

    assert second.returncode == 0
    assert lake_rows(tmp_path / "lake", sqlite_engine, "sequence") == [(1,), (2,), (3,)]
