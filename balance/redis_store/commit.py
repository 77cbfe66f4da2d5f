"""A batch of change sets as one Function call, and what its answer means. Compiled.

The layout of keys and arguments is described beside ``commit`` in functions.lua.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from balance.redis_store.naming import DEADLINES, OPEN_SESSIONS, OUTBOX
from balance.redis_store.resp import put_argument, put_integer, put_state_key
from balance.store import COMMITTED, CONFLICT, UNKNOWN, ChangeSet, check_change_set

COMMIT: Final = b"\r\n$5\r\nFCALL\r\n$10\r\nocs_commit"
FIXED_KEYS: Final = 2
FIXED_ARGUMENTS: Final = 3


class Entities:
    """Things of one kind in a batch: how many, whose, and their keys and arguments in RESP."""

    def __init__(self) -> None:
        self.count: i64 = 0
        self.owners = BytesWriter()
        self.keys = BytesWriter()
        self.arguments = BytesWriter()

    def add(self, owner: i32) -> None:
        """Count one more, of the change set with this index."""
        self.count += 1
        write_i32_be(self.owners, owner)


class StateEntities(Entities):
    """States of one kind, with the versions that they must still have."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = BytesWriter()

    def add_state(self, owner: i32, key: bytes, expected: i64) -> None:
        """Count one more state, with its key and version."""
        self.add(owner)
        put_state_key(self.keys, key)
        write_i64_be(self.versions, expected)


class Batch:
    """The change sets of one commit, sorted by kind of thing."""

    def __init__(self) -> None:
        self.plain = StateEntities()
        self.lived = StateEntities()
        self.compared = StateEntities()
        self.events = Entities()
        self.timed = Entities()
        self.untimed = Entities()
        self.opened = Entities()
        self.closed = Entities()

    def add(self, owner: i32, change: ChangeSet) -> None:
        """Take in one change set. ValueError where it is malformed."""
        check_change_set(change)
        self._add_states(owner, change)
        events = self.events
        for event in change.events:
            events.add(owner)
            put_argument(events.arguments, event)
        for session, deadline_ms in change.deadlines:
            self._add_deadline(owner, session, deadline_ms)
        for account_id, session_id in change.opened:
            _add_index(self.opened, owner, account_id, session_id)
        for account_id, session_id in change.closed:
            _add_index(self.closed, owner, account_id, session_id)

    def _add_states(self, owner: i32, change: ChangeSet) -> None:
        for at, key in enumerate(change.keys):
            expected: i64 = change.expected[at]
            value = change.values[at]
            life_ms: i64 = change.expires_ms[at]
            if not value:
                self.compared.add_state(owner, key, expected)
            elif life_ms == 0:
                self.plain.add_state(owner, key, expected)
                put_argument(self.plain.arguments, value)
            else:
                self.lived.add_state(owner, key, expected)
                put_argument(self.lived.arguments, value)
                put_integer(self.lived.arguments, life_ms)

    def _add_deadline(self, owner: i32, session: bytes, deadline_ms: i64) -> None:
        if deadline_ms == 0:
            self.untimed.add(owner)
            put_argument(self.untimed.arguments, session)
        else:
            self.timed.add(owner)
            put_integer(self.timed.arguments, deadline_ms)
            put_argument(self.timed.arguments, session)

    def kinds(self) -> list[Entities]:
        """All kinds, in the order of the call."""
        return [
            self.plain,
            self.lived,
            self.compared,
            self.events,
            self.timed,
            self.untimed,
            self.opened,
            self.closed,
        ]

    def command(self) -> bytes:
        """The whole Function call."""
        kinds = self.kinds()
        counts = BytesWriter()
        owners = BytesWriter()
        for kind in kinds:
            write_i32_be(counts, i32(kind.count))
            owners.write(kind.owners.getvalue())
        states = self.plain.count + self.lived.count + self.compared.count
        keys = FIXED_KEYS + states + self.opened.count + self.closed.count
        arguments = (
            FIXED_ARGUMENTS
            + self.plain.count
            + 2 * (self.lived.count + self.timed.count)
            + self.events.count
            + self.untimed.count
            + self.opened.count
            + self.closed.count
        )
        out = BytesWriter()
        out.write(b"*%d" % (3 + keys + arguments))
        out.write(COMMIT)
        put_integer(out, keys)
        put_argument(out, OUTBOX)
        put_argument(out, DEADLINES)
        for kind in kinds:
            out.write(kind.keys.getvalue())
        put_argument(out, counts.getvalue())
        versions = self.plain.versions.getvalue() + self.lived.versions.getvalue()
        put_argument(out, versions + self.compared.versions.getvalue())
        put_argument(out, owners.getvalue())
        for kind in kinds:
            out.write(kind.arguments.getvalue())
        out.write(b"\r\n")
        return out.getvalue()


def _add_index(kind: Entities, owner: i32, account_id: bytes, session_id: bytes) -> None:
    """Add an account's index and the session that enters or leaves it."""
    kind.add(owner)
    put_argument(kind.keys, OPEN_SESSIONS + account_id)
    put_argument(kind.arguments, session_id)


def pack_commit(sets: list[ChangeSet]) -> bytes:
    """The Function call of a batch. ValueError where a set is malformed or a key occurs twice."""
    batch = Batch()
    seen: set[bytes] = set()
    count: i64 = 0
    for owner, change in enumerate(sets):
        batch.add(i32(owner), change)
        seen.update(change.keys)
        count += len(change.keys)
    if len(seen) != count:
        raise ValueError("a key occurs twice in one commit")
    return batch.command()


def settle(sets: list[ChangeSet], reply: object) -> bool:
    """Set the result of each change set from the call's reply; whether it was an answer of the Function.

    Anything else (a lost connection, an error) leaves every set UNKNOWN.
    """
    known = isinstance(reply, list)
    result = COMMITTED if known else UNKNOWN
    for change in sets:
        change.result = result
    if isinstance(reply, list):
        for index in reply:
            sets[index].result = CONFLICT
    return known
