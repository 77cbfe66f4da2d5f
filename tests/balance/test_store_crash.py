"""Kill -9 of the server during commits: what was said to be committed is there afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from balance.changes import COMMITTED, CONFLICT, ChangeSet
from balance.redis_store.store import RedisStore, open_redis_store
from balance.store import load_states
from tests.balance.changes import change, state
from tests.balance.servers import DURABLE, ServerProcess, binary_of
from tests.balance.test_lost_replies import until_connected

ACCOUNTS = 40


@pytest.fixture(params=["valkey", "redis"])
def durable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server of one's own that writes every command to disk."""
    server = ServerProcess(binary_of(request.param), tmp_path / "d", *DURABLE)
    server.start()
    yield server
    server.stop()


class Writer:
    """Commits batches without end: each set moves an account by one version and leaves one event."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self.known = [0] * ACCOUNTS
        self.unknown: set[int] = set()
        self.acknowledged: list[bytes] = []
        self.in_flight = 0
        self.stopped = False

    def has_acknowledged(self, count: int) -> bool:
        """Whether so many change sets were acknowledged."""
        return len(self.acknowledged) >= count

    def commit(self, first: int) -> None:
        """Send a batch of ten accounts."""
        sets = []
        for i in range(first, first + 10):
            version = self.known[i]
            event = b"%d:%d" % (i, version + 1)
            sets.append(
                change(
                    (b"a:%d" % i, version, state(version + 1, event)),
                    (b"s:%d" % i, version, state(version + 1)),
                )
            )
            sets[-1].events.append(event)
        self.in_flight += 1
        self._store.commit(sets, lambda done: self._answered(first, done))

    def _answered(self, first: int, sets: list[ChangeSet]) -> None:
        self.in_flight -= 1
        for i, each in enumerate(sets, first):
            assert each.result != CONFLICT
            if each.result == COMMITTED:
                self.known[i] += 1
                self.acknowledged.append(each.events[0])
            else:
                self.unknown.add(i)
        if not self.stopped and not self.unknown.intersection(range(first, first + 10)):
            self.commit(first)

    async def settle(self) -> None:
        """Read again what is unknown: each account is where it was known, or one further."""
        keys = [b"%c:%d" % (kind, i) for i in range(ACCOUNTS) for kind in b"as"]
        states = await load_states(self._store, keys)
        for i in range(ACCOUNTS):
            versions = {int.from_bytes((states[2 * i + k] or b"")[:8], "big") for k in (0, 1)}
            known = self.known[i]
            assert versions in ([{known}, {known + 1}] if i in self.unknown else [{known}]), i
            self.known[i] = versions.pop()
        self.unknown.clear()


async def until(true: Callable[[], bool]) -> None:
    """Let the loop work until something is true."""
    for _ in range(10_000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


async def crash(server: ServerProcess, rounds: int) -> None:
    """Kill and restart the server ``rounds`` times under load, then check every event."""
    store = await open_redis_store(server.address, 5.0)
    writer = Writer(store)
    for _ in range(rounds):
        writer.stopped = False
        for first in range(0, ACCOUNTS, 10):
            writer.commit(first)
        enough = len(writer.acknowledged) + 300
        await until(partial(writer.has_acknowledged, enough))
        server.kill()
        writer.stopped = True
        await until(lambda: writer.in_flight == 0)
        server.start()
        await until_connected(store)
        await writer.settle()

    events = await store.outbox_read(1, 10_000_000)
    assert sorted(events) == sorted(
        b"%d:%d" % (i, version) for i in range(ACCOUNTS) for version in range(1, writer.known[i] + 1)
    )
    assert set(writer.acknowledged) <= set(events)
    assert len(set(writer.acknowledged)) == len(writer.acknowledged)
    await store.close()


async def test_what_was_committed_survives_kill(durable: ServerProcess) -> None:
    """After each of some crashes states and events agree, and contain all that was acknowledged."""
    await crash(durable, rounds=3)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_what_was_committed_survives_many_kills(durable: ServerProcess) -> None:
    """The same for a hundred crashes."""
    await crash(durable, rounds=100)
