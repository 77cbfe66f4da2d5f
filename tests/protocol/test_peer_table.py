"""One connection of each peer, and gateways that crash and come back (RFC 6733, 5.6)."""

import pytest

from protocol.allowed_peers import AllowedPeers
from protocol.peer_state import CLOSED, HELD, OPEN
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import Driver, Link


def state_id(number: int) -> bytes:
    """An Origin-State-Id."""
    return base.avp(base.ORIGIN_STATE_ID, number)


@pytest.fixture
def driver() -> Driver:
    """Probes wait 1.5 s."""
    return Driver(probe_timeout_ms=1_500)


def second(driver: Driver, *extra: bytes, host: bytes = base.GATEWAY) -> Link:
    """A second connection of a peer, its CER sent."""
    link = driver.connect()
    link.send(base.cer(*extra, host=host))
    return link


def test_a_larger_origin_state_id_replaces_the_old_connection_at_once(driver: Driver) -> None:
    """Only a restart makes it grow."""
    old = driver.open(state_id(10))
    new = second(driver, state_id(11))

    assert base.result_code(new.take()[0]) == 2001
    assert new.peer.state == OPEN
    assert old.closed
    assert old.take() == []
    assert old.peer in driver.table.take_changed()
    assert list(driver.table._open.values()) == [new.peer]


@pytest.mark.parametrize(
    ("first", "other"), [(b"", b""), (state_id(10), state_id(10)), (state_id(10), b""), (b"", state_id(10))]
)
def test_without_proof_of_a_restart_the_old_connection_is_asked(
    driver: Driver, first: bytes, other: bytes
) -> None:
    """The new one gets no answer yet, the old one a DWR."""
    old = driver.open(first)
    new = second(driver, other)

    assert new.peer.state == HELD
    assert new.take() == []
    assert base.command_of(old.take()[0]) == base.DWR
    assert old.peer in driver.table.take_changed()
    assert new.peer.next_timer() == driver.now_ms + 1_500


def test_no_answer_in_time_lets_the_new_connection_in(driver: Driver) -> None:
    """The half-open crash: 1.5 s instead of a minute."""
    old, new = driver.open(), second(driver)
    new.wait(1_499)
    assert new.peer.state == HELD
    new.wait(1)

    assert base.result_code(new.take()[0]) == 2001
    assert old.closed
    new.send(base.ccr())
    assert len(new.requests) == 1


def test_the_end_of_the_old_connection_lets_the_new_one_in_at_once(driver: Driver) -> None:
    """The kernel of a gateway that restarted answers the probe with a reset."""
    old, new = driver.open(), second(driver)
    driver.table.take_changed()
    old.peer.close(driver.now_ms)

    assert base.result_code(new.take()[0]) == 2001
    assert new.peer in driver.table.take_changed()


def test_an_answer_keeps_the_old_connection_and_turns_the_new_one_away(driver: Driver) -> None:
    """Two gateways of one name: 5012 with a reason."""
    old, new = driver.open(), second(driver)
    old.send(base.answer(old.take()[0]))

    (cea,) = new.take()
    assert base.result_code(cea) == 5012
    assert b"connected already" in base.values(cea, base.ERROR_MESSAGE)[0]
    assert new.closed
    assert old.peer.state == OPEN


def test_other_messages_are_no_answer_to_the_probe(driver: Driver) -> None:
    """They may have been under way when the gateway crashed."""
    old, new = driver.open(), second(driver)
    old.send(base.dwr(), base.ccr(), base.answer(base.dwr(4711)))
    new.wait(1_500)
    assert new.peer.state == OPEN
    assert old.closed


def test_names_are_compared_without_case(driver: Driver) -> None:
    """RFC 6733, 4.3.1: DiameterIdentity."""
    driver.open(state_id(1))
    assert second(driver, host=base.GATEWAY.upper()).peer.state == HELD


def test_other_peers_are_not_touched(driver: Driver) -> None:
    """Each name has its own connection."""
    one, two = driver.open(host=b"pgw1.example.net"), driver.open(host=b"pgw2.example.net")
    assert one.peer.state == two.peer.state == OPEN


def test_of_several_that_wait_the_newest_counts(driver: Driver) -> None:
    """A gateway may crash twice within the probe's time."""
    old, middle = driver.open(), second(driver)
    new = second(driver)

    assert base.result_code(middle.take()[0]) == 5012
    assert middle.closed
    assert len(old.take()) == 1
    new.wait(1_500)
    assert new.peer.state == OPEN
    assert old.closed


def test_a_waiting_connection_that_goes_away_is_forgotten(driver: Driver) -> None:
    """Then the answer to the probe is for nobody."""
    old, new = driver.open(), second(driver)
    new.peer.close(driver.now_ms)
    old.send(base.answer(old.take()[0]))
    assert old.peer.state == OPEN
    assert new.take() == []


def test_a_waiting_connection_must_wait(driver: Driver) -> None:
    """A message before the CEA closes it."""
    driver.open()
    new = second(driver)
    new.send(base.ccr())
    assert new.closed
    assert new.requests == []


def test_the_old_connection_may_be_probed_again_later(driver: Driver) -> None:
    """Each reconnect asks anew."""
    old = driver.open()
    for _ in range(3):
        new = second(driver)
        old.send(base.answer(old.take()[0]))
        assert base.result_code(new.take()[0]) == 5012


def test_a_closing_connection_is_not_probed_but_waited_for(driver: Driver) -> None:
    """A gateway that said DPR and reconnects at once is let in when the old socket ends or in 1.5 s."""
    old = driver.open()
    old.send(base.dpr())
    old.take()
    new = second(driver)
    assert old.take() == []
    new.wait(1_500)
    assert base.result_code(new.take()[0]) == 2001
    assert old.closed


def test_a_refused_connection_does_not_disturb_the_old_one() -> None:
    """An unknown address can not use a peer's name to cut it off."""
    driver = Driver(allowed_peers=AllowedPeers())
    old = driver.open(state_id(1))
    stranger = driver.connect("192.0.2.1")
    answer = stranger.ask(base.cer(state_id(99)))
    assert base.result_code(answer) == 3010
    assert stranger.peer.state == CLOSED
    assert old.peer.state == OPEN
    assert old.take() == []
