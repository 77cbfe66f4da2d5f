"""A batch of change sets as one Function call, and what its answer means. Compiled.

The layout of keys and arguments is described beside ``commit`` in functions.lua.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64

from balance.changes import COMMITTED, CONFLICT, UNKNOWN, ChangeBatch, StateChange
from balance.redis_store.naming import DEADLINES, HOLDER, NOTED, OPEN_SESSIONS, OUTBOX, TAG
from balance.redis_store.replies import octet_list
from balance.redis_store.resp import put_argument, put_integer, put_state_key

COMMIT: Final = b"\r\n$5\r\nFCALL\r\n$10\r\nocs_commit"
FIXED_KEYS: Final = 4
FIXED_ARGUMENTS: Final = 4
ENDED: Final = -1
"""In the answer: others may have written anything since this committer did."""

ALL: Final = 0
HELD: Final = 1
OTHERS: Final = 2
"""Which sets of a batch are in a call."""


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
    """The Function call of one batch, or of some of its sets, its things sorted by kind."""

    def __init__(self, batch: ChangeBatch, which: i64) -> None:
        self.plain = StateEntities()
        self.lived = StateEntities()
        self.compared = StateEntities()
        self.events = Entities()
        self.timed = Entities()
        self.untimed = Entities()
        self.opened = Entities()
        self.closed = Entities()
        self._batch = batch
        self._which = which
        self._add_states(batch)
        for at in range(len(batch.events)):
            owner = batch.event_sets[at]
            if self._is_in(owner):
                self.events.add(owner)
                put_argument(self.events.arguments, batch.events[at])
        for at in range(len(batch.deadline_keys)):
            owner = batch.deadline_sets[at]
            if self._is_in(owner):
                self._add_deadline(owner, batch.deadline_keys[at], batch.deadlines_ms[at])
        for at in range(len(batch.opened)):
            owner = batch.opened_sets[at]
            if self._is_in(owner):
                _add_index(self.opened, owner, batch.opened[at])
        for at in range(len(batch.closed)):
            owner = batch.closed_sets[at]
            if self._is_in(owner):
                _add_index(self.closed, owner, batch.closed[at])

    def _is_in(self, owner: i64) -> bool:
        return self._which == ALL or self._batch.held[owner] == (self._which == HELD)

    def _add_states(self, batch: ChangeBatch) -> None:
        for state in batch.states:
            if not self._is_in(state.owner):
                continue
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

    def command(self, committer: bytes) -> bytes:
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
        put_argument(out, HOLDER)
        put_argument(out, NOTED)
        for kind in kinds:
            out.write(kind.keys.getvalue())
        put_argument(out, counts.getvalue())
        versions = self.plain.versions.getvalue() + self.lived.versions.getvalue()
        put_argument(out, versions + self.compared.versions.getvalue())
        put_argument(out, owners.getvalue())
        put_argument(out, committer)
        for kind in kinds:
            out.write(kind.arguments.getvalue())
        out.write(b"\r\n")
        return out.getvalue()


def _add_index(kind: Entities, owner: i64, entry: tuple[bytes, bytes]) -> None:
    """Add an account's index and the session that enters or leaves it."""
    kind.add(owner)
    put_argument(kind.keys, OPEN_SESSIONS + entry[0])
    put_argument(kind.arguments, entry[1])


def pack_commit(batch: ChangeBatch, committer: bytes, which: i64 = ALL) -> bytes:
    """The Function call of some sets of a batch."""
    return CommitCall(batch, which).command(committer)


class News:
    """What others have done since a holder committed last: they wrote ``keys``, or, where it ``ends``, any."""

    def __init__(self) -> None:
        self.ends = False
        self.keys: list[bytes] = []


def settle(batch: ChangeBatch, reply: object, which: i64 = ALL) -> News:
    """Set the results of the sets that were in a call from its reply, and tell what else it says.

    Anything but an answer of the Function (a lost connection, an error) leaves each of them UNKNOWN.
    """
    news = News()
    if not isinstance(reply, list):
        settle_some(batch, UNKNOWN, which)
        news.ends = True
        return news
    settle_some(batch, COMMITTED, which)
    for index in reply:
        if isinstance(index, list):
            size = len(TAG)
            news.keys = [key[size:] for key in octet_list(index)]
        elif index == ENDED:
            news.ends = True
        else:
            batch.results[index] = CONFLICT
    return news


def settle_some(batch: ChangeBatch, result: int, which: i64) -> None:
    """Give some sets of a batch the same result."""
    for at in range(len(batch.results)):
        if which == ALL or batch.held[at] == (which == HELD):
            batch.results[at] = result
