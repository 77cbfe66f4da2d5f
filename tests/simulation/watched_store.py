"""A store that knows who commits, and the holders whose terms it ends: what they hold must be as it is."""

from __future__ import annotations

from collections.abc import Callable

from balance.changes import UNKNOWN, ChangeBatch
from balance.memory import MemoryStore
from balance.packing import version_of
from balance.store import Holder

NOT_KNOWN = -1


class WatchedStore(MemoryStore):
    """A memory store that counts commits, and proves for each holder that nothing it holds has changed.

    ``proven`` counts the change sets that a server with plain commits would not have compared.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__(clock)
        self.commits = 0
        self.proven = 0

    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Somebody's commit."""
        self.commits += 1
        super().commit_batch(batch, done)

    def commit_of(
        self, holder: WatchedHolder, batch: ChangeBatch, term: int, done: Callable[[ChangeBatch], None]
    ) -> None:
        """A holder's commit, sent in a term; its answer tells how many commits of others there were."""
        others = self.commits - holder.commits
        if term == holder.term and batch.term == term and others == holder.known:
            self._prove(batch)
        holder.commits += 1
        self.commit_batch(batch, done)
        holder.told = others

    def _prove(self, batch: ChangeBatch) -> None:
        """Every state of a held set has the version that it is believed to have."""
        for state in batch.states:
            if batch.held[state.owner]:
                found = self.present([state.key])
                assert (version_of(found[0][1]) if found else 0) == state.expected, state.key
        self.proven += sum(batch.held)


class WatchedHolder(Holder):
    """A holder whose term ends when an answer tells of others' commits, or none comes.

    ``commits`` counts its own in the store, ``known`` the others' commits when its term began.
    """

    def __init__(
        self, send: Callable[[WatchedHolder, ChangeBatch, Callable[[ChangeBatch], None]], None]
    ) -> None:
        super().__init__()
        self.commits = 0
        self.known = NOT_KNOWN
        self.told = NOT_KNOWN
        self._send = send

    def commit(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Send a batch; its answer may end the term before it is heard."""

        def answered(batch: ChangeBatch) -> None:
            if UNKNOWN in batch.results:
                self.term += 1
                self.known = NOT_KNOWN
            done(batch)

        self._send(self, batch, answered)

    def hear(self, others: int) -> None:
        """An answer tells of so many commits of others."""
        if others != self.known:
            self.term += 1
            self.known = others
