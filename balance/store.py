"""The port of the state stores: versioned states, deadlines, open sessions and an outbox of records.

A store knows keys and octets, not what they mean. The first eight octets of every state are its version, a
big-endian counter that starts at 1; version 0 means "does not exist". ``commit`` takes change sets. A set is
applied whole or not at all: it is refused (conflict) when any key's version differs from what was read. The
applied sets of one commit are durable together before ``done`` is called.

Who remembers states between its reads and its commits, as the charging service does, commits as a *holder*.
What a holder read or wrote in its present term is still so, unless it was told that others have changed it, and
a store may apply changes that rest on such states without comparing. That a state is absent it has to look at.
When others may have changed anything, the term ends.

Calls come back through callbacks, because a store serves batches: one callback a batch costs a twentieth of a
coroutine for each request. ``load_states`` and ``commit_sets`` are their coroutines for tools.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.changes import NO_TERM, ChangeBatch, ChangeSet, batch_of

DURABLE: Final = "every answer is on disk"
"""The ``durability`` in ``describe`` of a store that loses nothing; any other text says what it loses."""


class StoreError(Exception):
    """The store can not answer now; the message says which store and why."""


@mypyc_attr(allow_interpreted_subclasses=True)
class StateStore(ABC):
    """What the charging service and the tools need of a store. Keys are octets, without the partition's tag."""

    @abstractmethod
    def load(self, keys: list[bytes], done: Callable[[list[bytes | None] | None], None]) -> None:
        """Read states: ``done`` gets one state or None per key, or None for all when the store failed."""

    @abstractmethod
    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Apply a batch; ``done`` gets it back with ``results`` COMMITTED, CONFLICT or UNKNOWN."""

    def hold(self, changed: Callable[[list[bytes]], None]) -> Holder:
        """A holder, for one who remembers states. Each has terms of its own; others' commits may end them.

        ``changed`` hears the keys of states that others have changed in a term which goes on: what is
        remembered of them is out of date. What it hears, and the answers to loads and commits, come in the
        order in which the store worked. Stores that compare all the same never call it.
        """
        return _ComparingHolder(self, changed)

    def commit(self, sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
        """Apply single change sets; ``done`` gets them back with their ``result``.

        ValueError, and nothing applied, where one is malformed or a key occurs twice.
        """
        self.commit_batch(batch_of(sets), _SetsDone(sets, done).take)

    @abstractmethod
    async def open_session_count(self) -> int:
        """How many sessions have a deadline: all that are open."""

    @abstractmethod
    async def due_sessions(self, now_ms: int, limit: int) -> list[bytes]:
        """Session keys whose deadline has passed, the oldest first."""

    @abstractmethod
    async def deadlines_of(self, session_keys: list[bytes]) -> list[int]:
        """The deadline of each session key in epoch milliseconds; 0 where it has none."""

    @abstractmethod
    async def open_sessions(self, account_id: bytes) -> list[bytes]:
        """The Session-Ids of an account's open sessions, sorted."""

    @abstractmethod
    def scan(self, prefix: bytes) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """All states whose key starts with a prefix, in chunks of (key, state); a key may be seen twice."""

    @abstractmethod
    async def outbox_first(self) -> int:
        """The sequence number of the oldest event in the outbox; the first event ever has number 1."""

    @abstractmethod
    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """Up to ``limit`` events from a sequence number on; ValueError when it was trimmed already."""

    @abstractmethod
    async def outbox_trim(self, first: int, count: int) -> bool:
        """Forget ``count`` events if ``first`` is still the oldest; False where somebody else trimmed before.

        ValueError where there are fewer events.
        """

    @abstractmethod
    async def take_lease(self, name: bytes, holder: bytes, life_ms: int) -> bool:
        """Take or renew a lease; False while another holder has it."""

    @abstractmethod
    async def describe(self) -> dict[str, str]:
        """What the store is, for people: kind, address, server version, durability, memory."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of connections; what was committed stays."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Holder(ABC):
    """The commits of one who remembers states. ``term`` moves on when somebody else may have changed some.

    ``transactions`` counts the commits in which held sets were not compared, ``disturbed`` those that were
    compared after all, because somebody else had committed.
    """

    def __init__(self) -> None:
        self.term: i64 = NO_TERM + 1
        self.transactions: i64 = 0
        self.disturbed: i64 = 0

    @abstractmethod
    def commit(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """``StateStore.commit_batch``, with the term and the sets that the batch says are held."""


class _ComparingHolder(Holder):
    """The holder of a store that compares all the same: its term has no end."""

    def __init__(self, store: StateStore, changed: Callable[[list[bytes]], None]) -> None:
        super().__init__()
        self._store = store
        self.changed = changed

    def commit(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        self._store.commit_batch(batch, done)


class _SetsDone:
    """Change sets on their way: they get the results of the batch that carried them."""

    def __init__(self, sets: list[ChangeSet], done: Callable[[list[ChangeSet]], None]) -> None:
        self.sets = sets
        self.done = done

    def take(self, batch: ChangeBatch) -> None:
        for change, result in zip(self.sets, batch.results, strict=True):
            change.result = result
        self.done(self.sets)


async def load_states(store: StateStore, keys: list[bytes]) -> list[bytes | None]:
    """``StateStore.load`` as a coroutine; StoreError where it failed."""
    future: asyncio.Future[list[bytes | None] | None] = asyncio.get_running_loop().create_future()
    store.load(keys, lambda states: None if future.done() else future.set_result(states))
    states = await future
    if states is None:
        raise StoreError("the store did not answer")
    return states


async def commit_sets(store: StateStore, sets: list[ChangeSet]) -> list[ChangeSet]:
    """``StateStore.commit`` as a coroutine: the sets, each with its result."""
    future: asyncio.Future[list[ChangeSet]] = asyncio.get_running_loop().create_future()
    store.commit(sets, lambda done: None if future.done() else future.set_result(done))
    return await future
