"""Gateways that tests play to a running server, and a wire-tap between any gateway and it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.foreign.wireshark import Capture
from tests.protocol import base_builder as base
from tests.protocol.socket_driver import Client


@asynccontextmanager
async def connected(port: int, context: ssl.SSLContext | None = None) -> AsyncIterator[Client]:
    """A connection that has said nothing yet, closed at the end."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def gateway(
    port: int, *extra: bytes, host: bytes = base.GATEWAY, context: ssl.SSLContext | None = None
) -> AsyncIterator[Client]:
    """A connection whose CER was answered with success."""
    async with connected(port, context) as client:
        assert base.result_code(await client.ask(base.cer(*extra, host=host))) == 2001
        yield client


class Tap:
    """Listens in front of a server and writes down what passes."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.capture = Capture()
        self._links = 0

    async def joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on."""
        self._links += 1
        link = self._links
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        await asyncio.gather(
            self._pass(reader, far_writer, link, to_server=True),
            self._pass(far_reader, writer, link, to_server=False),
        )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: int, *, to_server: bool
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                (self.capture.to_server if to_server else self.capture.to_client)(data, link)
                writer.write(data)
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def tapped(server_port: int) -> AsyncIterator[Tap]:
    """A tap on a port of its own."""
    tap = Tap(server_port)
    listener = await asyncio.start_server(tap.joined, "127.0.0.1", 0)
    tap.port = listener.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        listener.close()
        await listener.wait_closed()
        await asyncio.sleep(0.05)
