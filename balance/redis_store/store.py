"""The store whose truth is in Redis or Valkey: one Function call commits a batch."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from hiredis import ReplyError

from balance.changes import ChangeBatch
from balance.redis_store.address import StoreAddress
from balance.redis_store.client import Client
from balance.redis_store.commit import pack_commit, settle
from balance.redis_store.description import describe_server
from balance.redis_store.holder import CALM_COMMITS, RedisHolder
from balance.redis_store.naming import CURSOR, DEADLINES, LEASE, NOBODY, OPEN_SESSIONS, OUTBOX, TAG
from balance.redis_store.replies import integer, items, octet_list, octets
from balance.redis_store.resp import pack_load
from balance.store import StateStore

SCAN_CHUNK: Final = b"1000"
PATTERN_SIGNS: Final = re.compile(rb"[\\*?\[\]]")


class RedisStore(StateStore):
    """States, deadlines, index and outbox in one server that speaks RESP. Made by ``open_redis_store``.

    Callbacks are called by the event loop, never before ``load`` or ``commit`` returns. A commit that got no
    answer is UNKNOWN; the next connection first makes sure that it can not be executed later, so that what is
    read then is final.
    """

    def __init__(self, client: Client, let_go: Callable[[], Awaitable[None]] | None) -> None:
        self._client = client
        self._let_go = let_go
        self._first = 1

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the server now."""
        return self._client.connected

    def load(self, keys: list[bytes], done: Callable[[list[bytes | None] | None], None]) -> None:
        """Read states."""
        if not keys:
            asyncio.get_running_loop().call_soon(done, [])
            return

        def answered(reply: object) -> None:
            if isinstance(reply, list):
                done(reply)
            else:
                self._refused(reply)
                done(None)

        self._client.send([pack_load(keys)], answered)

    def commit_batch(self, batch: ChangeBatch, done: Callable[[ChangeBatch], None]) -> None:
        """Apply a batch."""

        def answered(reply: object) -> None:
            settle(batch, reply)
            self._refused(reply)
            done(batch)

        self._client.send([pack_commit(batch, NOBODY)], answered)

    def hold(self, changed: Callable[[list[bytes]], None], calm_commits: int = CALM_COMMITS) -> RedisHolder:
        """A holder, which does without comparing what nobody else has changed."""
        return RedisHolder(self._client, _new_name, changed, calm_commits)

    def _refused(self, reply: object) -> None:
        if isinstance(reply, ReplyError):
            self._client.refused(reply)

    async def open_session_count(self) -> int:
        """How many sessions have a deadline."""
        return integer(await self._client.call(b"ZCARD", DEADLINES))

    async def due_sessions(self, now_ms: int, limit: int) -> list[bytes]:
        """Session keys whose deadline has passed, the oldest first."""
        return octet_list(
            await self._client.call(
                b"ZRANGEBYSCORE", DEADLINES, b"-inf", b"%d" % now_ms, b"LIMIT", b"0", b"%d" % limit
            )
        )

    async def deadlines_of(self, session_keys: list[bytes]) -> list[int]:
        """The deadline of each session key, 0 where it has none."""
        if not session_keys:
            return []
        scores = items(await self._client.call(b"ZMSCORE", DEADLINES, *session_keys))
        return [0 if score is None else integer(score) for score in scores]

    async def open_sessions(self, account_id: bytes) -> list[bytes]:
        """The Session-Ids of an account's open sessions, sorted."""
        return sorted(octet_list(await self._client.call(b"SMEMBERS", OPEN_SESSIONS + account_id)))

    async def scan(self, prefix: bytes) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        """All states whose key starts with a prefix, in chunks; a key may be seen twice."""
        pattern = PATTERN_SIGNS.sub(rb"\\\g<0>", TAG + prefix) + b"*"
        cursor = b"0"
        while True:
            reply = await self._client.call(b"SCAN", cursor, b"MATCH", pattern, b"COUNT", SCAN_CHUNK)
            next_cursor, found = items(reply)
            keys = octet_list(found)
            if keys:
                chunk = await self._states_of(keys)
                if chunk:
                    yield chunk
            cursor = octets(next_cursor)
            if cursor == b"0":
                return

    async def _states_of(self, keys: list[bytes]) -> list[tuple[bytes, bytes]]:
        states = items(await self._client.call(b"MGET", *keys))
        size = len(TAG)
        return [
            (key[size:], state) for key, state in zip(keys, states, strict=True) if isinstance(state, bytes)
        ]

    async def outbox_first(self) -> int:
        """The sequence number of the oldest event."""
        return integer(await self._client.call(b"GET", CURSOR) or 0) + 1

    async def outbox_read(self, sequence: int, limit: int) -> list[bytes]:
        """Up to ``limit`` events from a sequence number on; ValueError when it was trimmed already.

        Plain commands: Lua takes ten times as long for these octets. Which is the oldest is read after the
        events; where it is not the one that they were counted from, both are read again.
        """
        while True:
            first = self._first
            start = max(0, sequence - first)
            events, self._first = await asyncio.gather(
                self._client.call(b"LRANGE", OUTBOX, b"%d" % start, b"%d" % (start + limit - 1)),
                self.outbox_first(),
            )
            if sequence < self._first:
                raise ValueError(f"event {sequence} was trimmed; the oldest is {self._first}")
            if self._first == first:
                return octet_list(events)

    async def outbox_trim(self, first: int, count: int) -> bool:
        """Forget ``count`` events if ``first`` is the oldest. ValueError where there are fewer."""
        reply = await self._client.call(
            b"FCALL", b"ocs_outbox_trim", b"2", OUTBOX, CURSOR, b"%d" % (first - 1), b"%d" % count
        )
        if reply == -1:
            raise ValueError(f"{count} events to trim, there are fewer")
        return reply == 1

    async def take_lease(self, name: bytes, holder: bytes, life_ms: int) -> bool:
        """Take or renew a lease; False while another holder has it."""
        reply = await self._client.call(
            b"FCALL", b"ocs_take_lease", b"1", LEASE + name, holder, b"%d" % life_ms
        )
        return reply == 1

    async def describe(self) -> dict[str, str]:
        """What the store is and what a crash could cost, for people."""
        return await describe_server(self._client)

    async def close(self) -> None:
        """Let go of the connection, and stop the server where it is private."""
        await self._client.close()
        if self._let_go is not None:
            await self._let_go()


def _new_name() -> bytes:
    """A name that no holder ever had."""
    return os.urandom(12).hex().encode()


async def open_redis_store(
    address: StoreAddress, wait_s: float, let_go: Callable[[], Awaitable[None]] | None = None
) -> RedisStore:
    """Connect to a store, trying for ``wait_s`` seconds. StoreError where it can not be used.

    ``let_go`` is awaited when the store is closed.
    """
    client = Client(address)
    await client.open(wait_s)
    return RedisStore(client, let_go)
