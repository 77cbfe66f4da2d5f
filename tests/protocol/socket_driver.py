"""A listener on loopback with a handler of the test, and a plain client for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from protocol.aio import DiameterListener
from protocol.allowed_peers import AllowedPeers
from protocol.encode import Identity, encode_answer
from protocol.handler import AnswerSink, RequestHandler
from protocol.local_node import LocalNode
from protocol.messages import CreditControlAnswer, CreditControlRequest, ServiceAnswer
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, REALM, STARTED_S

GRANTED_OCTETS = 1_000_000
_OCTETS = 1


class GrantingHandler(RequestHandler):
    """Grants a million octets to every service of an I or U, and success to a T."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.seen: list[CreditControlRequest] = []
        self.reads = 0

    def submit(self, requests: list[CreditControlRequest], connection: AnswerSink) -> None:
        """Answer at once, in one write."""
        self.reads += 1
        self.seen += requests
        connection.answers([self.answer(request) for request in requests])

    def answer(self, request: CreditControlRequest) -> bytes:
        """The octets of a CCA."""
        answer = CreditControlAnswer(2001)
        answer.units_at_command_level = request.units_at_command_level
        for asked in request.services if request.request_type != 3 else []:
            service = ServiceAnswer(asked.rating_group, asked.service_identifier, 2001)
            service.granted_kind = _OCTETS
            service.granted = GRANTED_OCTETS
            service.validity_time_s = 3600
            answer.services.append(service)
        return encode_answer(self.identity, request, answer)


class LateHandler(GrantingHandler):
    """Keeps its requests until it is told to answer."""

    def __init__(self, identity: Identity) -> None:
        super().__init__(identity)
        self.waiting: list[tuple[CreditControlRequest, AnswerSink]] = []

    def submit(self, requests: list[CreditControlRequest], connection: AnswerSink) -> None:
        """Only remember."""
        self.waiting += [(request, connection) for request in requests]

    def answer_all(self) -> None:
        """Answer everything."""
        for request, connection in self.waiting:
            connection.answers([self.answer(request)])
        self.waiting.clear()


def local_node(host: bytes = HOST, realm: bytes = REALM, **settings: int) -> LocalNode:
    """A node that lets in whoever is on this machine."""
    return LocalNode(Identity(host, realm, STARTED_S), AllowedPeers(), **settings)  # type: ignore[arg-type]  # by name


_CLIENTS: list["Client"] = []
"""Those that ``listening`` closes at its end, if the test did not."""


class Client:
    """A peer made of a stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *octets: bytes) -> None:
        """Write, in one segment if it fits."""
        self.writer.write(b"".join(octets))

    async def receive(self) -> bytes:
        """The next whole message, b"" at the end of the stream."""
        try:
            head = await asyncio.wait_for(self.reader.readexactly(4), 5)
            return head + await self.reader.readexactly(int.from_bytes(head[1:], "big") - 4)
        except (asyncio.IncompleteReadError, ConnectionResetError, ssl.SSLError):
            return b""

    async def ask(self, *octets: bytes) -> bytes:
        """Send, and give the next message."""
        self.send(*octets)
        return await self.receive()

    async def close(self) -> None:
        """Close the socket."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):
            return


async def connect(port: int, context: ssl.SSLContext | None = None) -> Client:
    """A connection that has said nothing yet."""
    client = Client(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
    _CLIENTS.append(client)
    return client


async def open_peer(port: int, *extra: bytes, host: bytes = base.GATEWAY) -> Client:
    """A connection whose CER was answered with success."""
    client = await connect(port)
    assert base.result_code(await client.ask(base.cer(*extra, host=host))) == 2001
    return client


@asynccontextmanager
async def listening(
    node: LocalNode, handler: RequestHandler, **limits: int
) -> AsyncIterator[tuple[DiameterListener, int]]:
    """A listener on a port of its own, stopped at the end."""
    listener = DiameterListener(node, handler, **limits)
    _, port = await listener.start("127.0.0.1", 0)
    try:
        yield listener, port
    finally:
        await listener.stop(grace_s=0.2)
        for client in _CLIENTS:
            await client.close()
        _CLIENTS.clear()
