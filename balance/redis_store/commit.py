"""A batch of change sets as one Function call, and what its answer means. Compiled.

The layout of keys and arguments is described beside ``commit`` in functions.lua.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from balance.changes import COMMITTED, CONFLICT, UNKNOWN, ChangeBatch, StateChange
from balance.redis_store.naming import DEADLINES, OPEN_SESSIONS, OUTBOX
from balance.redis_store.resp import put_argument, put_integer, put_state_key

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

    def add(self, owner: i64) -> None:
        """Count one more, of the change set with this index."""
        self.count += 1
        write_i32_be(self.owners, i32(owner))


class StateEntities(Entities):
    """States of one kind, with the versions that they must still have."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = BytesWriter()

    def add_state(self, state: StateChange) -> None:
        """Count one more state, with its key and version."""
        self.add(state.owner)
        put_state_key(self.keys, state.key)
        write_i64_be(self.versions, state.expected)


class CommitCall:
    """The Function call of one batch, its things sorted by kind."""

    def __init__(self, batch: ChangeBatch) -> None:
        self.plain = StateEntities()
        self.lived = StateEntities()
        self.compared = StateEntities()
        self.events = Entities()
        self.timed = Entities()
        self.untimed = Entities()
        self.opened = Entities()
        self.closed = Entities()
        self._add_states(batch)
        for at in range(len(batch.events)):
            self.events.add(batch.event_sets[at])
            put_argument(self.events.arguments, batch.events[at])
        for at in range(len(batch.deadline_keys)):
            self._add_deadline(batch.deadline_sets[at], batch.deadline_keys[at], batch.deadlines_ms[at])
        for at in range(len(batch.opened)):
            _add_index(self.opened, batch.opened_sets[at], batch.opened[at])
        for at in range(len(batch.closed)):
            _add_index(self.closed, batch.closed_sets[at], batch.closed[at])

    def _add_states(self, batch: ChangeBatch) -> None:
        for state in batch.states:
            if not state.value:
                self.compared.add_state(state)
            elif state.life_ms == 0:
                self.plain.add_state(state)
                put_argument(self.plain.arguments, state.value)
            else:
                self.lived.add_state(state)
                put_argument(self.lived.arguments, state.value)
                put_integer(self.lived.arguments, state.life_ms)

    def _add_deadline(self, owner: i64, session: bytes, deadline_ms: i64) -> None:
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


def _add_index(kind: Entities, owner: i64, entry: tuple[bytes, bytes]) -> None:
    """Add an account's index and the session that enters or leaves it."""
    kind.add(owner)
    put_argument(kind.keys, OPEN_SESSIONS + entry[0])
    put_argument(kind.arguments, entry[1])


def pack_commit(batch: ChangeBatch) -> bytes:
    """The Function call of a batch."""
    return CommitCall(batch).command()


def settle(batch: ChangeBatch, reply: object) -> bool:
    """Set the results of a batch from the call's reply; whether it was an answer of the Function.

    Anything else (a lost connection, an error) leaves every set UNKNOWN.
    """
    if not isinstance(reply, list):
        batch.settle(UNKNOWN)
        return False
    batch.settle(COMMITTED)
    for index in reply:
        batch.results[index] = CONFLICT
    return True
