"""A node, its peer table and connections to it, without sockets; time is a number that tests move."""

from protocol.allowed_peers import AllowedPeers
from protocol.encode import Identity
from protocol.local_node import LocalNode
from protocol.messages import CreditControlRequest
from protocol.peer import PeerConnection
from protocol.peer_state import CLOSED
from protocol.peer_table import PeerTable
from tests.protocol import base_builder as base

HOST, REALM = b"ocs.example.net", b"example.net"
STARTED_S = 1_795_388_231


class Driver:
    """Everything a front would own, and what the connections sent and handed out."""

    def __init__(self, **settings: object) -> None:
        allowed = settings.pop("allowed_peers", AllowedPeers())
        assert isinstance(allowed, AllowedPeers)
        self.node = LocalNode(Identity(HOST, REALM, STARTED_S), allowed, **settings)  # type: ignore[arg-type]  # by name
        self.table = PeerTable(self.node)
        self.now_ms = 1_000_000

    def connect(self, remote_address: str = "127.0.0.1", *, secure: bool = False) -> "Link":
        """A new connection that has said nothing yet."""
        return Link(self, remote_address, secure=secure)

    def open(self, *extra: bytes, host: bytes = base.GATEWAY) -> "Link":
        """A connection whose CER was answered with success."""
        link = self.connect()
        link.send(base.cer(*extra, host=host))
        assert base.result_code(link.take()[0]) == 2001
        return link


class Link:
    """One connection as its peer sees it."""

    def __init__(self, driver: Driver, remote_address: str, *, secure: bool) -> None:
        self.driver = driver
        self.peer = PeerConnection(
            driver.node, driver.table, remote_address, "127.0.0.1", secure, driver.now_ms, 0
        )
        self.requests: list[CreditControlRequest] = []

    def send(self, *octets: bytes) -> None:
        """Let octets arrive, in one read."""
        self.requests += self.peer.receive(b"".join(octets), self.driver.now_ms)

    def take(self) -> list[bytes]:
        """The messages that were sent to the peer since the last time."""
        return base.split(self.peer.data_to_send())

    def ask(self, *octets: bytes) -> bytes:
        """Send, and give the one message that comes back."""
        self.send(*octets)
        messages = self.take()
        assert len(messages) == 1
        return messages[0]

    def wait(self, milliseconds: int) -> None:
        """Let time pass; the timer is called if it is due then."""
        self.driver.now_ms += milliseconds
        self.peer.handle_timer(self.driver.now_ms, 0)

    @property
    def closed(self) -> bool:
        """Whether the socket is to be closed."""
        return self.peer.state == CLOSED
