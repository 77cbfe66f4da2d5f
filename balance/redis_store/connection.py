"""One connection that speaks RESP: commands go out as they come, replies come back in the same order.

A command is sent once. When the connection is lost, each command without a reply gets ``ConnectionLostError``:
it may or may not have been executed, and only its sender can know what to do about that.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from hiredis import HiredisError, Reader

from balance.redis_store.address import Endpoint, StoreAddress
from balance.redis_store.resp import pack_command
from balance.store import StoreError

INCOMPLETE = object()
SEND_BUFFER: Final = 1 << 20
"""Octets, for a unix socket: a batch of some hundred changes then goes out in one write."""

REPLIES_KEPT: Final = 1 << 20
"""Octets of room for replies that stay when they are taken: else each long reply needs fresh memory."""


class ConnectionLostError(StoreError):
    """The connection ended before the reply came."""


class Connection(asyncio.Protocol):
    """Pipelined commands over a stream. A reply that takes longer than ``timeout_s`` ends the connection."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(notEnoughData=INCOMPLETE)
        self._reader.setmaxbuf(REPLIES_KEPT)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[float, Callable[[object], None]]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._reason = ""
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The stream is there."""
        stream = transport.get_extra_info("socket")
        if stream is not None and stream.family == socket.AF_UNIX:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclasses

    def send(self, commands: list[bytes], done: Callable[[object], None], replies: int = 1) -> None:
        """Send packed commands in pieces; ``done`` gets each reply, a ReplyError or a ConnectionLostError."""
        if self._transport is None or self._transport.is_closing():
            for _ in range(replies):
                self._loop.call_soon(done, ConnectionLostError(self._reason or "the connection is closed"))
            return
        waiting = (self._loop.time(), done)
        for _ in range(replies):
            self._waiting.append(waiting)
        self._transport.writelines(commands)
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout_s, self._look_at_oldest)

    async def call(self, *arguments: bytes) -> object:
        """Send a command and wait. ReplyError where it is refused, ConnectionLostError where nobody answers."""
        future: asyncio.Future[object] = self._loop.create_future()
        self.send(
            [pack_command(list(arguments))], lambda reply: None if future.done() else future.set_result(reply)
        )
        reply = await future
        if isinstance(reply, Exception):
            raise reply
        return reply

    def data_received(self, data: bytes) -> None:
        """Hand each reply to the callback that waits for it."""
        reader = self._reader
        try:
            reader.feed(data)
            reply = reader.gets()
            while reply is not INCOMPLETE:
                if not self._waiting:
                    self.abort("the server sent a reply that nobody asked for")
                    return
                self._answer(self._waiting.popleft()[1], reply)
                reply = reader.gets()
        except HiredisError as error:
            self.abort(f"the server does not speak RESP: {error}")

    def connection_lost(self, error: Exception | None) -> None:
        """Tell everybody who waits."""
        reason = ConnectionLostError(
            self._reason or (str(error) if error else "the server closed the connection")
        )
        self._transport = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        waiting = self._waiting
        self._waiting = deque()
        for _, done in waiting:
            self._answer(done, reason)
        self.lost.set()

    def abort(self, reason: str) -> None:
        """End the connection at once, without sending what is still buffered."""
        if self._transport is not None:
            self._reason = self._reason or reason
            self._transport.abort()

    def _answer(self, done: Callable[[object], None], reply: object) -> None:
        try:
            done(reply)
        except Exception as error:  # noqa: BLE001 - one caller's mistake must not end the others' connection
            self._loop.call_exception_handler({"message": "a store callback raised", "exception": error})

    def _look_at_oldest(self) -> None:
        self._watch = None
        if not self._waiting:
            return
        left_s = self._waiting[0][0] + self._timeout_s - self._loop.time()
        if left_s <= 0:
            self.abort(f"no reply within {self._timeout_s:g} s")
        else:
            self._watch = self._loop.call_later(left_s, self._look_at_oldest)


async def connect(address: StoreAddress, endpoint: Endpoint) -> Connection:
    """A new connection to one endpoint, within the address's timeout. StoreError where there is none."""
    loop = asyncio.get_running_loop()

    def protocol() -> Connection:
        return Connection(address.timeout_s)

    try:
        async with asyncio.timeout(address.timeout_s):
            if endpoint.path:
                _, connection = await loop.create_unix_connection(protocol, endpoint.path)
            else:
                _, connection = await loop.create_connection(
                    protocol, endpoint.host, endpoint.port, ssl=address.tls
                )
    except TimeoutError:
        raise StoreError(f"store at {endpoint}: no connection within {address.timeout_s:g} s") from None
    except OSError as error:
        raise StoreError(f"store at {endpoint}: {error}") from error
    return connection
