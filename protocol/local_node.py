"""This server as its peers see it, and the limits it sets them."""

from protocol.allowed_peers import AllowedPeers
from protocol.encode import Identity
from protocol.intake import Intake
from protocol.watchdog import MINIMUM_INTERVAL_MS


class LocalNode:
    """What all peer connections have in common.

    ``served_realms`` are the Destination-Realms that are ours; the own Origin-Realm always is. The CEA names
    ``host_ip_addresses``, or, without any, the address that the peer connected to. ``intake`` is the handler's:
    what it has no room for is refused unread. Raises ValueError for a
    watchdog interval under 6 s.
    """

    def __init__(  # noqa: PLR0913  (limits, all with defaults and by name)
        self,
        identity: Identity,
        allowed_peers: AllowedPeers,
        *,
        served_realms: tuple[bytes, ...] = (),
        host_ip_addresses: tuple[str, ...] = (),
        product_name: bytes = b"ocs",
        watchdog_interval_ms: int = 30_000,
        capabilities_timeout_ms: int = 10_000,
        closing_timeout_ms: int = 2_000,
        probe_timeout_ms: int = 1_500,
        max_message_octets: int = 65_536,
        intake: Intake | None = None,
    ) -> None:
        if watchdog_interval_ms < MINIMUM_INTERVAL_MS:
            raise ValueError(
                f"a watchdog interval of {watchdog_interval_ms} ms is under {MINIMUM_INTERVAL_MS} ms"
            )
        self.identity = identity
        self.allowed_peers = allowed_peers
        self.served_realms = frozenset(realm.lower() for realm in (identity.origin_realm, *served_realms))
        self.host_ip_addresses = host_ip_addresses
        self.product_name = product_name
        self.watchdog_interval_ms = watchdog_interval_ms
        self.capabilities_timeout_ms = capabilities_timeout_ms
        self.closing_timeout_ms = closing_timeout_ms
        self.probe_timeout_ms = probe_timeout_ms
        self.max_message_octets = max_message_octets
        self.intake = intake if intake is not None else Intake()
        # RFC 6733, 3: the high 12 bits are the low 12 of the time of start, so that a restart repeats none
        self._end_to_end = (identity.origin_state_id & 0xFFF) << 20

    def next_end_to_end(self) -> int:
        """Give the End-to-End identifier of a request of our own."""
        self._end_to_end = (self._end_to_end & 0xFFF00000) | ((self._end_to_end + 1) & 0xFFFFF)
        return self._end_to_end
