"""The one file that joins the protocol to asyncio: sockets, timers, and nothing that is decided here."""

import asyncio
import random
import socket
import ssl
from typing import Final, NamedTuple, cast

from protocol.handler import AnswerSink, RequestHandler
from protocol.local_node import LocalNode
from protocol.peer import PeerConnection
from protocol.peer_state import CLOSED, STATE_NAMES, PeerStateMachine
from protocol.peer_table import PeerTable
from protocol.traffic import Traffic
from protocol.watchdog import MAXIMUM_JITTER_MS

REBOOTING: Final = 0
"""The Disconnect-Cause of a server that stops (RFC 6733, 5.4.3)."""

_WRITE_LIMIT_OCTETS: Final = 1 << 20
"""Octets that a peer may leave unread before nothing more is read from it."""

_CLOSE_TIMEOUT_S: Final = 2.0
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


def _jitter_ms() -> int:
    return random.randint(-MAXIMUM_JITTER_MS, MAXIMUM_JITTER_MS)


class DiameterConnection(asyncio.Protocol, AnswerSink):
    """One socket and its peer connection."""

    def __init__(self, listener: "DiameterListener", loop: asyncio.AbstractEventLoop, *, secure: bool) -> None:
        self._listener = listener
        self._loop = loop
        self._secure = secure
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed_ms = 0
        self._abort: asyncio.TimerHandle | None = None
        self.in_flight = 0
        self.peer: PeerConnection | None = None

    # -- asyncio's side ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with a new socket, unless there are too many."""
        transport = cast("asyncio.Transport", transport)  # uvloop's transports do not derive from it
        self._transport = transport
        transport.set_write_buffer_limits(high=_WRITE_LIMIT_OCTETS)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = self._listener.admit(self, transport, secure=self._secure)
        if peer is None:
            transport.abort()
            return
        self.peer = peer
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Hand octets in and requests on."""
        peer = self.peer
        if peer is None:
            return
        requests = peer.receive(data, int(self._loop.time() * 1000))
        if requests:
            self._send()  # a CEA leaves before the answers to what came right behind its CER
            self.in_flight += len(requests)
            self._listener.handler.submit(requests, self)
        self._listener.settle()
        self.follow()

    def pause_writing(self) -> None:
        """Read nothing more from a peer that does not read: what it can make us remember is bounded."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio names the parameter)
        """Forget the socket."""
        for handle in (self._timer, self._abort):
            if handle is not None:
                handle.cancel()
        self._transport = self._timer = self._abort = None
        if self.peer is not None:
            self.peer.close(int(self._loop.time() * 1000))
            self._listener.forget(self)
            self._listener.settle()

    # -- the handler's side ------------------------------------------------------------------------------

    def answers(self, octets: list[bytes]) -> None:
        """Send whole answers in one write; without a socket they are dropped."""
        self.in_flight -= len(octets)
        if self._transport is None or self.peer is None:
            return
        self.peer.traffic.cca_sent += len(octets)
        self._transport.write(b"".join(octets))
        if self.in_flight <= 0 and self.peer.state == CLOSED:
            self._close()

    # -- the listener's side -----------------------------------------------------------------------------

    def follow(self) -> None:
        """Do what the peer connection wants after anything happened to it: send, set the timer, close."""
        peer = self.peer
        if peer is None or self._transport is None:
            return
        self._send()
        if peer.state == CLOSED:
            if self.in_flight <= 0:
                self._close()
            else:
                self._abort_later()
            return
        deadline_ms = peer.next_timer()
        if deadline_ms and (deadline_ms < self._armed_ms or self._timer is None):
            self._arm()

    def disconnect(self) -> None:
        """Part from the peer."""
        if self.peer is not None:
            self.peer.disconnect(REBOOTING, int(self._loop.time() * 1000))
            self.follow()

    def abort(self) -> None:
        """End the socket now, whatever is unsent."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self) -> None:
        """Write what the peer connection has to say."""
        if self.peer is not None and self._transport is not None:
            data = self.peer.data_to_send()
            if data:
                self._transport.write(data)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.peer is not None and self.peer.next_timer():
            self._armed_ms = self.peer.next_timer()
            self._timer = self._loop.call_at(self._armed_ms / 1000, self._timer_due)

    def _timer_due(self) -> None:
        self._timer = None
        if self.peer is None:
            return
        self.peer.handle_timer(int(self._loop.time() * 1000) + 1, _jitter_ms())
        self._listener.settle()
        self.follow()

    def _close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
        self._abort_later()

    def _abort_later(self) -> None:
        """See to it that a peer that reads nothing, or answers that never come, do not keep a socket."""
        if self._abort is None and self._transport is not None:
            self._abort = self._loop.call_later(_CLOSE_TIMEOUT_S, self.abort)


class DiameterListener:
    """Listens on any number of addresses and hands every peer's requests to one handler."""

    def __init__(self, node: LocalNode, handler: RequestHandler, *, max_connections: int = 1024) -> None:
        self.handler = handler
        self.refused_connections = 0
        self._node = node
        self._max_connections = max_connections
        self._table = PeerTable(node)
        self._connections: dict[PeerStateMachine, DiameterConnection] = {}
        self._servers: list[asyncio.Server] = []
        self._past = Traffic()
        self._emptied = asyncio.Event()

    async def start(self, host: str, port: int, ssl_context: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Listen on one more address (port 0 picks one) and give it. Raises OSError if it is taken."""
        loop = asyncio.get_running_loop()
        timeout_s = None if ssl_context is None else _HANDSHAKE_TIMEOUT_S
        server = await loop.create_server(
            lambda: DiameterConnection(self, loop, secure=ssl_context is not None),
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
            connection.disconnect()
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
                connection.in_flight,
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
        self, connection: DiameterConnection, transport: asyncio.Transport, *, secure: bool
    ) -> PeerConnection | None:
        """Give a new socket its peer connection, or nothing when there are too many."""
        if len(self._connections) >= self._max_connections:
            self.refused_connections += 1
            return None
        remote, local = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        peer = PeerConnection(
            self._node,
            self._table,
            str(remote[0]) if remote else "",
            str(local[0]) if local else "",
            secure,
            now_ms,
            _jitter_ms(),
        )
        self._connections[peer] = connection
        return peer

    def settle(self) -> None:
        """Let every connection that others' messages changed do what it has to do."""
        for peer in self._table.take_changed():
            connection = self._connections.get(peer)
            if connection is not None:
                connection.follow()

    def forget(self, connection: DiameterConnection) -> None:
        """Take a closed connection out; what it counted stays."""
        if connection.peer is not None and self._connections.pop(connection.peer, None) is not None:
            self._past.add(connection.peer.traffic)
            if not self._connections:
                self._emptied.set()
