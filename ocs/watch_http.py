"""Metrics and health over HTTP for Prometheus and orchestrators: three paths, GET only, no dependencies."""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple

from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from ocs.metrics_export import exposition_pieces

_REQUEST_TIMEOUT_S: Final = 5
_MAX_CONNECTIONS: Final = 64
_TEXT: Final = "text/plain; charset=utf-8"


class Readiness(NamedTuple):
    """Whether requests should be sent here, and a sentence why (not)."""

    ready: bool
    reason: str


class _Reply(NamedTuple):
    status: str
    content_type: str
    body: bytes


class WatchServer:
    """Serves ``/metrics``, ``/health`` (the event loop turns) and ``/ready`` (``readiness`` says yes).

    It shares the event loop with the charging service, and yields to it after every metric family.
    """

    def __init__(self, collector: Collector, readiness: Callable[[], Readiness]) -> None:
        self._collector = collector
        self._readiness = readiness
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; the address that it became, for port 0. OSError where that is not possible."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=8192)
        address = self._server.sockets[0].getsockname()
        return str(address[0]), int(address[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _MAX_CONNECTIONS:
                async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    reply = await self._answer(head)
                    writer.write(_octets(reply, head.startswith(b"HEAD ")))
                    await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # whoever asked is gone, or speaks no HTTP: nothing to answer
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, head: bytes) -> _Reply:
        parts = head.split(b" ", 2)
        if len(parts) != 3 or parts[0] not in {b"GET", b"HEAD"}:
            return _Reply("405 Method Not Allowed", _TEXT, b"GET only\n")
        path = parts[1].split(b"?", 1)[0]
        if path == b"/metrics":
            return _Reply("200 OK", CONTENT_TYPE_LATEST, await self._metrics())
        if path == b"/health":
            return _Reply("200 OK", _TEXT, b"ok\n")
        if path == b"/ready":
            state = self._readiness()
            status = "200 OK" if state.ready else "503 Service Unavailable"
            return _Reply(status, _TEXT, state.reason.encode() + b"\n")
        return _Reply("404 Not Found", _TEXT, b"/metrics /health /ready\n")

    async def _metrics(self) -> bytes:
        pieces = []
        for piece in exposition_pieces(self._collector):
            pieces.append(piece)
            await asyncio.sleep(0)
        return b"".join(pieces)


def _octets(reply: _Reply, head_only: bool) -> bytes:
    lines = (
        f"HTTP/1.1 {reply.status}\r\nContent-Type: {reply.content_type}\r\n"
        f"Content-Length: {len(reply.body)}\r\nConnection: close\r\n\r\n"
    )
    return lines.encode() + (b"" if head_only else reply.body)
