"""One open connection for each peer (RFC 6733, 5.6: R-Conn-CER in R-Open), without I/O.

The RFC rejects a second connection while the first is open, and so keeps a gateway out that crashed and came
back before its old socket was seen to be dead. Here a larger Origin-State-Id, which only a restart brings, ends
the old connection at once; else the old one is asked for a sign of life, and the new one waits for the outcome.
"""

from typing import Final

from mypy_extensions import i64

from protocol.base_messages import CapabilitiesRequest
from protocol.capabilities import objection
from protocol.local_node import LocalNode
from protocol.messages import Issue
from protocol.peer_state import OPEN, Admission, PeerStateMachine
from protocol.result_codes import UNABLE_TO_COMPLY

_ALREADY_CONNECTED: Final = Issue(
    UNABLE_TO_COMPLY, b"", "this peer is connected already, and its connection is alive"
)
_SUPERSEDED: Final = Issue(UNABLE_TO_COMPLY, b"", "a newer connection of this peer has come")


class PeerTable(Admission):
    """Who is connected. ``take_changed`` names the connections that others' messages gave something to do."""

    def __init__(self, node: LocalNode) -> None:
        self._node = node
        self._open: dict[bytes, PeerStateMachine] = {}
        self._held: dict[bytes, PeerStateMachine] = {}
        self.changed: list[PeerStateMachine] = []

    def take_changed(self) -> list[PeerStateMachine]:
        """Give, once, the connections whose output, timer or state have changed from outside."""
        changed = self.changed
        if changed:
            self.changed = []
        return changed

    def arrived(self, connection: PeerStateMachine, request: CapabilitiesRequest, now_ms: i64) -> None:
        """Accept, hold or reject a connection whose CER has come."""
        allowed = self._node.allowed_peers.admits(
            request.origin_host, request.origin_realm, connection.remote_address
        )
        issue = objection(request, allowed=allowed, secure=connection.secure)
        if issue is not None:
            connection.reject(issue, now_ms)
            return
        name = request.origin_host.lower()
        older = self._open.get(name)
        if older is None:
            self._accept(name, connection, now_ms)
        elif 0 < older.origin_state_id < request.origin_state_id:
            self._replace(name, older, connection, now_ms)
        else:
            self._hold(name, older, connection, now_ms)

    def probe_answered(self, connection: PeerStateMachine, now_ms: i64) -> None:
        """Turn away the connection that waits: the older one lives."""
        held = self._held.pop(connection.origin_host.lower(), None)
        if held is not None:
            held.reject(_ALREADY_CONNECTED, now_ms)
            self.changed.append(held)

    def probe_expired(self, connection: PeerStateMachine, now_ms: i64) -> None:
        """Let in the connection that waited: the older one gave no sign of life."""
        name = connection.origin_host.lower()
        older = self._open.get(name)
        if older is None:
            self._accept(name, connection, now_ms)
        else:
            self._replace(name, older, connection, now_ms)

    def closed(self, connection: PeerStateMachine, now_ms: i64) -> None:
        """Forget a connection; one that waited for its end is let in."""
        self.changed.append(connection)
        name = connection.origin_host.lower()
        if self._held.get(name) is connection:
            del self._held[name]
        if self._open.get(name) is not connection:
            return
        del self._open[name]
        held = self._held.get(name)
        if held is not None:
            self._accept(name, held, now_ms)

    def _accept(self, name: bytes, connection: PeerStateMachine, now_ms: i64) -> None:
        self._held.pop(name, None)
        self._open[name] = connection
        connection.accept(now_ms)
        self.changed.append(connection)

    def _replace(self, name: bytes, older: PeerStateMachine, connection: PeerStateMachine, now_ms: i64) -> None:
        held = self._held.pop(name, None)
        if held is not None and held is not connection:
            held.reject(_SUPERSEDED, now_ms)
        self._accept(name, connection, now_ms)
        older.close(now_ms)

    def _hold(self, name: bytes, older: PeerStateMachine, connection: PeerStateMachine, now_ms: i64) -> None:
        """Let the new connection wait; of several that wait the newest is the one that counts."""
        held = self._held.get(name)
        self._held[name] = connection
        connection.hold(now_ms + self._node.probe_timeout_ms)
        if held is not None:
            held.reject(_SUPERSEDED, now_ms)
        if older.state == OPEN:
            older.probe()
            self.changed.append(older)
