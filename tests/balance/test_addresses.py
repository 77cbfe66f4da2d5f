"""Store URLs: what they say, and the words for those that say nothing."""

from __future__ import annotations

import pytest

from balance.redis_store.address import CLUSTER, DIRECT, SENTINEL, Endpoint, parse_address
from balance.store import StoreError


def test_a_unix_socket() -> None:
    """The path is the endpoint; a timeout may follow."""
    address = parse_address("unix:/run/a%20b.sock?timeout_s=0.5")
    assert address.endpoints == (Endpoint(path="/run/a b.sock"),)
    assert address.timeout_s == 0.5
    assert str(address) == "unix:/run/a b.sock"
    assert parse_address("unix:///run/s").endpoints == (Endpoint(path="/run/s"),)


def test_a_host() -> None:
    """Name, password, host, port and database, each with its default; the password is never shown."""
    address = parse_address("redis://us%40er:p%3Aw@[::1]:7000/3")
    assert (address.username, address.password, address.database) == ("us@er", "p:w", 3)
    assert address.endpoints == (Endpoint(host="::1", port=7000),)
    assert address.tls is None
    assert str(address) == "redis://[::1]:7000/3"
    assert "p:w" not in repr(address)
    plain = parse_address("rediss://store")
    assert plain.endpoints == (Endpoint(host="store", port=6379),)
    assert (plain.topology, plain.database, plain.timeout_s) == (DIRECT, 0, 2.0)
    assert plain.tls is not None
    assert plain.tls.check_hostname


def test_sentinel_and_cluster() -> None:
    """Several hosts, and the service that Sentinel watches."""
    address = parse_address("redis+sentinel://:pw@a,b:26380/mymaster/2")
    assert (address.topology, address.service, address.database, address.password) == (
        SENTINEL,
        "mymaster",
        2,
        "pw",
    )
    assert address.endpoints == (Endpoint(host="a", port=26379), Endpoint(host="b", port=26380))
    assert str(address) == "redis+sentinel://a:26379,b:26380/mymaster/2"
    cluster = parse_address("rediss+cluster://a:7000,b:7001?ssl_check_hostname=false")
    assert cluster.topology == CLUSTER
    assert cluster.tls is not None
    assert not cluster.tls.check_hostname


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://a", "is none of"),
        ("redis+other://a", "is none of"),
        ("nonsense", "is none of"),
        ("unix:", "no path"),
        ("redis://", "no host"),
        ("redis://a:port", "no host and port"),
        ("redis://a,b", "several hosts"),
        ("redis://a/x", "no database number"),
        ("redis+sentinel://a", "names no service"),
        ("redis+cluster://a/1", "only database 0"),
        ("redis://a?tiemout_s=1", "tiemout_s"),
        ("redis://a?timeout_s=0", "timeout_s"),
        ("redis://a?timeout_s=soon", "timeout_s"),
        ("rediss://a?ssl_ca_certs=/none/ca.pem", "TLS files"),
    ],
)
def test_a_bad_url_is_explained(url: str, words: str) -> None:
    """Each mistake has its own words."""
    with pytest.raises(StoreError, match=words):
        parse_address(url)


def test_errors_do_not_show_the_password() -> None:
    """Not even where the URL is wrong."""
    with pytest.raises(StoreError) as caught:
        parse_address("redis://user:secret@a:port/0")
    assert "secret" not in str(caught.value)
