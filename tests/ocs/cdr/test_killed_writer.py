"""A writer process that is killed again and again, on a real Valkey and a real disk."""

import asyncio
import sys
import time
from pathlib import Path
from random import Random

from balance.changes import COMMITTED, ChangeSet
from balance.opening import open_store
from balance.redis_store.private import private_address
from balance.store import StateStore, commit_sets
from ocs.cdr.writer import CdrWriter, WriterSettings
from tests.ocs.cdr.crashing import event, records_in

ROOT = Path(__file__).parents[3]
KILLS = 8
BATCH = 25


async def test_each_record_is_written_once_however_often_the_writer_is_killed(tmp_path: Path) -> None:
    """Kill -9 at moments of chance, while records keep coming; at the end every record is there once."""
    store = await open_store(None, tmp_path, tool=False)
    directory = tmp_path / "cdr"
    url = str(private_address(tmp_path))
    chance = Random(20261123)
    put = 0
    try:
        for _ in range(KILLS):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.ocs.cdr.writer_process", url, str(directory), cwd=ROOT
            )
            before = await store.outbox_first()
            end = time.monotonic() + 20
            while await store.outbox_first() == before and time.monotonic() < end:
                put = await put_batch(store, put)
                await asyncio.sleep(0.01)
            for _ in range(chance.randrange(4)):
                put = await put_batch(store, put)
                await asyncio.sleep(chance.random() * 0.01)
            process.kill()
            await process.wait()
        last = CdrWriter(store, directory, lambda: time.time_ns() // 1_000_000, WriterSettings(poll_ms=1))
        while await last.write_some():
            pass
        await last.stop()
        assert last.metrics.missing == 0
        assert records_in(directory) == [f"r{number}" for number in range(1, put + 1)]
        assert await store.outbox_first() == put + 1
    finally:
        await store.close()


async def put_batch(store: StateStore, put: int) -> int:
    """Commit one more batch of events; how many there are now."""
    change = ChangeSet()
    change.put(b"x:%d" % put, 0, b"\0" * 7 + b"\1", 0)
    change.events = [event(number) for number in range(put + 1, put + BATCH + 1)]
    await commit_sets(store, [change])
    assert change.result == COMMITTED
    return put + BATCH
