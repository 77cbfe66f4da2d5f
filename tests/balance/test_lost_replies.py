"""A reply that is lost leaves a commit unknown, never doubled, and final once there is a new connection."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from balance.changes import COMMITTED, UNKNOWN, ChangeSet
from balance.redis_store.store import RedisStore, open_redis_store
from balance.store import StoreError, commit_sets, load_states
from tests.balance.changes import change, results, state
from tests.balance.proxy import LossyProxy
from tests.balance.servers import ServerProcess


async def until_connected(store: RedisStore) -> None:
    """Wait until a store has a connection that answers."""
    for _ in range(1000):
        try:
            await load_states(store, [b"a:0"])
        except StoreError:
            await asyncio.sleep(0.005)
        else:
            return
    raise AssertionError("no connection came back")


@pytest.mark.parametrize("lost", ["request", "reply"])
@pytest.mark.parametrize("how", ["cut", "silence"])
async def test_a_lost_commit_is_unknown_and_applied_at_most_once(
    server: ServerProcess, tmp_path: Path, lost: str, how: str
) -> None:
    """Lost before the server it is not applied, lost after it once; nobody sends it again."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(0.2 if how == "silence" else 5.0), 5.0)
        await commit_sets(store, [change((b"a:1", 0, state(1)))])
        proxy.lose_requests = lost == "request"
        proxy.lose_replies = lost == "reply"

        answer = asyncio.create_task(commit_sets(store, [change((b"a:1", 1, state(2)), events=[b"e"])]))
        loading = asyncio.create_task(load_states(store, [b"a:1"]))
        await proxy.arrived.wait()
        if how == "cut":
            proxy.cut()
        assert results(await answer) == [UNKNOWN]
        with pytest.raises(StoreError):
            await loading
        proxy.cut()

        await until_connected(store)
        applied = lost == "reply"
        assert await load_states(store, [b"a:1"]) == [state(2) if applied else state(1)]
        assert await store.outbox_read(1, 10) == ([b"e"] if applied else [])
        assert results(await commit_sets(store, [change((b"a:1", 2 if applied else 1, state(3)))])) == [
            COMMITTED
        ]
        await store.close()


async def test_every_commit_in_flight_is_unknown(server: ServerProcess, tmp_path: Path) -> None:
    """Of many pipelined commits each hears once that it is unknown, in order."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(5.0), 5.0)
        proxy.lose_replies = True
        heard: list[int] = []
        for i in range(50):

            def done(sets: list[ChangeSet], i: int = i) -> None:
                assert results(sets) == [UNKNOWN, UNKNOWN]
                heard.append(i)

            store.commit([change((b"a:%d" % i, 0, state(1))), change((b"b:%d" % i, 0, state(1)))], done)
        await proxy.arrived.wait()
        proxy.cut()
        await until_connected(store)

        assert heard == list(range(50))
        await store.close()


async def test_what_is_read_after_a_timeout_is_final(server: ServerProcess, tmp_path: Path) -> None:
    """A commit that waited in a stopped server's socket is not executed after a later read."""
    assert server.process is not None
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(0.2), 5.0)
        os.kill(server.process.pid, signal.SIGSTOP)
        try:
            sets = await commit_sets(store, [change((b"a:1", 0, state(1)), events=[b"late"])])
        finally:
            os.kill(server.process.pid, signal.SIGCONT)
        assert results(sets) == [UNKNOWN]
        await until_connected(store)
        seen = await load_states(store, [b"a:1"])

        for _ in range(5):
            await asyncio.sleep(0.02)
            assert await load_states(store, [b"a:1"]) == seen
        assert len(await store.outbox_read(1, 5)) == (0 if seen == [None] else 1)
        await store.close()


async def test_a_request_that_the_network_delivers_late_is_not_executed(
    server: ServerProcess, tmp_path: Path
) -> None:
    """The new connection closes the former one on the server's side before anything is read."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(0.2), 5.0)
        proxy.hold_requests = True
        assert results(await commit_sets(store, [change((b"a:1", 0, state(1)), events=[b"late"])])) == [UNKNOWN]
        proxy.cut()
        await until_connected(store)
        assert await load_states(store, [b"a:1"]) == [None]

        await proxy.deliver_held()
        await asyncio.sleep(0.05)

        assert await load_states(store, [b"a:1"]) == [None]
        assert await store.outbox_read(1, 5) == []
        await store.close()


async def test_without_a_connection_callers_hear_at_once(server: ServerProcess, tmp_path: Path) -> None:
    """While the server refuses, commits are unknown and loads fail, after the call returned."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(5.0), 5.0)
        proxy.refuse = True
        proxy.cut()
        assert results(await commit_sets(store, [change((b"a:1", 0, state(1)))])) == [UNKNOWN]
        for _ in range(3):
            heard: list[object] = []
            store.load([b"a:1"], heard.append)
            assert heard == []
            await asyncio.sleep(0.02)
            assert heard == [None]
        with pytest.raises(StoreError):
            await store.open_session_count()

        proxy.refuse = False
        await until_connected(store)
        assert store.connected
        assert results(await commit_sets(store, [change((b"a:1", 0, state(1)))])) == [COMMITTED]
        await store.close()


async def test_a_callback_that_raises_harms_nobody_else(server: ServerProcess) -> None:
    """The mistake is reported to the loop, the connection and the other callbacks go on."""
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    store = await open_redis_store(server.address, 5.0)

    def bad(_: object) -> None:
        raise ZeroDivisionError

    store.load([b"a:1"], bad)
    assert results(await commit_sets(store, [change((b"a:1", 0, state(1)))])) == [COMMITTED]
    assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]
    await store.close()


async def test_closing_ends_what_is_in_flight(server: ServerProcess, tmp_path: Path) -> None:
    """A store that is closed amid a commit or amid a new connection leaves nobody waiting, and nothing open."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(5.0), 5.0)
        proxy.lose_replies = True
        answer = asyncio.create_task(commit_sets(store, [change((b"a:1", 0, state(1)))]))
        await proxy.arrived.wait()
        await store.close()
        assert results(await answer) == [UNKNOWN]
        assert results(await commit_sets(store, [change((b"a:2", 0, state(1)))])) == [UNKNOWN]

        proxy.cut()
        other = await open_redis_store(proxy.address(5.0), 5.0)
        proxy.cut()
        proxy.lose_replies = True
        await asyncio.sleep(0.05)
        assert not other.connected
        await other.close()
