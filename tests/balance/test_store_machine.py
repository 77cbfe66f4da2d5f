"""Any sequence of operations does the same to the memory store and to a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from balance.changes import ChangeSet, batch_of
from balance.memory import MemoryStore
from balance.redis_store.store import open_redis_store
from balance.store import StateStore, commit_sets, load_states
from tests.balance.changes import results, state
from tests.balance.conftest import empty
from tests.balance.servers import ServerProcess, binary_of

T = TypeVar("T")
KEYS = [b"a:%d" % i for i in range(6)] + [b"s:\xff{1}", b""]
SESSIONS = [b"s:%d" % i for i in range(4)]
ACCOUNTS = [b"1", b"2"]

entries = st.tuples(st.integers(0, 3), st.integers(0, 3), st.binary(max_size=5), st.booleans())


@st.composite
def batches(draw: st.DrawFn) -> list[list[tuple[bytes, tuple[int, int, bytes, bool]]]]:
    """Change sets that share no key: which keys each has, and what it does to them."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6))
    sets: list[list[tuple[bytes, tuple[int, int, bytes, bool]]]] = [[] for _ in range(draw(st.integers(1, 4)))]
    for key in keys:
        sets[draw(st.integers(0, len(sets) - 1))].append((key, draw(entries)))
    return sets


class StoresAgree(RuleBasedStateMachine):
    """Runs each operation on both stores and compares what comes back."""

    def __init__(self, server: ServerProcess) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.memory = MemoryStore(lambda: 0)
        self.loop.run_until_complete(empty(server))
        self.redis = self.loop.run_until_complete(open_redis_store(server.address, 5.0))
        self.holder = self.redis.hold(lambda _keys: None, 0)
        self.trimmed = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine."""
        return self.loop.run_until_complete(coroutine)

    def version(self, key: bytes) -> int:
        """The present version of a key."""
        return int.from_bytes((self.run(load_states(self.memory, [key]))[0] or b"")[:8], "big")

    def build(self, batch: list[list[tuple[bytes, tuple[int, int, bytes, bool]]]]) -> list[ChangeSet]:
        """Change sets of a batch: mostly with the right version, sometimes with another."""
        sets = []
        for number, content in enumerate(batch):
            change = ChangeSet()
            for key, (action, slip, body, lived) in content:
                expected = self.version(key) + (1 if slip == 3 else 0)
                value = b"" if action == 0 else state(expected + 1, body)
                change.put(key, expected, value, 3_600_000 if lived else 0)
                change.events.append(b"%d:%b" % (number, body))
                if action == 1:
                    change.deadlines.append((SESSIONS[number], slip * 10))
                    change.opened.append((ACCOUNTS[number % 2], b"%d-%b" % (number, body)))
                    break
                if action == 2:
                    change.closed.append((ACCOUNTS[number % 2], b"%d-%b" % (number, body)))
            sets.append(change)
        return sets

    @rule(batch=batches())
    def commit(self, batch: list[list[tuple[bytes, tuple[int, int, bytes, bool]]]]) -> None:
        """Both commit with the same results."""
        ours = self.run(commit_sets(self.memory, self.build(batch)))
        built = self.build_again(ours)
        assert results(self.run(commit_sets(self.redis, built))) == results(ours)

    @rule(batch=batches(), remembers=st.booleans())
    def commit_as_holder(
        self, batch: list[list[tuple[bytes, tuple[int, int, bytes, bool]]]], *, remembers: bool
    ) -> None:
        """The same by a holder, which is right about what it holds."""
        sets = self.build(batch)
        changes = batch_of(self.build_again(sets))
        changes.term = self.holder.term
        changes.held = [
            remembers
            and all(self.version(key) == version for key, version in zip(each.keys, each.expected, strict=True))
            for each in sets
        ]
        ours = self.run(commit_sets(self.memory, sets))
        done = self.loop.create_future()
        self.holder.commit(changes, done.set_result)
        self.loop.run_until_complete(done)
        assert changes.results == results(ours)

    def build_again(self, sets: list[ChangeSet]) -> list[ChangeSet]:
        """The same change sets, without results."""
        copies = []
        for each in sets:
            copy = ChangeSet()
            copy.keys, copy.expected, copy.values, copy.expires_ms = (
                each.keys,
                each.expected,
                each.values,
                each.expires_ms,
            )
            copy.events, copy.deadlines = each.events, each.deadlines
            copy.opened, copy.closed = each.opened, each.closed
            copies.append(copy)
        return copies

    @rule(count=st.integers(0, 5), late=st.booleans())
    def trim(self, count: int, late: bool) -> None:
        """Both trim, refuse to trim, or raise."""
        first = self.trimmed + (0 if late else 1)
        outcomes: list[bool | None] = []
        for store in (self.memory, self.redis):
            try:
                outcomes.append(self.run(store.outbox_trim(first, count)))
            except ValueError:
                outcomes.append(None)
        assert outcomes[0] == outcomes[1]
        if outcomes[0]:
            self.trimmed += count

    @rule(holder=st.sampled_from([b"A", b"B"]), name=st.sampled_from([b"x", b"y"]))
    def lease(self, holder: bytes, name: bytes) -> None:
        """Both give a lease to the same holder."""
        taken = [self.run(store.take_lease(name, holder, 3_600_000)) for store in (self.memory, self.redis)]
        assert taken[0] == taken[1]

    @invariant()
    def states_agree(self) -> None:
        """All that can be read is the same in both."""
        memory, redis = self.run(self.look(self.memory)), self.run(self.look(self.redis))
        assert memory == redis

    async def look(self, store: StateStore) -> list[object]:
        """Everything that a store shows."""
        first = await store.outbox_first()
        return [
            await load_states(store, KEYS),
            await store.open_session_count(),
            first,
            await store.outbox_read(first, 1000),
            [await store.due_sessions(now, 10) for now in (5, 15, 100)],
            await store.deadlines_of(SESSIONS),
            [await store.open_sessions(account) for account in ACCOUNTS],
            {pair async for chunk in store.scan(b"") for pair in chunk},
        ]

    def teardown(self) -> None:
        """Let go of the connection."""
        self.run(self.redis.close())
        self.loop.close()


def check(kind: str) -> None:
    """Run the machine against one kind of server."""
    with TemporaryDirectory() as folder:
        server = ServerProcess(binary_of(kind), Path(folder))
        server.start()
        machine = type(
            "StoresAgree", (StoresAgree,), {"__init__": lambda self: StoresAgree.__init__(self, server)}
        )
        try:
            run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=20))
        finally:
            server.stop()


def test_valkey_does_what_memory_does() -> None:
    """The model and Valkey agree."""
    check("valkey")


def test_redis_does_what_memory_does() -> None:
    """The model and Redis agree."""
    check("redis")
