"""Changes of states: sets that are applied whole or not at all, and the batch of them in one commit."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

PENDING: Final = 0
COMMITTED: Final = 1
CONFLICT: Final = 2
UNKNOWN: Final = 3
"""The connection failed after the change set was sent: it may or may not have been applied. Read again."""
NO_TERM: Final = 0
"""The term of who remembers nothing between its reads and its commits."""


@mypyc_attr(acyclic=True)
class StateChange:
    """A state of the change set ``owner``: its key, the version that was read, and the new octets.

    A value of b"" only compares the version. ``life_ms`` gives a value a life from the commit on (0 = none; a
    value without one is permanent).
    """

    def __init__(self, owner: i64, key: bytes, expected: i64, value: bytes, life_ms: i64) -> None:
        self.owner = owner
        self.key = key
        self.expected = expected
        self.value = value
        self.life_ms = life_ms


@mypyc_attr(acyclic=True)
class ChangeBatch:
    """The change sets of one commit in flat lists: what belongs to set n says so, or the list beside it does.

    Made in order: ``begin`` a set, add what it changes, begin the next. ``results`` is set by the store. A key,
    a deadline's session and an index pair occur once in a batch. ``term`` is the holder's (``balance.store``)
    in which the sets were made; each that is ``held`` rests on nothing but states read, compared or written in
    it, and on such as it believes absent (expected version 0).
    """

    def __init__(self, term: i64 = NO_TERM) -> None:
        self.term = term
        self.held: list[bool] = []
        self.states: list[StateChange] = []
        self.events: list[bytes] = []
        self.event_sets: list[int] = []
        self.deadline_keys: list[bytes] = []
        self.deadlines_ms: list[int] = []
        self.deadline_sets: list[int] = []
        self.opened: list[tuple[bytes, bytes]] = []
        self.opened_sets: list[int] = []
        self.closed: list[tuple[bytes, bytes]] = []
        self.closed_sets: list[int] = []
        self.results: list[int] = []

    def begin(self, *, held: bool = False) -> None:
        """Begin the next change set."""
        self.results.append(PENDING)
        self.held.append(held)

    def hold_nothing(self) -> None:
        """The term that the sets were made in is over."""
        self.held = [False] * len(self.held)

    def put(self, key: bytes, expected: i64, value: bytes, life_ms: i64) -> None:
        """Add a state to the set: its key, the version that was read, the new octets and their life."""
        self.states.append(StateChange(len(self.results) - 1, key, expected, value, life_ms))

    def take_back(self) -> None:
        """Remove the set that was begun last; it may hold states only."""
        last = len(self.results) - 1
        while self.states and self.states[-1].owner == last:
            self.states.pop()
        self.results.pop()
        self.held.pop()

    def event(self, event: bytes) -> None:
        """Add an event for the outbox to the set."""
        self.events.append(event)
        self.event_sets.append(len(self.results) - 1)

    def deadline(self, key: bytes, deadline_ms: i64) -> None:
        """Add when a session shall be looked at (epoch milliseconds, 0 = forget it) to the set."""
        self.deadline_keys.append(key)
        self.deadlines_ms.append(deadline_ms)
        self.deadline_sets.append(len(self.results) - 1)

    def opens(self, account_id: bytes, session_id: bytes) -> None:
        """Add a session to its account's index."""
        self.opened.append((account_id, session_id))
        self.opened_sets.append(len(self.results) - 1)

    def closes(self, account_id: bytes, session_id: bytes) -> None:
        """Take a session out of its account's index."""
        self.closed.append((account_id, session_id))
        self.closed_sets.append(len(self.results) - 1)

    def settle(self, result: int) -> None:
        """Give every set the same result."""
        self.results = [result] * len(self.results)


@mypyc_attr(acyclic=True)
class ChangeSet:
    """Changes that belong together.

    ``keys``, ``expected`` and ``values`` run in parallel: the key, the version that was read, and the new
    state (b"" = compare the version only). ``expires_ms`` gives a value a life in milliseconds from the commit
    on (0 = none, the usual case; setting a value without one makes it permanent). ``events`` go to the outbox,
    in order. ``deadlines`` maps a session key to the epoch millisecond when it shall be looked at, or 0 to
    forget it. ``opened`` and ``closed`` are (account id, session id) pairs for the index of open sessions.
    ``result`` is set by the store. A key, a deadline's session and an index pair occur once in a commit.
    """

    def __init__(self) -> None:
        self.keys: list[bytes] = []
        self.expected: list[int] = []
        self.values: list[bytes] = []
        self.expires_ms: list[int] = []
        self.events: list[bytes] = []
        self.deadlines: list[tuple[bytes, int]] = []
        self.opened: list[tuple[bytes, bytes]] = []
        self.closed: list[tuple[bytes, bytes]] = []
        self.result: i64 = PENDING

    def put(self, key: bytes, expected: i64, value: bytes, expires_ms: i64) -> None:
        """Add one key's change; a key may occur once in a commit."""
        self.keys.append(key)
        self.expected.append(expected)
        self.values.append(value)
        self.expires_ms.append(expires_ms)


def check_change_set(change: ChangeSet) -> None:
    """ValueError where a change set's lists are not parallel or a state is too short for a version."""
    count = len(change.keys)
    if len(change.expected) != count or len(change.values) != count or len(change.expires_ms) != count:
        raise ValueError("keys, expected, values and expires_ms of a change set differ in length")
    for value in change.values:
        if value and len(value) < 8:
            raise ValueError(f"a state of {len(value)} octets has no version")


def batch_of(sets: list[ChangeSet]) -> ChangeBatch:
    """The batch of some change sets. ValueError where one is malformed or a key occurs twice."""
    batch = ChangeBatch()
    for change in sets:
        check_change_set(change)
        batch.begin()
        for at in range(len(change.keys)):
            batch.put(change.keys[at], change.expected[at], change.values[at], change.expires_ms[at])
        for event in change.events:
            batch.event(event)
        for key, deadline_ms in change.deadlines:
            batch.deadline(key, deadline_ms)
        for account_id, session_id in change.opened:
            batch.opens(account_id, session_id)
        for account_id, session_id in change.closed:
            batch.closes(account_id, session_id)
    if len({state.key for state in batch.states}) != len(batch.states):
        raise ValueError("a key occurs twice in one commit")
    return batch
