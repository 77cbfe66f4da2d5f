"""Plain commits of a holder: never over what another wrote, whoever commits when and whatever is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hiredis import ReplyError

from balance.changes import COMMITTED, CONFLICT, UNKNOWN, ChangeBatch
from balance.redis_store.connection import connect
from balance.redis_store.holder import RedisHolder
from balance.redis_store.store import RedisStore, open_redis_store
from balance.store import commit_sets, load_states
from tests.balance.changes import change, results, state
from tests.balance.proxy import LossyProxy
from tests.balance.remembering import Mark, Rememberer
from tests.balance.servers import ServerProcess, binary_of

KEYS = [b"a:%d" % i for i in range(8)] + [b"s:%d" % i for i in range(8)]


async def held(holder: RedisHolder, *puts: tuple[bytes, int, bytes], life_ms: int = 0) -> int:
    """Commit one set that claims to be held; its result."""
    batch = ChangeBatch(holder.term)
    batch.begin(held=True)
    for key, expected, value in puts:
        batch.put(key, expected, value, life_ms)
    return (await committed(holder, batch))[0]


async def committed(holder: RedisHolder, batch: ChangeBatch) -> list[int]:
    """Commit a batch; its results."""
    done = asyncio.get_running_loop().create_future()
    holder.commit(batch, done.set_result)
    await done
    return batch.results


def _nothing(_keys: list[bytes]) -> None:
    """Nothing is remembered."""


async def calm(store: RedisStore, heard: list[bytes] | None = None) -> RedisHolder:
    """A holder that commits plainly from now on, and what it hears."""
    holder = store.hold(heard.extend if heard is not None else _nothing, 0)
    assert await committed(holder, ChangeBatch(holder.term)) == []
    return holder


async def ask(server: ServerProcess, *commands: tuple[bytes, ...]) -> list[object]:
    """What a server answers to commands on a connection of their own."""
    connection = await connect(server.address, server.address.endpoints[0])
    try:
        return [await connection.call(*command) for command in commands]
    finally:
        connection.abort("done")
        await connection.lost.wait()


async def every_mark(store: RedisStore, marks: list[Mark]) -> None:
    """What was committed is in all its keys and the events once, what lost to another nowhere."""
    states = dict(zip(KEYS, await load_states(store, KEYS), strict=True))
    found = {key: Counter((each or b"")[8:].split(b".")[:-1]) for key, each in states.items()}
    events = Counter(await store.outbox_read(1, 1_000_000))
    for key, each in states.items():
        assert int.from_bytes((each or b"")[:8], "big") == found[key].total()
    for mark in marks:
        seen = {found[key][mark.name[:-1]] for key in mark.keys} | {events[mark.name]}
        assert len(seen) == 1, mark
        assert seen <= {COMMITTED: {1}, CONFLICT: {0}, UNKNOWN: {0, 1}}[mark.result], mark
    assert sum(each.total() for each in found.values()) == sum(
        len(mark.keys) * events[mark.name] for mark in marks
    )


@pytest.mark.parametrize("seed", range(4))
async def test_several_holders_and_tools_never_write_over_each_other(server: ServerProcess, seed: int) -> None:
    """Two servers that remember, one of them at rest for a while, and tools on both connections."""
    random = Random(seed)
    stores = [await open_redis_store(server.address, 5.0) for _ in range(2)]
    first, second = (
        Rememberer(name, store, KEYS, random, 2) for name, store in zip((b"x", b"y"), stores, strict=True)
    )
    tools = [Rememberer(b"t%d" % at, store, KEYS, random) for at, store in enumerate((*stores, stores[0]))]

    async def sometimes(tool: Rememberer) -> None:
        for _ in range(25):
            await asyncio.sleep(random.random() * 0.02)
            await tool.work(1)

    async def later() -> None:
        await asyncio.sleep(0.1)
        await second.work(100)

    await asyncio.gather(*(first.work(150) for _ in range(4)), later(), *(sometimes(tool) for tool in tools))

    assert first.holder.transactions > 20
    assert first.holder.disturbed > 0
    assert first.heard > 0
    marks = [mark for each in (first, second, *tools) for mark in each.marks]
    assert {mark.result for mark in marks} == {COMMITTED, CONFLICT}
    await every_mark(stores[0], marks)
    for store in stores:
        await store.close()


@pytest.mark.parametrize("seed", range(4))
async def test_lost_connections_leave_nothing_doubled_or_torn(
    server: ServerProcess, tmp_path: Path, seed: int
) -> None:
    """Connections break, replies and requests are lost; another server commits beside it."""
    random = Random(seed)
    async with LossyProxy(server, tmp_path) as proxy:
        stores = [await open_redis_store(proxy.address(5.0), 5.0) for _ in range(2)]
        first, second = (
            Rememberer(name, each, KEYS, random, 2) for name, each in zip((b"x", b"y"), stores, strict=True)
        )

        async def breaks() -> None:
            for _ in range(12):
                before = first.holder.transactions
                for _ in range(2000):
                    await asyncio.sleep(random.random() * 0.005)
                    if first.holder.transactions > before:
                        break
                proxy.lose_requests = random.random() < 0.3
                proxy.lose_replies = not proxy.lose_requests
                await proxy.arrived.wait()
                proxy.cut()

        working = [asyncio.create_task(first.work(1_000_000)) for _ in range(4)]
        await asyncio.gather(breaks(), second.work(20))
        first.stops = True
        await asyncio.gather(*working)
        for store in stores:
            await store.close()
    marks = first.marks + second.marks
    assert first.holder.transactions >= 12
    assert UNKNOWN in {mark.result for mark in marks}
    store = await open_redis_store(server.address, 5.0)
    await every_mark(store, marks)
    await store.close()


async def test_a_held_set_is_not_compared_and_others_beside_it_are(server: ServerProcess) -> None:
    """In one batch: the held set is written as it is, the stale one refused, the new one applied."""
    store = await open_redis_store(server.address, 5.0)
    await commit_sets(store, [change((b"a:1", 0, state(1))), change((b"a:2", 0, state(1)))])
    holder = await calm(store)
    batch = ChangeBatch(holder.term)
    batch.begin(held=True)
    batch.put(b"a:1", 7, state(8, b"held"), 0)
    batch.event(b"held")
    batch.deadline(b"s:1", 50)
    batch.closes(b"1", b"S1")
    batch.begin()
    batch.put(b"a:2", 9, state(10, b"stale"), 0)
    batch.event(b"stale")
    batch.begin()
    batch.put(b"a:3", 0, state(1, b"new"), 0)
    batch.opens(b"3", b"S3")
    assert await committed(holder, batch) == [COMMITTED, CONFLICT, COMMITTED]
    assert holder.transactions == 1
    assert await load_states(store, [b"a:1", b"a:2", b"a:3"]) == [
        state(8, b"held"),
        state(1),
        state(1, b"new"),
    ]
    assert await store.outbox_read(1, 9) == [b"held"]
    assert await store.deadlines_of([b"s:1"]) == [50]
    assert await store.open_sessions(b"3") == [b"S3"]

    batch = ChangeBatch(holder.term)
    batch.begin(held=True)
    batch.put(b"a:1", 8, b"", 0)
    batch.put(b"s:1", 0, state(1), 20)
    batch.deadline(b"s:1", 0)
    batch.opens(b"1", b"S1")
    batch.closes(b"3", b"S3")
    assert await committed(holder, batch) == [COMMITTED]
    assert await load_states(store, [b"a:1"]) == [state(8, b"held")]
    assert await store.deadlines_of([b"s:1"]) == [0]
    assert (await store.open_sessions(b"1"), await store.open_sessions(b"3")) == ([b"S1"], [])
    await asyncio.sleep(0.05)
    assert await load_states(store, [b"s:1"]) == [None]
    await store.close()


@pytest.mark.parametrize("other", ["tool", "tool of the same server", "holder", "flush"])
async def test_another_s_commit_is_noticed(server: ServerProcess, other: str) -> None:
    """The next plain commit is not executed but compared. Of a tool the holder hears what it wrote."""
    store = await open_redis_store(server.address, 5.0)
    elsewhere = await open_redis_store(server.address, 5.0)
    heard: list[bytes] = []
    holder = await calm(store, heard)
    assert await held(holder, (b"a:1", 0, state(1))) == COMMITTED
    term = int(holder.term)
    if other == "holder":
        assert await held(elsewhere.hold(_nothing), (b"a:1", 1, state(2, b"theirs"))) == COMMITTED
    elif other == "flush":
        await ask(server, (b"FLUSHALL",))
    else:
        tool = store if other == "tool of the same server" else elsewhere
        assert results(await commit_sets(tool, [change((b"a:1", 1, state(2, b"theirs")))])) == [COMMITTED]

    assert await held(holder, (b"a:1", 1, state(2, b"ours"))) == CONFLICT

    assert holder.disturbed == 1
    if "tool" in other:
        assert (int(holder.term), heard) == (term, [b"a:1"])
        assert await held(holder, (b"a:1", 2, state(3, b"ours"))) == COMMITTED
        assert await load_states(store, [b"a:1"]) == [state(3, b"ours")]
        assert holder.transactions == 2
    else:
        assert holder.term > term
        assert heard == []
        assert await load_states(store, [b"a:1"]) == [None if other == "flush" else state(2, b"theirs")]
    await store.close()
    await elsewhere.close()


async def test_a_tool_that_writes_no_state_disturbs_nobody(server: ServerProcess) -> None:
    """It compares, or writes events."""
    store = await open_redis_store(server.address, 5.0)
    holder = await calm(store)
    assert results(await commit_sets(store, [change((b"a:1", 0, b""), events=[b"e"])])) == [COMMITTED]
    assert await held(holder, (b"a:1", 0, state(1))) == COMMITTED
    assert (holder.transactions, holder.disturbed) == (1, 0)
    await store.close()


@pytest.mark.parametrize("value", [b"", state(1, b"ours")])
async def test_what_is_believed_absent_is_looked_at(server: ServerProcess, value: bytes) -> None:
    """Where it exists its set is refused, the others are compared; transactions go on in the same term."""
    store = await open_redis_store(server.address, 5.0)
    await commit_sets(store, [change((b"a:1", 0, state(1)), (b"s:1", 0, state(1, b"closed")))])
    holder = await calm(store)
    term = int(holder.term)
    batch = ChangeBatch(term)
    for key in (b"s:2", b"s:1"):
        batch.begin(held=True)
        batch.put(b"a:%b" % key, 0, state(1), 0)
        batch.put(key, 0, value, 0)
    batch.begin(held=True)
    batch.put(b"a:1", 1, state(2), 0)

    assert await committed(holder, batch) == [COMMITTED, CONFLICT, COMMITTED]

    assert (holder.transactions, holder.disturbed, int(holder.term)) == (0, 1, term)
    assert await load_states(store, [b"s:1", b"s:2", b"a:s:1", b"a:1"]) == [
        state(1, b"closed"),
        value or None,
        None,
        state(2),
    ]
    for version in (2, 3):
        assert await held(holder, (b"a:1", version, state(version + 1)), (b"s:%d" % version, 0, b"")) == (
            CONFLICT if value and version == 2 else COMMITTED
        )
    assert (holder.transactions, holder.disturbed) == ((1, 2) if value else (2, 1))
    assert await ask(server, (b"KEYS", b"*probe*")) == [[]]
    await store.close()


async def test_what_has_ended_is_absent(server: ServerProcess) -> None:
    """A state whose life is over does not disturb."""
    store = await open_redis_store(server.address, 5.0)
    holder = await calm(store)
    assert await held(holder, (b"s:1", 0, state(1)), life_ms=5) == COMMITTED
    await asyncio.sleep(0.02)
    assert await held(holder, (b"s:1", 0, state(1, b"new"))) == COMMITTED
    assert (holder.transactions, holder.disturbed) == (2, 0)
    assert await load_states(store, [b"s:1"]) == [state(1, b"new")]
    await store.close()


async def test_more_than_can_be_noted_ends_the_term(server: ServerProcess) -> None:
    """A load of very many states, or many small ones that the holder does not hear of."""
    store = await open_redis_store(server.address, 5.0)
    heard: list[bytes] = []
    holder = await calm(store, heard)
    term = int(holder.term)
    await commit_sets(store, [change((b"a:%d" % at, 0, state(1))) for at in range(1001)])
    assert await held(holder, (b"a:0", 0, state(1))) == CONFLICT
    assert heard == []
    assert holder.term > term
    term = int(holder.term)

    for part in range(2):
        await commit_sets(store, [change((b"b:%d-%d" % (part, at), 0, state(1))) for at in range(500)])
    assert await held(holder, (b"a:0", 0, state(1))) == CONFLICT
    assert (int(holder.term), len(heard)) == (term, 1000)
    for part in range(3):
        await commit_sets(store, [change((b"c:%d-%d" % (part, at), 0, state(1))) for at in range(500)])
    assert await held(holder, (b"a:0", 0, state(1))) == CONFLICT
    assert holder.term > term
    assert len(heard) == 1000
    assert await ask(server, (b"KEYS", b"*noted*")) == [[]]
    await store.close()


async def test_what_waited_behind_a_disturbed_transaction_is_compared_too(server: ServerProcess) -> None:
    """It was made on the same memory."""
    store = await open_redis_store(server.address, 5.0)
    elsewhere = await open_redis_store(server.address, 5.0)
    holder = await calm(store)
    assert await held(holder, (b"a:1", 0, state(1)), (b"a:2", 0, state(1))) == COMMITTED
    await commit_sets(elsewhere, [change((b"a:2", 1, state(2, b"theirs")))])

    outcomes = await asyncio.gather(
        held(holder, (b"a:1", 1, state(2))), held(holder, (b"a:2", 1, state(2, b"ours")))
    )

    assert tuple(outcomes) == (COMMITTED, CONFLICT)
    assert holder.transactions == 1
    await store.close()
    await elsewhere.close()


async def test_a_commit_between_a_transaction_and_its_watch_is_noticed(
    server: ServerProcess, tmp_path: Path
) -> None:
    """What the server reads before the new watch changes nothing that is watched, but it is read."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(5.0), 5.0)
        elsewhere = await open_redis_store(server.address, 5.0)
        heard: list[bytes] = []
        holder = await calm(store, heard)
        proxy.pause_before = b"*1\r\n$7\r\nUNWATCH"
        first = asyncio.create_task(held(holder, (b"a:1", 0, state(1)), (b"a:2", 0, state(1))))
        await proxy.paused.wait()
        waiting = asyncio.create_task(held(holder, (b"a:3", 0, state(1, b"ours"))))
        sets = []
        for _ in range(5000):
            sets = await commit_sets(
                elsewhere, [change((b"a:2", 1, state(2, b"theirs")), (b"a:3", 0, state(1, b"theirs")))]
            )
            if results(sets) == [COMMITTED]:
                break
        assert results(sets) == [COMMITTED]
        proxy.go_on.set()
        assert await first == COMMITTED

        assert await waiting == CONFLICT
        assert heard == [b"a:2", b"a:3"]

        await store.close()
        await elsewhere.close()


async def test_a_call_under_way_forgets_nothing_that_a_transaction_relies_on(
    server: ServerProcess, tmp_path: Path
) -> None:
    """Of two calls the first begins to watch; another commits before the second, then comes the transaction."""
    async with LossyProxy(server, tmp_path) as proxy:
        store = await open_redis_store(proxy.address(5.0), 5.0)
        elsewhere = await open_redis_store(server.address, 5.0)
        holder = store.hold(_nothing, 0)
        calls = []
        for name in (b"first", b"second"):
            batch = ChangeBatch(holder.term)
            batch.begin()
            batch.put(b"a:%b" % name, 0, state(1), 0)
            calls.append(asyncio.create_task(committed(holder, batch)))
            proxy.pause_before = b"a:second"
            await asyncio.sleep(0)
        await proxy.paused.wait()
        assert await calls[0] == [COMMITTED]
        term = int(holder.term)
        assert await held(elsewhere.hold(_nothing), (b"a:1", 0, state(1, b"theirs"))) == COMMITTED

        batch = ChangeBatch(term)
        batch.begin(held=True)
        batch.put(b"a:1", 0, state(1, b"ours"), 0)
        last = asyncio.create_task(committed(holder, batch))
        await asyncio.sleep(0)
        proxy.go_on.set()

        assert await last == [CONFLICT]
        assert await calls[1] == [COMMITTED]
        await store.close()
        await elsewhere.close()


async def test_a_set_of_a_former_term_is_compared(server: ServerProcess) -> None:
    """A batch that was made before the term ended is not believed to be held."""
    store = await open_redis_store(server.address, 5.0)
    holder = await calm(store)
    old = ChangeBatch(holder.term - 1)
    old.begin(held=True)
    old.put(b"a:1", 5, state(6), 0)
    assert await committed(holder, old) == [CONFLICT]
    await store.close()


async def test_batches_that_wait_go_together(server: ServerProcess) -> None:
    """While a transaction is under way others wait for it; each hears its own results, in order."""
    store = await open_redis_store(server.address, 5.0)
    holder = await calm(store)
    heard: list[int] = []
    all_heard = asyncio.Event()
    batches = []
    for number in range(6):
        batch = ChangeBatch(holder.term)
        batch.begin(held=number != 3)
        batch.put(b"a:%d" % number, 4 if number == 3 else 0, state(1), 0)
        batch.event(b"%d" % number)
        batches.append(batch)

        def done(batch: ChangeBatch, number: int = number) -> None:
            heard.append(number)
            if number == 5:
                all_heard.set()
            if number == 1:
                raise ZeroDivisionError

        holder.commit(batch, done)
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    await all_heard.wait()
    assert heard == list(range(6))
    assert [batch.results for batch in batches] == [
        [CONFLICT if number == 3 else COMMITTED] for number in range(6)
    ]
    assert holder.transactions == 2
    assert len(reported) == 1
    assert sorted(await store.outbox_read(1, 9)) == [b"0", b"1", b"2", b"4", b"5"]
    await store.close()


async def test_a_refused_transaction_leaves_nothing(tmp_path: Path) -> None:
    """A server without memory refuses all of a transaction; it is unknown, and later commits compare."""
    server = ServerProcess(binary_of("valkey"), tmp_path)
    server.start()
    store = await open_redis_store(server.address, 5.0)
    holder = await calm(store)
    assert await held(holder, (b"a:1", 0, state(1))) == COMMITTED
    await ask(server, (b"CONFIG", b"SET", b"maxmemory", b"1"))
    assert await held(holder, (b"a:1", 1, state(2)), (b"s:1", 0, state(1)), life_ms=1000) == UNKNOWN
    await ask(server, (b"CONFIG", b"SET", b"maxmemory", b"0"))
    assert await load_states(store, [b"a:1", b"s:1"]) == [state(1), None]
    assert await held(holder, (b"a:1", 7, state(8))) == CONFLICT
    await store.close()
    server.stop()


async def test_a_call_of_another_version_changes_nothing(server: ServerProcess) -> None:
    """A server that still calls the Function as it was before holders were known hears so."""
    store = await open_redis_store(server.address, 5.0)
    with pytest.raises(ReplyError, match="update the server"):
        await ask(server, (b"FCALL", b"ocs_commit", b"3", b"o", b"d", b"{0}a:holder", b"", b"", b""))
    assert await ask(server, (b"KEYS", b"*holder*")) == [[]]
    await store.close()
