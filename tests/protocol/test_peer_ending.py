"""How a connection is watched and how it ends: DWR, DPR, silence (RFC 6733, 5.4 and 5.5; RFC 3539)."""

from protocol.peer_state import CLOSING, OPEN
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import Driver


def test_dwr_is_answered_in_every_open_state(driver: Driver) -> None:
    """Also while the connection is closing."""
    link = driver.open()
    dwa = link.ask(base.dwr(hop_by_hop=99))
    assert base.result_code(dwa) == 2001
    assert dwa[4:8] == b"\0\0\1\x18"
    assert dwa[12:16] == (99).to_bytes(4, "big")
    assert base.values(dwa, 278) != []

    link.peer.disconnect(0, driver.now_ms)
    link.take()
    assert base.result_code(link.ask(base.dwr())) == 2001


def test_a_bad_dwr_is_told_so_and_the_connection_goes_on(driver: Driver) -> None:
    """5005 in a DWA."""
    link = driver.open()
    assert base.result_code(link.ask(base.message(base.DWR))) == 5005
    assert link.peer.state == OPEN


def test_dpr_is_answered_and_the_peer_has_a_short_time_to_close() -> None:
    """RFC 6733, 5.4: whoever gets the DPA closes; else we do."""
    driver = Driver(closing_timeout_ms=2_000)
    link = driver.open()
    assert base.result_code(link.ask(base.dpr())) == 2001
    assert link.peer.state == CLOSING
    link.wait(1_999)
    assert not link.closed
    link.wait(1)
    assert link.closed


def test_a_request_to_a_closing_connection_is_sent_elsewhere(driver: Driver) -> None:
    """3004 with E makes the gateway try another server."""
    link = driver.open()
    link.peer.disconnect(0, driver.now_ms)
    link.take()
    answer = link.ask(base.ccr())
    assert base.result_code(answer) == 3004
    assert answer[4] == 0x60


def test_stopping_sends_a_dpr_and_the_dpa_ends_it(driver: Driver) -> None:
    """Disconnect-Cause 0, REBOOTING."""
    link = driver.open()
    link.peer.disconnect(0, driver.now_ms)
    (dpr,) = link.take()
    assert base.command_of(dpr) == base.DPR
    assert base.is_request(dpr)
    assert base.values(dpr, 273) == [bytes(4)]

    link.send(base.answer(dpr))
    assert link.closed


def test_stopping_a_connection_that_is_not_open_closes_it(driver: Driver) -> None:
    """There is nobody to tell."""
    link = driver.connect()
    link.peer.disconnect(0, driver.now_ms)
    assert link.closed
    assert link.take() == []


def test_a_silent_peer_is_asked_and_then_closed() -> None:
    """RFC 3539: DWR after Tw, closed after three."""
    driver = Driver(watchdog_interval_ms=6_000)
    link = driver.open()
    link.wait(6_000)
    (dwr,) = link.take()
    assert base.command_of(dwr) == base.DWR
    link.wait(6_000)
    assert link.take() == []
    link.wait(6_000)
    assert link.closed


def test_a_peer_that_answers_its_dwr_lives_on() -> None:
    """And each DWR has new identifiers."""
    driver = Driver(watchdog_interval_ms=6_000)
    link = driver.open()
    identifiers = set()
    for _ in range(5):
        link.wait(6_000)
        (dwr,) = link.take()
        identifiers.add(dwr[12:20])
        link.send(base.answer(dwr))
    assert link.peer.state == OPEN
    assert len(identifiers) == 5


def test_traffic_keeps_the_watchdog_quiet() -> None:
    """Any message resets the timer."""
    driver = Driver(watchdog_interval_ms=6_000)
    link = driver.open()
    for _ in range(10):
        link.wait(3_000)
        link.send(base.ccr())
    assert link.take() == []
    assert link.peer.next_timer() >= driver.now_ms
