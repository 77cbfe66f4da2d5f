"""What every store promises: the same tests on memory, Valkey and Redis."""

from __future__ import annotations

import asyncio

import pytest

from balance.changes import COMMITTED, CONFLICT, ChangeSet
from balance.store import StateStore, commit_sets, load_states
from tests.balance.changes import change, results, state
from tests.balance.conftest import StoreAtWork

ODD = bytes(range(256)) + b"{1}\r\n*?[a]\\"


async def test_what_was_committed_is_loaded(store: StateStore) -> None:
    """A new state is there, an absent one is None, in the order of the question."""
    assert results(await commit_sets(store, [change((b"a:1", 0, state(1, b"x")))])) == [COMMITTED]

    assert await load_states(store, [b"a:2", b"a:1", b"a:1"]) == [None, state(1, b"x"), state(1, b"x")]
    assert await load_states(store, []) == []


async def test_an_empty_commit_is_answered(store: StateStore) -> None:
    """No sets, and a set without content, commit."""
    assert await commit_sets(store, []) == []
    assert results(await commit_sets(store, [ChangeSet()])) == [COMMITTED]


async def test_a_version_that_differs_is_a_conflict(store: StateStore) -> None:
    """Absent, older and newer versions refuse; the right one is applied."""
    await commit_sets(store, [change((b"a:1", 0, state(5, b"old")))])
    for wrong in (0, 4, 6, 1 << 40):
        assert results(await commit_sets(store, [change((b"a:1", wrong, state(9)))])) == [CONFLICT]
    assert results(await commit_sets(store, [change((b"a:2", 1, state(9)))])) == [CONFLICT]
    assert results(await commit_sets(store, [change((b"a:1", 5, state(6, b"new")))])) == [COMMITTED]

    assert await load_states(store, [b"a:1", b"a:2"]) == [state(6, b"new"), None]


async def test_a_refused_set_leaves_nothing_and_harms_no_other(store: StateStore) -> None:
    """Of five sets the two with a conflict are refused whole; the others are applied whole."""
    await commit_sets(store, [change((b"a:2", 0, state(7, b"kept")))])
    sets = [
        change(
            (b"a:%d" % i, 0, state(1)),
            (b"s:%d" % i, 9 if i == 4 else 0, state(1)),
            events=[b"e%d" % i, b"f%d" % i],
            deadlines=[(b"s:%d" % i, 100 + i)],
            opened=[(b"%d" % i, b"S%d" % i)],
        )
        for i in range(1, 6)
    ]

    assert results(await commit_sets(store, sets)) == [COMMITTED, CONFLICT, COMMITTED, CONFLICT, COMMITTED]

    assert await load_states(store, [b"a:2", b"s:2", b"a:4", b"s:4"]) == [state(7, b"kept"), None, None, None]
    assert await load_states(store, [b"a:%d" % i for i in (1, 3, 5)]) == [state(1)] * 3
    assert await store.outbox_read(1, 100) == [b"e1", b"f1", b"e3", b"f3", b"e5", b"f5"]
    assert await store.due_sessions(1000, 100) == [b"s:1", b"s:3", b"s:5"]
    assert [await store.open_sessions(b"%d" % i) for i in (1, 2, 4)] == [[b"S1"], [], []]


async def test_a_refused_set_forgets_nothing(store: StateStore) -> None:
    """A conflict keeps deadlines and the index as they were, also for lived and compared keys."""
    opened = change((b"s:1", 0, state(1)), deadlines=[(b"s:1", 5)], opened=[(b"a", b"1")])
    await commit_sets(store, [opened])
    ended = change((b"s:1", 2, state(3)), life_ms=60_000, deadlines=[(b"s:1", 0)], closed=[(b"a", b"1")])
    other = change((b"s:2", 0, state(1)), life_ms=60_000, deadlines=[(b"s:2", 0)], closed=[(b"a", b"9")])

    assert results(await commit_sets(store, [ended, other])) == [CONFLICT, COMMITTED]

    assert await load_states(store, [b"s:1", b"s:2"]) == [state(1), state(1)]
    assert await store.due_sessions(10, 10) == [b"s:1"]
    assert await store.open_sessions(b"a") == [b"1"]


async def test_comparing_writes_nothing(store: StateStore) -> None:
    """A compared key refuses or lets pass its set, and stays as it is."""
    await commit_sets(store, [change((b"a:1", 0, state(3, b"x")))])
    sets = [
        change((b"a:1", 3, b""), (b"b:1", 0, state(1))),
        change((b"a:2", 0, b""), (b"b:2", 0, state(1))),
        change((b"a:3", 1, b""), (b"b:3", 0, state(1))),
    ]

    assert results(await commit_sets(store, sets)) == [COMMITTED, COMMITTED, CONFLICT]

    keys = [b"a:1", b"a:2", b"b:1", b"b:2", b"b:3"]
    assert await load_states(store, keys) == [state(3, b"x"), None, state(1), state(1), None]


async def test_a_value_with_a_life_ends(work: StoreAtWork) -> None:
    """After its life a state is absent, for loads, scans and versions; before, it is there."""
    store = work.store
    sets = [change((b"s:%d" % life_ms, 0, state(1)), life_ms=life_ms) for life_ms in (40, 60_000)]
    await commit_sets(store, sets)
    assert await load_states(store, [b"s:60000"]) == [state(1)]

    await work.wait(60)

    assert [pair async for chunk in store.scan(b"s:") for pair in chunk] == [(b"s:60000", state(1))]
    assert await load_states(store, [b"s:40", b"s:60000"]) == [None, state(1)]
    assert results(await commit_sets(store, [change((b"s:40", 0, state(1)))])) == [COMMITTED]


async def test_a_value_without_a_life_is_permanent_again(work: StoreAtWork) -> None:
    """Setting a value plainly drops the life that it had; a comparison keeps it."""
    store = work.store
    set_again = compared = b""
    for life_ms in (40, 400, 4_000):  # a busy machine may take longer than a life from commit to commit
        set_again, compared = b"s:%d" % life_ms, b"t:%d" % life_ms
        both = [change((key, 0, state(1)), life_ms=life_ms) for key in (set_again, compared)]
        await commit_sets(store, both)
        sets = [change((set_again, 1, state(2))), change((compared, 1, b""))]
        if results(await commit_sets(store, sets)) == [COMMITTED, COMMITTED]:
            break

    await work.wait(life_ms + 20)

    assert await load_states(store, [set_again, compared]) == [state(2), None]


async def test_deadlines_come_in_order_of_time(store: StateStore) -> None:
    """Due sessions are the oldest first, as many as asked for; a moved or forgotten one is not due."""
    times = {b"s:a": 30, b"s:b": 10, b"s:c": 20, b"s:d": 40, b"s:e": 10}
    await commit_sets(store, [change(deadlines=list(times.items()))])
    assert await store.due_sessions(35, 10) == [b"s:b", b"s:e", b"s:c", b"s:a"]
    assert await store.due_sessions(35, 2) == [b"s:b", b"s:e"]
    assert await store.due_sessions(35, 2) == [b"s:b", b"s:e"]

    moved = [(b"s:b", 1 << 50), (b"s:c", 0), (b"s:z", 0)]
    await commit_sets(store, [change(deadlines=moved)])

    assert await store.due_sessions(35, 10) == [b"s:e", b"s:a"]
    assert await store.deadlines_of([b"s:b", b"s:c", b"s:a"]) == [1 << 50, 0, 30]
    assert await store.deadlines_of([]) == []


async def test_the_index_knows_open_sessions(store: StateStore) -> None:
    """Opened sessions are listed sorted, once each, until they are closed."""
    await commit_sets(store, [change(opened=[(b"1", b"z"), (b"1", ODD), (b"2", b"y")])])
    await commit_sets(store, [change(opened=[(b"1", b"z"), (b"1", b"k")], closed=[(b"2", b"y"), (b"3", b"-")])])

    assert await store.open_sessions(b"1") == sorted([ODD, b"k", b"z"])
    assert await store.open_sessions(b"2") == []


async def test_the_outbox_is_dense(store: StateStore) -> None:
    """Events have numbers 1, 2, 3 ... for ever, whatever was trimmed."""
    assert await store.outbox_first() == 1
    assert await store.outbox_read(1, 10) == []
    await commit_sets(store, [change(events=[b"1", b"2"]), change(events=[b"3"])])
    assert await store.outbox_read(2, 1) == [b"2"]
    assert await store.outbox_read(2, 10) == [b"2", b"3"]
    assert await store.outbox_read(4, 10) == []

    assert await store.outbox_trim(1, 2)
    assert await store.outbox_first() == 3
    assert await store.outbox_trim(3, 1)
    await commit_sets(store, [change(events=[ODD])])

    assert await store.outbox_first() == 4
    assert await store.outbox_read(4, 10) == [ODD]
    with pytest.raises(ValueError, match="trimmed"):
        await store.outbox_read(3, 1)


async def test_only_one_trims(store: StateStore) -> None:
    """Of readers that trim the same events at the same time one succeeds; nobody trims what is not there."""
    await commit_sets(store, [change(events=[b"%d" % i for i in range(1, 11)])])

    trimmed = await asyncio.gather(*(store.outbox_trim(1, 4) for _ in range(5)))

    assert sorted(trimmed) == [False] * 4 + [True]
    assert await store.outbox_read(5, 1) == [b"5"]
    with pytest.raises(ValueError, match="trim"):
        await store.outbox_trim(5, 7)
    assert not await store.outbox_trim(4, 1)
    assert await store.outbox_first() == 5


async def test_who_reads_sees_the_right_events_while_another_trims(store: StateStore) -> None:
    """An event has its number, whatever was trimmed since the reader last looked."""
    await commit_sets(store, [change(events=[b"%d" % i for i in range(1, 101)])])
    steps = [(first, store.outbox_trim(first - 8, 8)) for first in range(9, 90, 8)]
    reads = []
    for first, trim in steps:
        before, trimmed, after = await asyncio.gather(
            store.outbox_read(first, 3), trim, store.outbox_read(first + 1, 3)
        )
        assert trimmed
        reads.append((first, before))
        reads.append((first + 1, after))
    for first, events in reads:
        assert events == [b"%d" % number for number in range(first, first + 3)]


async def test_a_lease_has_one_holder(work: StoreAtWork) -> None:
    """A lease is renewed by its holder, refused to others, and free after its life."""
    store = work.store
    assert await store.take_lease(b"writer", b"A", 10_000)
    assert not await store.take_lease(b"writer", b"B", 10_000)
    assert await store.take_lease(b"other", b"B", 10_000)
    assert await store.take_lease(b"writer", b"A", 40)

    await work.wait(60)

    assert await store.take_lease(b"writer", b"B", 10_000)
    assert not await store.take_lease(b"writer", b"A", 10_000)


async def test_a_conflict_writes_nothing(store: StateStore) -> None:
    """A set that expects a version that is not there leaves no key behind."""
    await commit_sets(store, [change((b"a:1", 5, state(6)))])
    assert [pair async for chunk in store.scan(b"") for pair in chunk] == []


async def test_keys_and_values_are_any_octets(store: StateStore) -> None:
    """Nothing in a key or value is special, not even the store's own marks."""
    keys = [ODD, b"", b"{0}", b"ocs:{0}:outbox", b"directory", b"*", b"\0", b"k" * 1100, b"\r\n$3\r\n"]
    values = [state(1, ODD), state(1 << 62), state(0x2000000000000000, b"\r\n"), state(1, b"v" * 70_000)]
    await commit_sets(store, [change((key, 0, values[i % 4])) for i, key in enumerate(keys)])

    assert await load_states(store, keys) == [values[i % 4] for i in range(len(keys))]
    found = {pair[0]: pair[1] async for chunk in store.scan(b"") for pair in chunk}
    assert found == {key: values[i % 4] for i, key in enumerate(keys)}
    again = [change((key, int.from_bytes(values[i % 4][:8], "big"), b"")) for i, key in enumerate(keys)]
    assert set(results(await commit_sets(store, again))) == {COMMITTED}
    assert await store.outbox_read(1, 1) == []


async def test_a_scan_finds_a_prefix_only(store: StateStore) -> None:
    """Signs of patterns in a prefix are plain octets."""
    keys = [b"a:1", b"a:2", b"b:1", b"a*:1", b"a[:1", b"a\\:1", b"a?"]
    await commit_sets(store, [change((key, 0, state(1))) for key in keys])
    for prefix in (b"a:", b"a*", b"a[", b"a\\", b"a?", b"", b"c"):
        found = {key async for chunk in store.scan(prefix) for key, _ in chunk}
        assert found == {key for key in keys if key.startswith(prefix)}


async def test_five_thousand_keys_commit_at_once(store: StateStore) -> None:
    """Batches beyond what Lua unpacks at once are as whole as small ones, with conflicts and without."""
    count = 5000
    sets = [
        change(
            (b"a:%d" % i, 0, state(1)),
            (b"s:%d" % i, 0, state(1)),
            events=[b"%d" % i, b"-"],
            deadlines=[(b"s:%d" % i, i + 1)],
        )
        for i in range(count)
    ]
    assert set(results(await commit_sets(store, sets))) == {COMMITTED}
    keys = [b"%c:%d" % (kind, i) for i in range(count) for kind in b"as"]
    assert await load_states(store, keys) == [state(1)] * (2 * count)
    assert len(await store.due_sessions(count, 2 * count)) == count

    again = [
        change((b"a:%d" % i, 1 + i % 2, state(2)), events=[b"%d" % i], deadlines=[(b"s:%d" % i, 0)])
        for i in range(count)
    ]
    assert results(await commit_sets(store, again)) == [COMMITTED, CONFLICT] * (count // 2)
    assert await load_states(store, [b"a:0", b"a:1", b"a:4998"]) == [state(2), state(1), state(2)]
    assert len(await store.due_sessions(count, 2 * count)) == count // 2
    assert await store.outbox_read(2 * count + 1, count) == [b"%d" % i for i in range(0, count, 2)]

    refused = [change((b"z:%d" % i, 3, state(4))) for i in range(9000)]
    assert set(results(await commit_sets(store, refused))) == {CONFLICT}


async def test_a_callback_may_commit_and_load_again(store: StateStore) -> None:
    """A long chain of commits, each from the callback of the one before, ends well and in order."""
    finished = asyncio.get_running_loop().create_future()
    seen: list[int] = []

    def loaded(states: list[bytes | None] | None) -> None:
        assert states is not None
        version = int.from_bytes((states[0] or b"")[:8], "big")
        seen.append(version)
        if version == 2000:
            finished.set_result(None)
        else:
            store.commit([change((b"a:1", version, state(version + 1)))], committed)

    def committed(sets: list[ChangeSet]) -> None:
        assert results(sets) == [COMMITTED]
        store.load([b"a:1"], loaded)

    store.load([b"a:1"], loaded)
    await finished

    assert seen == list(range(2001))


async def test_concurrent_commits_are_one_after_the_other(store: StateStore) -> None:
    """Of commits with the same expectation in flight together exactly one is applied."""
    outcomes = await asyncio.gather(
        *(commit_sets(store, [change((b"a:1", 0, state(1, b"%d" % i)), events=[b"%d" % i])]) for i in range(9))
    )

    assert sorted(results([sets[0] for sets in outcomes])) == [COMMITTED] + [CONFLICT] * 8
    winner = next(i for i, sets in enumerate(outcomes) if sets[0].result == COMMITTED)
    assert await load_states(store, [b"a:1"]) == [state(1, b"%d" % winner)]
    assert await store.outbox_read(1, 9) == [b"%d" % winner]


async def test_a_malformed_commit_is_refused_whole(store: StateStore) -> None:
    """A key twice, a state without a version and unequal lists raise, and change nothing."""
    twice = [change((b"a:1", 0, state(1))), change((b"a:1", 0, state(1)))]
    short = [change((b"a:1", 0, state(1))), change((b"a:2", 0, b"short"))]
    unequal = [change((b"a:1", 0, state(1)))]
    unequal[0].expected.append(1)
    for sets in (twice, short, unequal):
        with pytest.raises(ValueError, match=r"twice|no version|differ"):
            await commit_sets(store, sets)

    assert await load_states(store, [b"a:1", b"a:2"]) == [None, None]


async def test_a_store_describes_itself(store: StateStore) -> None:
    """People learn kind, address, version, durability and memory."""
    described = await store.describe()
    assert {"kind", "address", "version", "durability", "memory"} <= described.keys()
    assert all(isinstance(value, str) and value for value in described.values())
