"""Requests on an open connection: handed out, or answered there with their code (RFC 6733, 7)."""

import pytest

from protocol.peer_state import OPEN
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, Driver


def test_requests_are_handed_out_and_not_answered_here(driver: Driver) -> None:
    """A CCR that is right leaves no octets."""
    link = driver.open()
    link.send(base.ccr(0), base.ccr(1, 2), base.ccr(1, 3))

    assert [(r.request_type, r.request_number) for r in link.requests] == [(1, 0), (2, 1), (3, 1)]
    assert link.take() == []
    assert link.peer.traffic.ccr_received == 3


def with_version(octets: bytes, version: int) -> bytes:
    """The same message of another version."""
    return bytes([version]) + octets[1:]


HEADERS = [
    ("version", with_version(base.ccr(), 2), 5011, 0),
    ("version of a DWR", with_version(base.dwr(), 0), 5011, 0),
    ("E in a request", base.ccr(flags=0xE0), 3008, 0x20),
    ("E in an unknown request", base.message(9999, flags=0xA0), 3008, 0x20),
    ("CCR without P", base.ccr(flags=0x80), 3008, 0x20),
    ("DWR with P", base.message(base.DWR, base.origin(), flags=0xC0), 3008, 0x20),
    ("unknown command", base.message(9999, flags=0xC0, application=4), 3001, 0x20),
    ("RAR", base.message(258, flags=0xC0, application=4), 3001, 0x20),
    ("Gx", base.ccr(application=16777238), 3007, 0x20),
    ("CCR of the base application", base.ccr(application=0), 3007, 0x20),
    ("DWR of an application", base.message(base.DWR, base.origin(), application=4), 3007, 0x20),
    ("other host", base.ccr(destination_host=b"ocs2.example.net"), 3002, 0x20),
    ("other realm", base.ccr(destination_realm=b"example.org"), 3003, 0x20),
]


@pytest.mark.parametrize(
    ("octets", "code", "error_bit"), [row[1:] for row in HEADERS], ids=[r[0] for r in HEADERS]
)
def test_a_wrong_header_or_destination_gets_its_code(
    driver: Driver, octets: bytes, code: int, error_bit: int
) -> None:
    """Command Code, P, Hop-by-Hop and End-to-End come back, and the connection goes on."""
    link = driver.open()
    answer = link.ask(octets)

    assert base.result_code(answer) == code
    assert answer[4] & 0xA0 == error_bit
    assert answer[4] & 0x40 == octets[4] & 0x40
    assert answer[5:8] == octets[5:8]
    assert answer[8:20] == octets[8:20]
    assert base.values(answer, 264) == [HOST]
    assert base.values(answer, 263) == base.values(octets, 263)
    assert link.peer.state == OPEN
    assert link.requests == []
    assert link.peer.traffic.refused == {code: 1}


@pytest.mark.parametrize(
    "octets",
    [
        base.ccr(destination_host=HOST),
        base.ccr(destination_host=b"OCS.Example.NET"),
        base.ccr(destination_realm=b"EXAMPLE.net"),
        base.ccr(destination_realm=b"epc.mnc001.mcc001.3gppnetwork.org"),
        base.ccr(flags=0xD0),
        base.ccr(flags=0xCF),
    ],
)
def test_names_have_no_case_and_t_and_reserved_bits_no_meaning(octets: bytes) -> None:
    """Every served realm counts (RFC 6733, 3 and 4.3.1)."""
    driver = Driver(served_realms=(b"epc.mnc001.MCC001.3gppnetwork.org",))
    link = driver.open()
    link.send(octets)
    assert len(link.requests) == 1
    assert link.take() == []


def test_a_malformed_request_is_answered_at_once_among_good_ones(driver: Driver) -> None:
    """An issue of the decoder becomes an answer here; its neighbours are served."""
    link = driver.open()
    no_number = base.ccr().replace(base.avp(415, 0), base.avp(415, 0, flags=0)[:0])
    no_number = b"\1" + len(no_number).to_bytes(3, "big") + no_number[4:]
    answer = link.ask(base.ccr(5) + no_number + base.ccr(6))

    assert base.result_code(answer) == 5005
    assert base.values(answer, 279) == [base.avp(415, 0)]
    assert [request.request_number for request in link.requests] == [5, 6]


def test_answers_to_nothing_are_dropped_silently(driver: Driver) -> None:
    """RFC 6733, 6.2.1: also a DWA with a Hop-by-Hop that is not awaited."""
    link = driver.open()
    link.send(
        base.answer(base.dwr(4711)), base.answer(base.dpr()), base.message(272, flags=0x40, application=4)
    )
    assert link.take() == []
    assert link.peer.state == OPEN
    assert link.peer.traffic.other_received == 3
