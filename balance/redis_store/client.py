"""A connection that comes back: found, prepared, watched, and made anew when it is lost.

It never sends a command twice. While there is no connection, callers hear so at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable

from hiredis import ReplyError

from balance.redis_store.address import Endpoint, StoreAddress
from balance.redis_store.connection import Connection, ConnectionLostError, connect
from balance.redis_store.discovery import find_server
from balance.redis_store.preparation import ServerIdentity, UnfitStoreError, prepare
from balance.store import StoreError

FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 2.0
LOGGER = logging.getLogger(__name__)
MOVED_AWAY = ("READONLY", "MOVED", "ASK", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS")
"""Errors that say: this is not, or not now, the server to write to."""


class Client:
    """Commands to the master of a store, over one connection at a time; ``connections`` counts them."""

    def __init__(self, address: StoreAddress) -> None:
        self.address = address
        self.endpoint: Endpoint | None = None
        self.reason = "not connected yet"
        self.connections = 0
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._identity: ServerIdentity | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._last_refusal = ""

    @property
    def connected(self) -> bool:
        """Whether commands can be sent now."""
        return self._connection is not None

    async def open(self, wait_s: float) -> None:
        """Connect, trying for ``wait_s`` seconds. StoreError where that is in vain, UnfitStoreError at once."""
        end_s = self._loop.time() + wait_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._connect()
                break
            except UnfitStoreError:
                raise
            except StoreError:
                if self._loop.time() + pause_s > end_s:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._keeper = asyncio.create_task(self._keep_connected())

    def send(self, commands: list[bytes], done: Callable[[object], None], replies: int = 1) -> None:
        """Send packed commands once; ``done`` gets each reply, a ReplyError or a ConnectionLostError."""
        if self._connection is None:
            for _ in range(replies):
                self._loop.call_soon(done, ConnectionLostError(self.reason))
        else:
            self._connection.send(commands, done, replies)

    async def call(self, *arguments: bytes) -> object:
        """Send a command once and wait. StoreError where the server is gone or refuses."""
        if self._connection is None:
            raise StoreError(f"store {self.address}: {self.reason}")
        try:
            return await self._connection.call(*arguments)
        except ReplyError as error:
            self.refused(error)
            raise StoreError(f"store {self.address}: {error}") from error

    def refused(self, error: ReplyError) -> None:
        """Log a refusal; look for the right server again where it says that this is not the one."""
        text = str(error)
        if text != self._last_refusal:
            self._last_refusal = text
            LOGGER.error("store at %s refuses: %s", self.endpoint, text)
        if self._connection is not None and (text.startswith(MOVED_AWAY) or "Function not found" in text):
            self._connection.abort(text)

    def report(self, error: Exception) -> None:
        """Tell the event loop of a mistake of one who was called back."""
        self._loop.call_exception_handler({"message": "a store callback raised", "exception": error})

    async def close(self) -> None:
        """Let go of the connection."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        self.reason = "closed"
        if self._connection is not None:
            connection = self._connection
            self._connection = None
            connection.abort("closed")
            await connection.lost.wait()

    async def _connect(self) -> None:
        endpoint = await find_server(self.address)
        connection = await connect(self.address, endpoint)
        try:
            self._identity = await prepare(connection, self.address, self._identity)
        except BaseException as error:
            connection.abort("not fit for use")
            if isinstance(error, ReplyError):
                raise StoreError(f"store at {endpoint}: {error}") from error
            if isinstance(error, StoreError):
                raise type(error)(f"store at {endpoint}: {error}") from error
            raise
        self.endpoint = endpoint
        self._connection = connection
        self.connections += 1
        self._last_refusal = ""
        LOGGER.info("store at %s: connected", endpoint)

    async def _keep_connected(self) -> None:
        while True:
            if self._connection is not None:
                await self._connection.lost.wait()
                self._connection = None
                self.reason = "the connection was lost"
                LOGGER.warning("store at %s: %s", self.endpoint, self.reason)
            await self._reconnect()

    async def _reconnect(self) -> None:
        pause_s = FIRST_PAUSE_S
        while self._connection is None:
            try:
                await self._connect()
            except StoreError as error:
                self.reason = str(error)
                await asyncio.sleep(pause_s * (0.5 + random.random()))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
