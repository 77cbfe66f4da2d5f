"""A store from its URL: ``memory:``, a Redis or Valkey that runs somewhere, or a private one in a directory."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from balance.memory import MemoryStore
from balance.redis_store.address import parse_address
from balance.redis_store.lock import SERVER, TOOL, DataLock
from balance.redis_store.private import PrivateValkey, private_address
from balance.redis_store.store import RedisStore, open_redis_store
from balance.store import StateStore, StoreError

MEMORY: Final = "memory:"
SERVER_WAIT_S: Final = 10.0
"""How long a server tries to reach its store when it starts, and a tool the store of a server."""
LOCK_WAIT_S: Final = {SERVER: 3.0, TOOL: 30.0}
"""How long to wait for a holder of the data directory: a killed server, or a tool at work."""


async def open_store(url: str | None, data_dir: Path, *, tool: bool) -> StateStore:
    """Open the store of a URL, or without one the private Valkey in ``data_dir``. StoreError says why not.

    A tool that finds a server at work on ``data_dir`` uses that server's Valkey; otherwise it starts one for as
    long as the store is open. Closing the store stops a Valkey that was started for it.
    """
    if url == MEMORY:
        return MemoryStore(epoch_ms)
    if url:
        return await open_redis_store(parse_address(url), 0.0 if tool else SERVER_WAIT_S)
    try:
        return await _open_private(data_dir, TOOL if tool else SERVER)
    except OSError as error:
        raise StoreError(f"data directory {data_dir}: {error}") from error


def epoch_ms() -> int:
    """The wall clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


async def _open_private(data_dir: Path, role: str) -> RedisStore:
    lock = DataLock(data_dir)
    started_s = time.monotonic()
    while not lock.take(role):
        holder = lock.holder()
        if role == TOOL and holder.role == SERVER:
            return await open_redis_store(private_address(data_dir), SERVER_WAIT_S)
        if time.monotonic() - started_s > LOCK_WAIT_S.get(holder.role, LOCK_WAIT_S[SERVER]):
            raise StoreError(f"data directory {data_dir} is in use by {holder}")
        await asyncio.sleep(0.05)
    valkey = PrivateValkey(data_dir)

    async def let_go() -> None:
        await valkey.stop()
        lock.release()

    try:
        await valkey.start()
        return await open_redis_store(valkey.address, SERVER_WAIT_S, let_go)
    except BaseException:
        await let_go()
        raise
