"""A store in this process's memory: for trials, for the simulation, and as the model in tests.

Nothing survives the process. Compiled.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from heapq import heappop, heappush
from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.changes import COMMITTED, CONFLICT, ChangeBatch
from balance.packing import version_of
from balance.store import StateStore

SCAN_CHUNK: Final = 1000
SLACK: Final = 1000
"""Outdated deadlines that may lie in the heap beside as many as there are current ones."""


@mypyc_attr(acyclic=True)
class _State:
    """A stored state with its version, and when it ends (epoch milliseconds, 0 = it stays)."""

    def __init__(self, value: bytes, version: i64, end_ms: i64) -> None:
        self.value = value
        self.version = version
        self.end_ms = end_ms


class _Delivery:
    """One answer that waits for its callback: of a load (``states``) or of a commit (``batch``)."""

    def __init__(
        self,
        loaded: Callable[[list[bytes | None] | None], None] | None,
        states: list[bytes | None],
        committed: Callable[[ChangeBatch], None] | None,
        batch: ChangeBatch | None,
    ) -> None:
        self.loaded = loaded
        self.states = states
        self.committed = committed
        self.batch = batch


@mypyc_attr(allow_interpreted_subclasses=True)
class MemoryStore(StateStore):
    """States, deadlines, index and outbox in dictionaries and lists.

    ``clock`` gives the epoch in milliseconds; it decides when states and leases with a life end. A callback is
    called before ``load`` or ``commit_batch`` returns, unless a callback called that: then it waits.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._states: dict[bytes, _State] = {}
        self._end_heap: list[tuple[int, bytes]] = []
        self._deadlines: dict[bytes, int] = {}
        self._deadline_heap: list[tuple[int, bytes]] = []
        self._open: dict[bytes, set[bytes]] = {}
        self._events: list[bytes] = []
        self._trimmed = 0
        self._leases: dict[bytes, tuple[bytes, int]] = {}
        self._waiting: list[_Delivery] = []
        self._delivering = False

    def load(self, keys: list[bytes], done: Callable[[list[bytes | None] | None], None]) -> None:
        """Read states."""
        self._forget_ended(self._clock())
        states: list[bytes | None] = []
        for key in keys:
            found = self._states.get(key)
            states.append(None if found is None else found.value)
        self._deliver(_Delivery(done, states, None, None))

    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Apply a batch."""
        now_ms: i64 = self._clock()
        self._forget_ended(now_ms)
        batch.settle(COMMITTED)
        results = batch.results
        known: list[_State | None] = []
        for change in batch.states:
            state = self._states.get(change.key)
            known.append(state)
            version: i64 = 0 if state is None else state.version
            if version != change.expected:
                results[change.owner] = CONFLICT
        self._apply_states(batch, known, now_ms)
        for at in range(len(batch.events)):
            if results[batch.event_sets[at]] == COMMITTED:
                self._events.append(batch.events[at])
        for at in range(len(batch.deadline_keys)):
            if results[batch.deadline_sets[at]] == COMMITTED:
                self._set_deadline(batch.deadline_keys[at], batch.deadlines_ms[at])
        for at in range(len(batch.opened)):
            if results[batch.opened_sets[at]] == COMMITTED:
                account_id, session_id = batch.opened[at]
                self._open.setdefault(account_id, set()).add(session_id)
        for at in range(len(batch.closed)):
            if results[batch.closed_sets[at]] == COMMITTED:
                account_id, session_id = batch.closed[at]
                self._close_session(account_id, session_id)
        self._deliver(_Delivery(None, [], done, batch))

    def _apply_states(self, batch: ChangeBatch, known: list[_State | None], now_ms: i64) -> None:
        results = batch.results
        for at in range(len(known)):
            change = batch.states[at]
            value = change.value
            if not value or results[change.owner] != COMMITTED:
                continue
            version = version_of(value)
            end_ms: i64 = 0
            if change.life_ms > 0:
                end_ms = now_ms + change.life_ms
                heappush(self._end_heap, (end_ms, change.key))
            state = known[at]
            if state is None:
                self._states[change.key] = _State(value, version, end_ms)
            else:
                state.value = value
                state.version = version
                state.end_ms = end_ms

    def _set_deadline(self, session: bytes, deadline_ms: int) -> None:
        if not deadline_ms:
            self._deadlines.pop(session, None)
            return
        self._deadlines[session] = deadline_ms
        heap = self._deadline_heap
        if len(heap) > 2 * len(self._deadlines) + SLACK:
            heap.clear()
            for each, each_ms in self._deadlines.items():
                heappush(heap, (each_ms, each))
        else:
            heappush(heap, (deadline_ms, session))

    def _close_session(self, account_id: bytes, session_id: bytes) -> None:
        sessions = self._open.get(account_id)
        if sessions is not None:
            sessions.discard(session_id)
            if not sessions:
                del self._open[account_id]

    def _forget_ended(self, now_ms: i64) -> None:
        heap = self._end_heap
        while heap and heap[0][0] <= now_ms:
            end_ms, key = heappop(heap)
            state = self._states.get(key)
            if state is not None and state.end_ms == end_ms:
                del self._states[key]

    def _deliver(self, delivery: _Delivery) -> None:
        self._waiting.append(delivery)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting:
                waiting = self._waiting
                self._waiting = []
                _deliver_all(waiting, self._waiting)
        finally:
            self._delivering = False

    async def open_session_count(self) -> int:
        """How many sessions have a deadline."""
        return len(self._deadlines)

    async def due_sessions(self, now_ms: int, limit: int) -> list[bytes]:
        """Session keys whose deadline has passed, the oldest first."""
        heap = self._deadline_heap
        due: list[tuple[int, bytes]] = []
        while heap and heap[0][0] <= now_ms and len(due) < limit:
            entry = heappop(heap)
            if self._deadlines.get(entry[1]) == entry[0] and (not due or due[-1] != entry):
                due.append(entry)
        for entry in due:
            heappush(heap, entry)
        return [session for _, session in due]

    async def deadlines_of(self, session_keys: list[bytes]) -> list[int]:
        """The deadline of each session key; 0 where it has none."""
        return [self._deadlines.get(key, 0) for key in session_keys]

    async def open_sessions(self, account_id: bytes) -> list[bytes]:
        """The Session-Ids of an account's open sessions, sorted."""
        return sorted(self._open.get(account_id, set()))

    def scan(self, prefix: bytes) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """All states whose key starts with a prefix, in chunks; a state committed meanwhile may be missed."""
        return _Scan(self, [key for key in self._states if key.startswith(prefix)])

    def present(self, keys: list[bytes]) -> list[tuple[bytes, bytes]]:
        """The keys that exist now, with their states."""
        self._forget_ended(self._clock())
        found: list[tuple[bytes, bytes]] = []
        for key in keys:
            state = self._states.get(key)
            if state is not None:
                found.append((key, state.value))
        return found

    async def outbox_first(self) -> int:
        """The sequence number of the oldest event."""
        return self._trimmed + 1

    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """Up to ``limit`` events from a sequence number on; ValueError when it was trimmed already."""
        start = sequence - 1 - self._trimmed
        if start < 0:
            raise ValueError(f"event {sequence} was trimmed; the oldest is {self._trimmed + 1}")
        return self._events[start : start + limit]

    async def outbox_trim(self, first: int, count: int) -> bool:
        """Forget ``count`` events if ``first`` is the oldest. ValueError where there are fewer."""
        if first != self._trimmed + 1:
            return False
        if count < 0 or count > len(self._events):
            raise ValueError(f"{count} events to trim of {len(self._events)}")
        del self._events[:count]
        self._trimmed += count
        return True

    async def take_lease(self, name: bytes, holder: bytes, life_ms: int) -> bool:
        """Take or renew a lease; False while another holder has it."""
        now_ms = self._clock()
        held = self._leases.get(name)
        if held is not None and held[0] != holder and held[1] > now_ms:
            return False
        self._leases[name] = (holder, now_ms + life_ms)
        return True

    async def describe(self) -> dict[str, str]:
        """What this store is, for people."""
        return {
            "kind": "memory",
            "address": "memory:",
            "version": "-",
            "durability": "none: everything is lost when the server stops",
            "memory": f"{len(self._states)} states, {len(self._events)} events",
        }

    async def close(self) -> None:
        """Nothing to let go of."""


class _Scan:
    """A walk through keys in chunks, each with the states of its time."""

    def __init__(self, store: MemoryStore, keys: list[bytes]) -> None:
        self._store = store
        self._keys = keys
        self._at = 0

    def __aiter__(self) -> _Scan:
        return self

    async def __anext__(self) -> list[tuple[bytes, bytes]]:
        while self._at < len(self._keys):
            chunk = self._keys[self._at : self._at + SCAN_CHUNK]
            self._at += SCAN_CHUNK
            found = self._store.present(chunk)
            if found:
                return found
        raise StopAsyncIteration


def _deliver_all(waiting: list[_Delivery], left: list[_Delivery]) -> None:
    """Call the callbacks in order; where one raises, the others go to ``left`` for the next turn."""
    at = 0
    try:
        for delivery in waiting:
            at += 1
            if delivery.loaded is not None:
                delivery.loaded(delivery.states)
            if delivery.committed is not None and delivery.batch is not None:
                delivery.committed(delivery.batch)
    except BaseException:
        left[:0] = waiting[at:]
        raise
