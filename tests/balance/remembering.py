"""Who remembers states and adds marks to them, as a charging service does with accounts and sessions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from random import Random

from balance.changes import COMMITTED, ChangeBatch
from balance.redis_store.holder import RedisHolder
from balance.redis_store.store import RedisStore
from tests.balance.changes import state


@dataclass
class Known:
    """A state as it was last read or written: its version, its marks, and the holder's term then."""

    version: int
    marks: bytes
    term: int


@dataclass
class Mark:
    """A change set that added a mark to some keys and wrote it as an event, and what became of it."""

    name: bytes
    keys: list[bytes]
    result: int


class Rememberer:
    """Adds marks, each set on one or two keys, some sets in a batch; a key is in one commit at a time.

    As a holder that goes on after ``calm`` undisturbed commits; without it as a tool.
    """

    def __init__(
        self, name: bytes, store: RedisStore, keys: list[bytes], random: Random, calm: int | None = None
    ) -> None:
        self.marks: list[Mark] = []
        self.stops = False
        self.heard = 0
        self.holder: RedisHolder = store.hold(self._forget, calm or 0)
        self._commit = store.commit_batch if calm is None else self.holder.commit
        self._name = name
        self._store = store
        self._keys = keys
        self._random = random
        self._numbers = count()
        self._known: dict[bytes, Known] = {}
        self._busy: set[bytes] = set()

    def _forget(self, keys: list[bytes]) -> None:
        self.heard += len(keys)
        for key in keys:
            self._known.pop(key, None)

    async def work(self, rounds: int) -> None:
        """Commit so many batches, one after the other, unless told to stop."""
        for _ in range(rounds):
            if self.stops:
                return
            free = [key for key in self._keys if key not in self._busy]
            chosen = self._random.sample(free, min(len(free), self._random.randint(1, 4)))
            self._busy.update(chosen)
            wanted = [key for key in chosen if key not in self._known]
            if await self._know(wanted):
                await self._mark([key for key in chosen if key in self._known])
            else:
                await asyncio.sleep(0.005)
            self._busy.difference_update(chosen)
            if self._random.random() < 0.1:
                await asyncio.sleep(0)

    async def _know(self, keys: list[bytes]) -> bool:
        """Read states; they are remembered as the answer comes, like all that a holder hears."""
        term = int(self.holder.term)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def loaded(states: list[bytes | None] | None) -> None:
            for key, found in zip(keys, states or [], strict=states is not None):
                version = int.from_bytes((found or b"")[:8], "big")
                self._known[key] = Known(version, (found or b"")[8:], term)
            future.set_result(states is not None)

        self._store.load(keys, loaded)
        return await future

    async def _mark(self, keys: list[bytes]) -> None:
        term = int(self.holder.term)
        batch = ChangeBatch(term)
        marks: list[Mark] = []
        left = list(keys)
        known = {key: self._known[key] for key in keys}
        while left:
            mine = [left.pop() for _ in range(min(len(left), self._random.randint(1, 2)))]
            mark = Mark(b"%b%d." % (self._name, next(self._numbers)), mine, 0)
            batch.begin(held=all(known[key].term == term for key in mine))
            for key in mine:
                version = known[key].version
                batch.put(key, version, state(version + 1, known[key].marks + mark.name), 0)
            batch.event(mark.name)
            marks.append(mark)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def committed(batch: ChangeBatch) -> None:
            for mark, result in zip(marks, batch.results, strict=True):
                mark.result = result
                for key in mark.keys:
                    if result == COMMITTED:
                        old = known[key]
                        self._known[key] = Known(old.version + 1, old.marks + mark.name, term)
                    else:
                        self._known.pop(key, None)
            future.set_result(None)

        self._commit(batch, committed)
        await future
        self.marks += marks
