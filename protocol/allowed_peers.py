"""Who may connect: entries by Origin-Host, Origin-Realm and address (RFC 6733, 5.2)."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class AllowedPeer:
    """One entry. A part that is empty matches everything; an address may be a network (``10.0.0.0/8``).

    Raises ValueError for a text that is no address or network.
    """

    def __init__(self, origin_host: str = "", origin_realm: str = "", address: str = "") -> None:
        self.origin_host = origin_host.lower()
        self.origin_realm = origin_realm.lower()
        self.network: IPv4Network | IPv6Network | None = ip_network(address) if address else None

    def matches(self, origin_host: str, origin_realm: str, address: IPv4Address | IPv6Address | None) -> bool:
        """Tell whether every part of the entry fits; names are compared without case (RFC 6733, 4.3.1)."""
        return (
            self.origin_host in ("", origin_host.lower())
            and self.origin_realm in ("", origin_realm.lower())
            and (self.network is None or (address is not None and address in self.network))
        )


class AllowedPeers:
    """The peers that may connect: the entries and, unless told otherwise, anyone from this machine."""

    def __init__(self, entries: tuple[AllowedPeer, ...] = (), *, any_on_loopback: bool = True) -> None:
        self.entries = entries
        self.any_on_loopback = any_on_loopback

    def admits(self, origin_host: bytes, origin_realm: bytes, remote_address: str) -> bool:
        """Tell whether a CER with these identities from this address is welcome."""
        address = _address(remote_address)
        if self.any_on_loopback and address is not None and address.is_loopback:
            return True
        host, realm = origin_host.decode("ascii", "replace"), origin_realm.decode("ascii", "replace")
        return any(entry.matches(host, realm, address) for entry in self.entries)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as a socket names it: with a zone (``fe80::1%eth0``), or IPv4 mapped into IPv6."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
