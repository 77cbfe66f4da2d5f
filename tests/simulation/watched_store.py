"""A store that knows who commits, and tells its holders what others did: what they hold must be as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from balance.changes import UNKNOWN, ChangeBatch
from balance.memory import MemoryStore
from balance.packing import version_of
from balance.store import Holder


@dataclass
class News:
    """What others did since a holder's last commit: they wrote some keys, or anything."""

    ends: bool = False
    keys: list[bytes] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return self.ends or bool(self.keys)


class WatchedStore(MemoryStore):
    """A memory store that collects the news for each holder, and proves that nothing it holds has changed.

    ``proven`` counts the change sets that a server with plain commits would not have compared, ``relied_on``
    their states of each kind that were remembered.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.holders: list[WatchedHolder] = []
        self.proven = 0
        self.relied_on: Counter[bytes] = Counter()

    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """A commit of somebody who is no holder."""
        for holder in self.holders:
            holder.news.keys += [state.key for state in batch.states if state.value]
        super().commit_batch(batch, done)

    def commit_of(self, holder: WatchedHolder, batch: ChangeBatch, told: int) -> News:
        """A holder's commit, sent when it had been told so much news; what its answer tells."""
        for other in self.holders:
            if other is not holder:
                other.news.ends = True
        news = holder.news
        holder.news = News()
        if news:
            holder.told += 1
        elif told == holder.told:
            self._prove(batch)
        super().commit_batch(batch, _nobody)
        return news

    def _prove(self, batch: ChangeBatch) -> None:
        """Every state of a held set has the version that it is believed to have; absent ones are looked at."""
        held = [state for state in batch.states if batch.held[state.owner]]
        if self.present([state.key for state in held if state.expected == 0]):
            return
        for state in held:
            found = self.present([state.key])
            assert (version_of(found[0][1]) if found else 0) == state.expected, state.key
            self.relied_on[state.key[:2]] += state.expected > 0
        self.proven += sum(batch.held)


class WatchedHolder(Holder):
    """A holder of a watched store, over a connection that meets faults.

    ``news`` waits for it in the store; of ``told`` answers with news it has ``heard`` some.
    """

    def __init__(
        self,
        store: WatchedStore,
        changed: Callable[[list[bytes]], None],
        send: Callable[[WatchedHolder, ChangeBatch, Callable[[ChangeBatch], None]], None],
    ) -> None:
        super().__init__()
        self.news = News(ends=True)
        self.told = 0
        self.heard = 0
        self._changed = changed
        self._send = send
        store.holders.append(self)

    def commit(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Send a batch. Where its outcome stays unknown there is a new connection, with a new name."""
        if batch.term != self.term:
            batch.hold_nothing()

        def answered(batch: ChangeBatch) -> None:
            if UNKNOWN in batch.results:
                self.term += 1
                self.news.ends = True
            done(batch)

        self._send(self, batch, answered)

    def hear(self, news: News) -> None:
        """What an answer tells."""
        if news:
            self.heard += 1
        if news.ends:
            self.term += 1
        elif news.keys:
            self._changed(news.keys)


def _nobody(_batch: ChangeBatch) -> None:
    """The results are in the batch."""
