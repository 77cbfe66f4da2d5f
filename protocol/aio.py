"""The one file that joins the protocol to asyncio: sockets, timers, and nothing that is decided here."""

import asyncio
import random
import socket
import ssl
from typing import Final, NamedTuple, cast

from protocol.connection import Clock, ConnectionOwner, DiameterConnection, Transport
from protocol.handler import RequestHandler
from protocol.local_node import LocalNode
from protocol.peer import PeerConnection
from protocol.peer_state import STATE_NAMES, PeerStateMachine
from protocol.peer_table import PeerTable
from protocol.traffic import Traffic
from protocol.watchdog import MAXIMUM_JITTER_MS

REBOOTING: Final = 0
"""The Disconnect-Cause of a server that stops (RFC 6733, 5.4.3)."""

_HANDSHAKE_TIMEOUT_S: Final = 10.0
_BACKLOG: Final = 1024


class PeerStatus(NamedTuple):
    """One connection for whoever watches; ``since_s`` is how long it is in its state."""

    origin_host: str
    origin_realm: str
    remote_address: str
    secure: bool
    state: str
    watchdog: str
    since_s: float
    in_flight: int
    requests: int


class DiameterListener(ConnectionOwner):
    """Listens on any number of addresses and hands every peer's requests to one handler."""

    def __init__(self, node: LocalNode, handler: RequestHandler, *, max_connections: int = 1024) -> None:
        super().__init__(handler, PeerTable(node))
        self.refused_connections = 0
        self._node = node
        self._max_connections = max_connections
        self._connections: dict[PeerStateMachine, DiameterConnection] = {}
        self._servers: list[asyncio.Server] = []
        self._past = Traffic()
        self._emptied = asyncio.Event()

    async def start(self, host: str, port: int, ssl_context: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Listen on one more address (port 0 picks one) and give it. Raises OSError if it is taken."""
        loop = asyncio.get_running_loop()
        clock = cast(Clock, loop)
        timeout_s = None if ssl_context is None else _HANDSHAKE_TIMEOUT_S
        server = await loop.create_server(
            lambda: cast(asyncio.Protocol, DiameterConnection(self, clock, ssl_context is not None)),
            host,
            port,
            ssl=ssl_context,
            backlog=_BACKLOG,
            ssl_handshake_timeout=timeout_s,
        )
        self._servers.append(server)
        address: tuple[str, int] = server.sockets[0].getsockname()[:2]
        return address

    async def stop(self, grace_s: float = 5.0) -> None:
        """Part from every peer with a DPR, let answers in flight leave, close within ``grace_s`` seconds."""
        for server in self._servers:
            server.close()
        connections = list(self._connections.values())
        for connection in connections:
            connection.disconnect(REBOOTING)
        self.settle()
        if self._connections:
            self._emptied.clear()
            try:
                await asyncio.wait_for(self._emptied.wait(), grace_s)
            except TimeoutError:
                for connection in list(self._connections.values()):
                    connection.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    def peers(self) -> list[PeerStatus]:
        """List the connections, for status pages and metrics."""
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        return [
            PeerStatus(
                peer.origin_host.decode("ascii", "replace"),
                peer.origin_realm.decode("ascii", "replace"),
                peer.remote_address,
                peer.secure,
                STATE_NAMES[peer.state],
                peer.watchdog.state.name.lower(),
                (now_ms - int(peer.since_ms)) / 1000,
                int(connection.in_flight),
                peer.traffic.ccr_received,
            )
            for peer, connection in self._connections.items()
        ]

    def traffic(self) -> Traffic:
        """Sum up what went over all connections since the start."""
        total = Traffic()
        total.add(self._past)
        for peer in self._connections:
            total.add(peer.traffic)
        return total

    # -- the connections' side ---------------------------------------------------------------------------

    def admit(
        self,
        connection: DiameterConnection,
        transport: Transport,
        secure: bool,
    ) -> PeerConnection | None:
        """Give a new socket its peer connection, or nothing when there are too many."""
        stream = cast("asyncio.Transport", transport)  # uvloop's transports do not derive from it
        raw = stream.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self._connections) >= self._max_connections:
            self.refused_connections += 1
            return None
        remote, local = stream.get_extra_info("peername"), stream.get_extra_info("sockname")
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        peer = PeerConnection(
            self._node,
            self.table,
            str(remote[0]) if remote else "",
            str(local[0]) if local else "",
            secure,
            now_ms,
            self.jitter_ms(),
        )
        self._connections[peer] = connection
        return peer

    def settle(self) -> None:
        """Let every connection that others' messages changed do what it has to do."""
        for peer in self.table.take_changed():
            connection = self._connections.get(peer)
            if connection is not None:
                connection.follow()

    def jitter_ms(self) -> int:
        """A random jitter of the watchdog."""
        return random.randint(-MAXIMUM_JITTER_MS, MAXIMUM_JITTER_MS)

    def forget(self, connection: DiameterConnection) -> None:
        """Take a closed connection out; what it counted stays."""
        if connection.peer is not None and self._connections.pop(connection.peer, None) is not None:
            self._past.add(connection.peer.traffic)
            if not self._connections:
                self._emptied.set()
