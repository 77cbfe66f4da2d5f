"""A transaction on its way, between a probe and a new watch; in it calls for what is not held. Compiled.

The calls are in the transaction, because a server that has executed a command may sync its log before it reads
the next one.
"""

from __future__ import annotations

from collections.abc import Callable

from librt.strings import BytesWriter
from mypy_extensions import i64

from balance.changes import COMMITTED, UNKNOWN, ChangeBatch
from balance.redis_store.commit import HELD, OTHERS, pack_commit, settle, settle_some
from balance.redis_store.transaction import WATCH, WATCH_REPLIES, Transaction


class Sent:
    """A batch that is committed for somebody."""

    def __init__(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        self.batch = batch
        self.done = done


class Execution:
    """Batches that are sent together, by the holder called ``name`` in its ``term``; ``over`` hears of the end.

    ``watched`` is what the holder's key has behind the transaction. ``is_void`` says that nothing was executed,
    because another had committed or a state exists that was believed absent. ``error`` is the first refusal, or
    what ended the connection.
    """

    def __init__(self, name: bytes, term: i64, over: Callable[[Execution], None]) -> None:
        self.term = term
        self.sent: list[Sent] = []
        self.replies: i64 = 0
        self.watched: object = None
        self.is_void = False
        self.error: Exception | None = None
        self._name = name
        self._over = over
        self._calls = BytesWriter()
        self._compared: list[Sent] = []
        self._outcome: list[object] = []
        self._transaction = Transaction()
        self._taken: i64 = 0

    def add(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Add a batch that has no key of another that was added."""
        sent = Sent(batch, done)
        self.sent.append(sent)
        if False in batch.held:
            self._compared.append(sent)
            self._calls.write(pack_commit(batch, self._name, OTHERS))
        self._transaction.add(batch)

    def pieces(self) -> list[bytes]:
        """All of it, to be sent at once, and once; ``replies`` come back."""
        self.replies = len(self._compared) + self._transaction.replies() + WATCH_REPLIES
        pieces: list[bytes] = []
        self._transaction.put_into(pieces, self._calls.getvalue())
        pieces.append(WATCH)
        return pieces

    def take(self, reply: object) -> None:
        """Take the next reply."""
        self._taken += 1
        at = self._taken
        if isinstance(reply, Exception) and self.error is None:
            self.error = reply
        if at == self.replies - WATCH_REPLIES:
            self._take_outcome(reply)
        elif at == self.replies:
            self.watched = reply
            self._over(self)

    def _take_outcome(self, outcome: object) -> None:
        """The reply to EXEC: nothing, or the replies to its commands."""
        if isinstance(outcome, list):
            self._outcome = outcome
            for each in outcome:
                if isinstance(each, Exception) and self.error is None:
                    self.error = each
        else:
            self.is_void = outcome is None

    def settle(self) -> bool:
        """Set the results, unless the transaction is void; whether nothing went wrong."""
        if self.is_void:
            return False
        if self.error is not None:
            for sent in self.sent:
                sent.batch.settle(UNKNOWN)
            return False
        goes_on = True
        for sent in self.sent:
            settle_some(sent.batch, COMMITTED, HELD)
        for at in range(len(self._compared)):
            news = settle(self._compared[at].batch, self._outcome[at], OTHERS)
            if news.ends or news.keys:
                goes_on = False
        return goes_on
