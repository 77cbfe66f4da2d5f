"""The stores under test: in memory, on the wheel's Valkey and on the machine's Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from balance.memory import MemoryStore
from balance.redis_store.connection import connect
from balance.redis_store.store import open_redis_store
from balance.store import StateStore
from tests.balance.servers import ServerProcess, binary_of


class StoreAtWork:
    """A store and its time."""

    def __init__(self, store: StateStore | None) -> None:
        self.now_ms = 1_000_000
        self.store = store or MemoryStore(lambda: self.now_ms)
        self._timeless = store is None

    async def wait(self, duration_ms: int) -> None:
        """Let time pass: the clock of the memory store, or the real one."""
        if self._timeless:
            self.now_ms += duration_ms
        else:
            await asyncio.sleep(duration_ms / 1000)


def _server(kind: str, folder: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(binary_of(kind), folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One Valkey for all tests of a run."""
    yield from _server("valkey", tmp_path_factory.mktemp("v"))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One Redis for all tests of a run."""
    yield from _server("redis", tmp_path_factory.mktemp("r"))


async def empty(server: ServerProcess) -> None:
    """Forget everything that a server holds, its functions too."""
    connection = await connect(server.address, server.address.endpoints[0])
    await connection.call(b"FLUSHALL")
    await connection.call(b"FUNCTION", b"FLUSH")
    connection.abort("done")
    await connection.lost.wait()


@pytest.fixture(params=["valkey", "redis"])
async def server(request: pytest.FixtureRequest) -> ServerProcess:
    """An empty server of either kind."""
    found: ServerProcess = request.getfixturevalue(f"{request.param}_server")
    await empty(found)
    return found


@pytest.fixture(params=["memory", "valkey", "redis"])
async def work(request: pytest.FixtureRequest) -> AsyncIterator[StoreAtWork]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield StoreAtWork(None)
        return
    server: ServerProcess = request.getfixturevalue(f"{request.param}_server")
    await empty(server)
    store = await open_redis_store(server.address, 5.0)
    yield StoreAtWork(store)
    await store.close()


@pytest.fixture
def store(work: StoreAtWork) -> StateStore:
    """The store alone, for tests without time."""
    return work.store
