"""A store that answers late, fails to load, and loses the word whether a commit was applied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from random import Random

from balance.changes import UNKNOWN, ChangeBatch, batch_of
from balance.store import Holder, StateStore
from tests.ocs.charging.building import sets_of
from tests.simulation.watched_store import WatchedHolder, WatchedStore
from tests.simulation.world import World


class Faults:
    """How often what goes wrong, as probabilities of a call."""

    def __init__(self, random: Random) -> None:
        level = random.choice([0.0, 0.02, 0.1, 0.3])
        self.load_fails = level * random.random()
        self.commit_is_lost = level * random.random()
        self.answer_is_lost = level * random.random()
        self.commit_comes_late = level * random.random()
        self.delay_us = random.choice([0, 500, 5_000, 80_000])


class FaultyStore(StateStore):
    """One server's connection to the shared memory store.

    What is sent is worked on some time later, and answered later still, both in order. A commit may also stay
    UNKNOWN: because it was never applied, because only the answer was lost, or because it is under way and will
    be applied after the server has read again.
    """

    def __init__(self, inner: WatchedStore, world: World, random: Random, faults: Faults) -> None:
        self._inner = inner
        self._world = world
        self._random = random
        self._faults = faults
        self._worked_us = 0
        self._answered_us = 0

    def _delay_us(self) -> int:
        return self._random.randint(0, self._faults.delay_us)

    def _work(self, action: Callable[[], None]) -> None:
        """Let the store do something, after all that was sent before."""
        now_us = self._world.now_us
        self._worked_us = max(self._worked_us, now_us + self._delay_us())
        self._world.after(self._worked_us - now_us, action)

    def _answer(self, action: Callable[[], None], least_us: int = 0) -> None:
        """Let an answer arrive, after all that were sent before."""
        now_us = self._world.now_us
        self._answered_us = max(self._answered_us, now_us + least_us + self._delay_us())
        self._world.after(self._answered_us - now_us, action)

    def load(self, keys: list[bytes], done: Callable[[list[bytes | None] | None], None]) -> None:
        """Load late or not at all."""
        if self._random.random() < self._faults.load_fails:
            self._work(lambda: self._answer(lambda: done(None)))
            return

        def loaded(states: list[bytes | None] | None) -> None:
            self._answer(lambda: done(states))

        self._work(lambda: self._inner.load(keys, loaded))

    def hold(self, changed: Callable[[list[bytes]], None]) -> Holder:
        """A holder whose commits meet the same faults."""
        return WatchedHolder(self._inner, changed, self._commit)

    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Nobody commits here but the holder."""
        raise NotImplementedError

    def _commit(self, holder: WatchedHolder, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Commit late, answer late, or leave it unknown."""
        fate = self._random.random()
        faults = self._faults
        lost = faults.commit_is_lost
        unanswered = lost + faults.answer_is_lost
        late = unanswered + faults.commit_comes_late
        if fate < lost:
            self._work(lambda: self._answer(lambda: _unknown(batch, done)))
        elif fate < unanswered:
            self._work(lambda: self._inner.commit_batch(_copy(batch), _nobody))
            self._answer(lambda: _unknown(batch, done), 2 * faults.delay_us)
        elif fate < late:
            self._work(lambda: self._answer(lambda: _unknown(batch, done)))
            self._world.after(
                self._delay_us() * 5 + faults.delay_us, lambda: self._inner.commit_batch(_copy(batch), _nobody)
            )
        else:
            told = holder.heard
            self._work(lambda: self._commit_held(holder, batch, told, done))

    def _commit_held(
        self, holder: WatchedHolder, batch: ChangeBatch, told: int, done: Callable[[ChangeBatch], None]
    ) -> None:
        news = self._inner.commit_of(holder, batch, told)

        def heard() -> None:
            holder.hear(news)
            done(batch)

        self._answer(heard)

    async def open_session_count(self) -> int:
        """The shared store's."""
        return await self._inner.open_session_count()

    async def due_sessions(self, now_ms: int, limit: int) -> list[bytes]:
        """The shared store's."""
        return await self._inner.due_sessions(now_ms, limit)

    async def deadlines_of(self, session_keys: list[bytes]) -> list[int]:
        """The shared store's."""
        return await self._inner.deadlines_of(session_keys)

    async def open_sessions(self, account_id: bytes) -> list[bytes]:
        """The shared store's."""
        return await self._inner.open_sessions(account_id)

    def scan(self, prefix: bytes) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """The shared store's."""
        return self._inner.scan(prefix)

    async def outbox_first(self) -> int:
        """The shared store's."""
        return await self._inner.outbox_first()

    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """The shared store's."""
        return await self._inner.outbox_read(sequence, limit)

    async def outbox_trim(self, first: int, count: int) -> bool:
        """The shared store's."""
        return await self._inner.outbox_trim(first, count)

    async def take_lease(self, name: bytes, holder: bytes, life_ms: int) -> bool:
        """The shared store's."""
        return await self._inner.take_lease(name, holder, life_ms)

    async def describe(self) -> dict[str, str]:
        """The shared store's."""
        return await self._inner.describe()

    async def close(self) -> None:
        """Nothing to let go of."""


def _copy(batch: ChangeBatch) -> ChangeBatch:
    """The same changes as octets that are on their way, whatever becomes of their sender."""
    return batch_of(sets_of(batch))


def _unknown(batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
    batch.settle(UNKNOWN)
    done(batch)


def _nobody(_batch: ChangeBatch) -> None:
    """Whoever sent this does not hear of it."""
