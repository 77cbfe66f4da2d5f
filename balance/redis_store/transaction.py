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
from balance.packing import finished, spare_writer
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


PIECE_OCTETS: Final = 48_000
"""What is longer is finished before more is added; a spare writer stays one."""


class _Growing:
    """A command whose arguments are added one by one; ``before`` are its name and key, ``count`` theirs.

    They are written in pieces: what has been written is not moved when more comes, and memory is used again.
    """

    def __init__(self, before: list[bytes]) -> None:
        self.fixed: i64 = len(before)
        self.count: i64 = len(before)
        self._head = pack_command(before)[2:-2]
        self._out = spare_writer()
        self._full: list[bytes] = []

    def arguments(self, more: i64) -> BytesWriter:
        """Where to write so many more arguments."""
        self.count += more
        if len(self._out) > PIECE_OCTETS:
            self._full.append(finished(self._out))
            self._out = spare_writer()
        return self._out

    def put_into(self, pieces: list[bytes]) -> None:
        """Append the command to what is sent, once, unless nothing was added."""
        last = self._out
        if self.count > self.fixed:
            pieces.append(b"*%d%b" % (self.count, self._head))
            pieces += self._full
            last.write(b"\r\n")
            pieces.append(finished(last))
        else:
            finished(last)


class Transaction:
    """The commands of the held sets of the batches that were added."""

    def __init__(self) -> None:
        self._absent = _Growing([b"BITOP", b"OR", PROBE])
        self._values = _Growing([b"MSET"])
        self._events = _Growing([b"RPUSH", OUTBOX])
        self._timed = _Growing([b"ZADD", DEADLINES])
        self._untimed = _Growing([b"ZREM", DEADLINES])
        self._others = spare_writer()
        self._other_commands: i64 = 0

    def add(self, batch: ChangeBatch) -> None:
        """Add the held sets of a batch. No other batch of this transaction has a key of theirs."""
        self._add_states(batch)
        held = batch.held
        for at in range(len(batch.events)):
            if held[batch.event_sets[at]]:
                put_argument(self._events.arguments(1), batch.events[at])
        for at in range(len(batch.deadline_keys)):
            if held[batch.deadline_sets[at]]:
                self._add_deadline(batch.deadline_keys[at], batch.deadlines_ms[at])
        for at in range(len(batch.opened)):
            if held[batch.opened_sets[at]]:
                self._add_index(b"*3\r\n$4\r\nSADD", batch.opened[at])
        for at in range(len(batch.closed)):
            if held[batch.closed_sets[at]]:
                self._add_index(b"*3\r\n$4\r\nSREM", batch.closed[at])

    def put_into(self, pieces: list[bytes], calls: bytes) -> None:
        """Append the probe, MULTI, calls that are executed before, all that was added, and EXEC; once."""
        self._absent.put_into(pieces)
        pieces += (MULTI, calls)
        for part in (self._values, self._events, self._timed, self._untimed):
            part.put_into(pieces)
        pieces += (finished(self._others), EXEC)

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
                put_state_key(self._absent.arguments(1), state.key)
            if not state.value:
                continue
            if state.life_ms == 0:
                out = values.arguments(2)
                put_state_key(out, state.key)
                put_argument(out, state.value)
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
            put_argument(self._untimed.arguments(1), session)
        else:
            out = self._timed.arguments(2)
            put_integer(out, deadline_ms)
            put_argument(out, session)

    def _add_index(self, head: bytes, entry: tuple[bytes, bytes]) -> None:
        out = self._others
        out.write(head)
        put_argument(out, OPEN_SESSIONS + entry[0])
        put_argument(out, entry[1])
        out.write(b"\r\n")
        self._other_commands += 1
