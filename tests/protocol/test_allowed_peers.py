"""Who may connect from where."""

import pytest

from protocol.allowed_peers import AllowedPeer, AllowedPeers

HOST, REALM = b"pgw1.Example.net", b"example.NET"


@pytest.mark.parametrize(
    ("address", "welcome"),
    [
        ("127.0.0.1", True),
        ("127.8.0.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_without_entries_only_this_machine_is_welcome(address: str, welcome: bool) -> None:
    """The default is open on loopback and closed elsewhere."""
    assert AllowedPeers().admits(HOST, REALM, address) is welcome


@pytest.mark.parametrize(
    ("entry", "welcome"),
    [
        (AllowedPeer(origin_host="PGW1.example.net"), True),
        (AllowedPeer(origin_host="pgw2.example.net"), False),
        (AllowedPeer(origin_realm="example.net"), True),
        (AllowedPeer(origin_realm="example.org"), False),
        (AllowedPeer(address="10.0.0.0/24"), True),
        (AllowedPeer(address="10.0.0.7"), True),
        (AllowedPeer(address="10.0.1.0/24"), False),
        (AllowedPeer(origin_host="pgw1.example.net", address="10.0.1.0/24"), False),
        (AllowedPeer(origin_host="pgw1.example.net", origin_realm="example.net", address="10.0.0.7"), True),
    ],
)
def test_every_part_of_an_entry_must_fit(entry: AllowedPeer, welcome: bool) -> None:
    """Names are compared without case, addresses by network."""
    assert AllowedPeers((entry,)).admits(HOST, REALM, "10.0.0.7") is welcome


def test_one_fitting_entry_is_enough() -> None:
    """Entries are alternatives."""
    peers = AllowedPeers((AllowedPeer(address="10.9.0.0/16"), AllowedPeer(origin_realm="example.net")))
    assert peers.admits(HOST, REALM, "10.0.0.7")


def test_loopback_can_be_closed() -> None:
    """An operator may ask for entries for everybody."""
    assert not AllowedPeers(any_on_loopback=False).admits(HOST, REALM, "127.0.0.1")


def test_a_text_that_is_no_address_is_refused() -> None:
    """A mistake in a configuration does not become an entry for everybody."""
    with pytest.raises(ValueError, match="gateway"):
        AllowedPeer(address="gateway")
