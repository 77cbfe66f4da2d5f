"""The holder of a Redis or Valkey store: compared commits, and plain ones while nobody else commits. Compiled.

Every Function call that commits writes which holder committed last into one key, unless it says so already.
The holder watches that key. As long as it holds its own name, nothing that it remembers has changed, and its
held sets go as a transaction of plain commands, which the server executes only if the key is still as it was.
Where it is not, the server does nothing, and the sets go as a Function call, which compares. That a state is
absent nobody can remember: the server looks just before (``transaction``).

Who commits without being a holder (a top-up, a load) marks the name and notes the keys it wrote. The holder's
next call is told these keys, and only what it remembers of them is out of date: its term goes on. Where another
holder committed, or more was written than is noted, the term ends. Then the holder makes CALM_COMMITS calls
undisturbed before it tries again: several servers on one store would otherwise only disturb each other.

One transaction is under way at a time: only its replies tell that the key is watched anew. What comes meanwhile
goes together in the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hiredis import ReplyError
from mypy_extensions import i64

from balance.changes import ChangeBatch
from balance.redis_store.client import Client
from balance.redis_store.commit import pack_commit, settle
from balance.redis_store.execution import Execution, Sent
from balance.redis_store.naming import NOBODY
from balance.redis_store.transaction import CLEAR, CLEAR_REPLIES, WATCH, WATCH_REPLIES
from balance.store import Holder

CALM_COMMITS: Final = 32
_CALL_REPLIES: Final = 1 + CLEAR_REPLIES + WATCH_REPLIES
"""To a Function call that begins a watch."""


class RedisHolder(Holder):
    """Commits of one who remembers states, over a client's connection.

    ``new_name`` makes a name that no holder ever had; ``changed`` hears the keys that others wrote in a term
    which goes on.
    """

    def __init__(
        self,
        client: Client,
        new_name: Callable[[], bytes],
        changed: Callable[[list[bytes]], None],
        calm_commits: int,
    ) -> None:
        super().__init__()
        self._changed = changed
        self._client = client
        self._new_name = new_name
        self._calm_commits: i64 = calm_commits
        self._connection: i64 = 0
        self._name = b""
        self._calm: i64 = 0
        self._watches = False
        self._begins_to_watch = False
        self._under_way: Execution | None = None
        self._next: Execution | None = None

    def commit(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Apply a batch. One that comes while a transaction is under way goes with the next."""
        connections: i64 = self._client.connections
        if self._connection != connections:
            self._connection = connections
            self._name = self._new_name()
            self._end_term()
        if batch.term != self.term:
            batch.hold_nothing()
        if self._under_way is not None:
            if self._next is None:
                self._next = self._new_execution()
            self._next.add(batch, done)
        elif self._watches and True in batch.held:
            execution = self._new_execution()
            execution.add(batch, done)
            self._execute(execution)
        else:
            self._call(Sent(batch, done))

    def _end_term(self) -> None:
        """Somebody else may have changed what is remembered."""
        self.term += 1
        self._calm = 0
        self._watches = False

    def _call(self, sent: Sent) -> None:
        """Commit a batch by the Function, which compares."""
        command = pack_commit(sent.batch, self._name)
        call = _Call(self, sent)
        if self._calm >= self._calm_commits and not self._watches and not self._begins_to_watch:
            self._begins_to_watch = True  # one at a time: the next would forget what this one noticed
            self._client.send([command, CLEAR, WATCH], call.take, _CALL_REPLIES)
        else:
            self._client.send([command], call.take)

    def called(self, sent: Sent, reply: object) -> None:
        """The Function has answered, or could not."""
        if isinstance(reply, ReplyError):
            self._client.refused(reply)
        news = settle(sent.batch, reply)
        if news.ends:
            self._end_term()
        else:
            self._calm += 1
            if news.keys:
                self._changed(news.keys)
        self._answer(sent)

    def watched(self, reply: object) -> None:
        """The key is watched since before it was read."""
        self._begins_to_watch = False
        self._watches = self._calm >= self._calm_commits and reply == self._name

    def _new_execution(self) -> Execution:
        return Execution(self._name, self.term, self._executed)

    def _execute(self, execution: Execution) -> None:
        self._watches = False
        self._under_way = execution
        self._client.send(execution.pieces(), execution.take, execution.replies)

    def _executed(self, execution: Execution) -> None:
        """A transaction is over, one way or the other."""
        self._under_way = None
        following = self._next
        self._next = None
        error = execution.error
        if isinstance(error, ReplyError):
            self._client.refused(error)
        goes_on = execution.settle() or execution.is_void
        if not goes_on or self.term != execution.term:
            self._end_term()
        elif execution.watched == self._name:
            self._watches = not execution.is_void
        elif execution.watched != self._name + NOBODY:
            self._end_term()
        if execution.is_void:
            self.disturbed += 1
            self._compare(execution)
        elif error is None:
            self.transactions += 1
        if following is not None:
            if self._watches:
                self._execute(following)
            else:
                self._compare(following)
        if not execution.is_void:
            for sent in execution.sent:
                self._answer(sent)

    def _compare(self, execution: Execution) -> None:
        """Commit what a transaction could not."""
        for sent in execution.sent:
            self._call(sent)

    def _answer(self, sent: Sent) -> None:
        try:
            sent.done(sent.batch)
        except Exception as error:  # noqa: BLE001 - one caller's mistake must not take the others' answers
            self._client.report(error)


class _Call:
    """A Function call under way, perhaps with a new watch behind it."""

    def __init__(self, holder: RedisHolder, sent: Sent) -> None:
        self._holder = holder
        self._sent = sent
        self._replies: i64 = 0

    def take(self, reply: object) -> None:
        """Take the next reply: of the call, of what begins the watch, of GET."""
        self._replies += 1
        if self._replies == 1:
            self._holder.called(self._sent, reply)
        elif self._replies == _CALL_REPLIES:
            self._holder.watched(reply)
