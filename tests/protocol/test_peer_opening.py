"""How a connection to a peer opens: capabilities, applications, security (RFC 6733, 5.3 and 5.6)."""

import pytest

from protocol.peer_state import CLOSED, OPEN, WAIT_CER
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, Driver


@pytest.mark.parametrize(
    ("applications", "code"),
    [
        (base.GY, 2001),
        (base.avp(base.ACCT_APPLICATION_ID, 4), 2001),
        (base.avp(base.VENDOR_SPECIFIC, base.avp(base.VENDOR_ID, 10415) + base.GY), 2001),
        (base.avp(base.VENDOR_SPECIFIC, base.GY), 2001),
        (base.avp(base.AUTH_APPLICATION_ID, 0xFFFFFFFF), 2001),
        (base.avp(base.AUTH_APPLICATION_ID, 16777238), 5010),
        (base.avp(base.VENDOR_SPECIFIC, base.avp(base.AUTH_APPLICATION_ID, 16777238)), 5010),
        (b"", 5010),
    ],
)
def test_a_peer_needs_application_4_or_to_be_a_relay(driver: Driver, applications: bytes, code: int) -> None:
    """RFC 6733, 5.3: without a common application the CEA says so and the connection ends."""
    link = driver.connect()
    cea = link.ask(base.cer(applications=applications))

    assert base.result_code(cea) == code
    assert cea[4] == 0
    assert link.peer.state == (OPEN if code == 2001 else CLOSED)


@pytest.mark.parametrize(
    ("offered", "secure", "code"),
    [((), False, 2001), ((0,), False, 2001), ((0, 1), False, 2001), ((1,), False, 5017), ((1,), True, 2001)],
)
def test_security_is_not_negotiated_in_band(
    driver: Driver,
    offered: tuple[int, ...],
    secure: bool,
    code: int,
) -> None:
    """A peer that insists on TLS after the CEA has to come by the TLS port (RFC 6733, 6.10)."""
    link = driver.connect(secure=secure)
    cea = link.ask(base.cer(*[base.avp(base.INBAND_SECURITY_ID, value) for value in offered]))
    assert base.result_code(cea) == code


def test_an_unknown_peer_gets_an_answer_message_and_a_close(driver: Driver) -> None:
    """3010 has the E bit (RFC 6733, 7.1.3)."""
    link = driver.connect("192.0.2.1")
    cea = link.ask(base.cer())

    assert base.result_code(cea) == 3010
    assert cea[4] == 0x20
    assert base.values(cea, 264) == [HOST]
    assert link.closed


def test_a_bad_cer_is_answered_and_ends_the_connection(driver: Driver) -> None:
    """5005 with Failed-AVP in a CEA without E."""
    link = driver.connect()
    cea = link.ask(base.message(base.CER, base.origin()))

    assert base.result_code(cea) == 5005
    assert cea[4] == 0
    assert base.values(cea, 279) == [base.avp(257, bytes(6))]
    assert link.closed


@pytest.mark.parametrize(
    "first", [base.dwr(), base.dpr(), base.ccr(), base.answer(base.dwr()), base.message(9999)]
)
def test_anything_before_the_cer_closes_without_an_answer(driver: Driver, first: bytes) -> None:
    """RFC 6733, 5.6: the first message must be a CER."""
    link = driver.connect()
    link.send(first, base.cer())

    assert link.closed
    assert link.take() == []
    assert link.requests == []


def test_a_peer_that_says_nothing_is_closed() -> None:
    """The CER timeout."""
    link = Driver(capabilities_timeout_ms=10_000).connect()
    link.wait(9_999)
    assert link.peer.state == WAIT_CER
    link.wait(1)
    assert link.closed


def test_a_pipelined_request_right_behind_the_cer_is_served(driver: Driver) -> None:
    """One segment may hold CER and CCR."""
    link = driver.connect()
    cea = link.ask(base.cer() + base.ccr())

    assert base.result_code(cea) == 2001
    assert len(link.requests) == 1


def test_a_cer_on_an_open_connection_is_answered_again(driver: Driver) -> None:
    """It changes nothing."""
    link = driver.open()
    assert base.result_code(link.ask(base.cer())) == 2001
    assert link.peer.state == OPEN
