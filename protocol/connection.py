"""One socket and its peer connection: octets in, requests on, answers out, timers. HOT PATH: compiled.

It imports no event loop. The loop's transports and timers are what ``Transport``, ``Timer`` and ``Clock`` say,
and the loop calls ``connection_made``, ``data_received``, ``pause_writing``, ``resume_writing`` and
``connection_lost`` by their names: a class of asyncio's above it would make every attribute a dictionary's.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, Protocol

from mypy_extensions import i64, mypyc_attr

from protocol.handler import AnswerSink, RequestHandler
from protocol.peer import PeerConnection
from protocol.peer_state import CLOSED
from protocol.peer_table import PeerTable

WRITE_LIMIT_OCTETS: Final = 1 << 20
"""Octets that a peer may leave unread before nothing more is read from it."""

CLOSE_TIMEOUT_S: Final = 2.0


class Timer(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """Let it not be called."""


class Transport(Protocol):
    """The socket's side, as asyncio and uvloop have it."""

    def set_write_buffer_limits(self, high: int) -> None:
        """From how many unsent octets on ``pause_writing`` is called."""

    def write(self, data: bytes) -> None:
        """Send."""

    def close(self) -> None:
        """End when all is sent."""

    def abort(self) -> None:
        """End now."""

    def is_closing(self) -> bool:
        """Whether it ends or has ended."""

    def pause_reading(self) -> None:
        """Receive nothing."""

    def resume_reading(self) -> None:
        """Receive again."""


class Clock(Protocol):
    """The loop's side: its time in seconds, and calls at such times."""

    def time(self) -> float:
        """The time now."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call at a time."""

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call after a time."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ConnectionOwner(ABC):
    """Who listens: has the handler and the peer table of all its connections, and knows which there are."""

    def __init__(self, handler: RequestHandler, table: PeerTable) -> None:
        self.handler = handler
        self.table = table

    @abstractmethod
    def admit(
        self, connection: "DiameterConnection", transport: Transport, secure: bool
    ) -> PeerConnection | None:
        """Give a new socket its peer connection, or nothing when there are too many."""

    @abstractmethod
    def settle(self) -> None:
        """Let every connection that others' messages changed do what it has to do."""

    @abstractmethod
    def forget(self, connection: "DiameterConnection") -> None:
        """Take a closed connection out."""

    @abstractmethod
    def jitter_ms(self) -> int:
        """A random jitter of the watchdog."""


class DiameterConnection(AnswerSink):
    """One socket and its peer connection."""

    def __init__(self, owner: ConnectionOwner, clock: Clock, secure: bool) -> None:
        self._owner = owner
        self._handler = owner.handler
        self._table = owner.table
        self._clock = clock
        self._secure = secure
        self._transport: Transport | None = None
        self._timer: Timer | None = None
        self._armed_ms: i64 = 0
        self._abort: Timer | None = None
        self.in_flight: i64 = 0
        self.peer: PeerConnection | None = None

    # -- the loop's side ---------------------------------------------------------------------------------

    def connection_made(self, transport: Transport) -> None:
        """Begin with a new socket, unless there are too many."""
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_LIMIT_OCTETS)
        peer = self._owner.admit(self, transport, self._secure)
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
        requests = peer.receive(data, self._now_ms())
        if requests:
            self._send()  # a CEA leaves before the answers to what came right behind its CER
            self.in_flight += len(requests)
            self._handler.submit(requests, self)
        if self._table.changed:
            self._owner.settle()
        self.follow()

    def eof_received(self) -> bool:
        """Let the socket close: what could still be said, nobody would answer."""
        return False

    def pause_writing(self) -> None:
        """Read nothing more from a peer that does not read: what it can make us remember is bounded."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the socket."""
        for timer in (self._timer, self._abort):
            if timer is not None:
                timer.cancel()
        self._transport = None
        self._timer = None
        self._abort = None
        if self.peer is not None:
            self.peer.close(self._now_ms())
            self._owner.forget(self)
            self._owner.settle()

    # -- the handler's side ------------------------------------------------------------------------------

    def answers(self, octets: list[bytes]) -> None:
        """Send whole answers in one write; without a socket they are dropped."""
        self.in_flight -= len(octets)
        peer = self.peer
        transport = self._transport
        if transport is None or peer is None:
            return
        peer.traffic.cca_sent += len(octets)
        transport.write(octets[0] if len(octets) == 1 else b"".join(octets))
        if self.in_flight <= 0 and peer.state == CLOSED:
            self._close()

    # -- the owner's side --------------------------------------------------------------------------------

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

    def disconnect(self, cause: i64) -> None:
        """Part from the peer."""
        if self.peer is not None:
            self.peer.disconnect(cause, self._now_ms())
            self.follow()

    def abort(self) -> None:
        """End the socket now, whatever is unsent."""
        if self._transport is not None:
            self._transport.abort()

    def _now_ms(self) -> i64:
        return i64(self._clock.time() * 1000)

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
            self._timer = self._clock.call_at(self._armed_ms / 1000, self._timer_due)

    def _timer_due(self) -> None:
        self._timer = None
        if self.peer is None:
            return
        self.peer.handle_timer(self._now_ms() + 1, self._owner.jitter_ms())
        self._owner.settle()
        self.follow()

    def _close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
        self._abort_later()

    def _abort_later(self) -> None:
        """See to it that a peer that reads nothing, or answers that never come, do not keep a socket."""
        if self._abort is None and self._transport is not None:
            self._abort = self._clock.call_later(CLOSE_TIMEOUT_S, self.abort)
