"""The held sets of batches as one transaction of plain commands. Compiled.

Nothing is compared: the transaction is executed only where the two keys that are watched have not changed. One
says that nobody else has committed. The other is the probe: before the transaction, the states that are
believed absent are joined into it, which changes it only where one of them exists. A server that has no room
or no right to write refuses the probe and the transaction alike. All this costs the server half of what the
Function call costs it.
"""

from __future__ import annotations

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from balance.changes import ChangeBatch
from balance.redis_store.naming import DEADLINES, HOLDER, OPEN_SESSIONS, OUTBOX, PROBE
from balance.redis_store.resp import pack_command, put_argument, put_integer, put_state_key

MULTI: Final = pack_command([b"MULTI"])
EXEC: Final = pack_command([b"EXEC"])
WATCH: Final = b"".join(map(pack_command, ([b"UNWATCH"], [b"WATCH", HOLDER, PROBE], [b"GET", HOLDER])))
"""Watch who committed last, forgetting what was noticed, and read who it is: what changes then is noticed."""
WATCH_REPLIES: Final = 3
CLEAR: Final = pack_command([b"DEL", PROBE])
"""Before the first watch: what a probe left would be noticed as if it was found again."""
CLEAR_REPLIES: Final = 1


class _Growing:
    """A command whose arguments are added one by one; ``before`` are its name and key, ``count`` theirs."""

    def __init__(self, before: list[bytes]) -> None:
        self.fixed: i64 = len(before)
        self.count: i64 = len(before)
        self._head = pack_command(before)[4:-2]
        self.arguments = BytesWriter()

    def command(self) -> bytes:
        """The command, or nothing where nothing was added."""
        if self.count == self.fixed:
            return b""
        return b"*%d\r\n%b%b\r\n" % (self.count, self._head, self.arguments.getvalue())


class Transaction:
    """The commands of the held sets of the batches that were added."""

    def __init__(self) -> None:
        self._absent = _Growing([b"BITOP", b"OR", PROBE])
        self._values = _Growing([b"MSET"])
        self._events = _Growing([b"RPUSH", OUTBOX])
        self._timed = _Growing([b"ZADD", DEADLINES])
        self._untimed = _Growing([b"ZREM", DEADLINES])
        self._others = BytesWriter()
        self._other_commands: i64 = 0

    def add(self, batch: ChangeBatch) -> None:
        """Add the held sets of a batch. No other batch of this transaction has a key of theirs."""
        self._add_states(batch)
        held = batch.held
        for at in range(len(batch.events)):
            if held[batch.event_sets[at]]:
                self._events.count += 1
                put_argument(self._events.arguments, batch.events[at])
        for at in range(len(batch.deadline_keys)):
            if held[batch.deadline_sets[at]]:
                self._add_deadline(batch.deadline_keys[at], batch.deadlines_ms[at])
        for at in range(len(batch.opened)):
            if held[batch.opened_sets[at]]:
                self._add_index(b"*3\r\n$4\r\nSADD", batch.opened[at])
        for at in range(len(batch.closed)):
            if held[batch.closed_sets[at]]:
                self._add_index(b"*3\r\n$4\r\nSREM", batch.closed[at])

    def probe(self) -> bytes:
        """What goes before the transaction: a packed command, or nothing."""
        return self._absent.command()

    def commands(self) -> list[bytes]:
        """All that is in the transaction, as packed commands."""
        growing = [self._values, self._events, self._timed, self._untimed]
        return [part.command() for part in growing] + [self._others.getvalue()]

    def replies(self) -> i64:
        """How many replies come: to the probe, to MULTI, to each of the commands, to EXEC."""
        count: i64 = 2 + self._other_commands
        for part in (self._absent, self._values, self._events, self._timed, self._untimed):
            if part.count > part.fixed:
                count += 1
        return count

    def _add_states(self, batch: ChangeBatch) -> None:
        held = batch.held
        values = self._values
        for state in batch.states:
            if not held[state.owner]:
                continue
            if state.expected == 0:
                self._absent.count += 1
                put_state_key(self._absent.arguments, state.key)
            if not state.value:
                continue
            if state.life_ms == 0:
                values.count += 2
                put_state_key(values.arguments, state.key)
                put_argument(values.arguments, state.value)
                continue
            out = self._others
            out.write(b"*5\r\n$3\r\nSET")
            put_state_key(out, state.key)
            put_argument(out, state.value)
            put_argument(out, b"PX")
            put_integer(out, state.life_ms)
            out.write(b"\r\n")
            self._other_commands += 1

    def _add_deadline(self, session: bytes, deadline_ms: i64) -> None:
        if deadline_ms == 0:
            self._untimed.count += 1
            put_argument(self._untimed.arguments, session)
        else:
            self._timed.count += 2
            put_integer(self._timed.arguments, deadline_ms)
            put_argument(self._timed.arguments, session)

    def _add_index(self, head: bytes, entry: tuple[bytes, bytes]) -> None:
        out = self._others
        out.write(head)
        put_argument(out, OPEN_SESSIONS + entry[0])
        put_argument(out, entry[1])
        out.write(b"\r\n")
        self._other_commands += 1
