"""Who remembers states and adds marks to them, as a charging service does with accounts and sessions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from random import Random

from balance.changes import COMMITTED, ChangeBatch
from balance.redis_store.holder import RedisHolder
from balance.redis_store.store import RedisStore
from balance.store import StoreError, load_states
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
    """Adds marks, each set on one or two keys, some sets in a batch; a key is in one commit at a time."""

    def __init__(self, name: bytes, store: RedisStore, keys: list[bytes], random: Random, calm: int) -> None:
        self.marks: list[Mark] = []
        self.stops = False
        self.holder: RedisHolder = store.hold(calm)
        self._name = name
        self._store = store
        self._keys = keys
        self._random = random
        self._numbers = count()
        self._known: dict[bytes, Known] = {}
        self._busy: set[bytes] = set()

    async def work(self, rounds: int) -> None:
        """Commit so many batches, one after the other, unless told to stop."""
        for _ in range(rounds):
            if self.stops:
                return
            free = [key for key in self._keys if key not in self._busy]
            chosen = self._random.sample(free, min(len(free), self._random.randint(1, 4)))
            self._busy.update(chosen)
            try:
                await self._know(chosen)
                await self._mark(chosen)
            except StoreError:
                await asyncio.sleep(0.005)
            finally:
                self._busy.difference_update(chosen)
            if self._random.random() < 0.1:
                await asyncio.sleep(0)

    async def _know(self, keys: list[bytes]) -> None:
        wanted = [key for key in keys if key not in self._known]
        if wanted:
            term = int(self.holder.term)
            for key, found in zip(wanted, await load_states(self._store, wanted), strict=True):
                version = int.from_bytes((found or b"")[:8], "big")
                self._known[key] = Known(version, (found or b"")[8:], term)

    async def _mark(self, keys: list[bytes]) -> None:
        term = int(self.holder.term)
        batch = ChangeBatch(term)
        marks: list[Mark] = []
        left = list(keys)
        while left:
            mine = [left.pop() for _ in range(min(len(left), self._random.randint(1, 2)))]
            mark = Mark(b"%b%d." % (self._name, next(self._numbers)), mine, 0)
            batch.begin(held=all(self._known[key].term == term for key in mine))
            for key in mine:
                known = self._known[key]
                batch.put(key, known.version, state(known.version + 1, known.marks + mark.name), 0)
            batch.event(mark.name)
            marks.append(mark)
        done = asyncio.get_running_loop().create_future()
        self.holder.commit(batch, done.set_result)
        await done
        for mark, result in zip(marks, batch.results, strict=True):
            mark.result = result
            for key in mark.keys:
                if result == COMMITTED:
                    known = self._known[key]
                    self._known[key] = Known(known.version + 1, known.marks + mark.name, term)
                else:
                    del self._known[key]
        self.marks += marks
