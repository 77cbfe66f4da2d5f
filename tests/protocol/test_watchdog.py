"""The watchdog against RFC 3539, 3.4.1."""

import pytest

from protocol.watchdog import (
    TRANSITIONS,
    Watchdog,
    WatchdogAction,
    WatchdogEvent,
    WatchdogState,
)

INTERVAL = 30_000


@pytest.fixture
def watchdog() -> Watchdog:
    """Up since 0, no jitter."""
    watchdog = Watchdog(INTERVAL)
    watchdog.connection_up(0, 0)
    return watchdog


def state(watchdog: Watchdog) -> WatchdogState:
    """The state as it is now: a type checker would remember what was asserted before."""
    return watchdog.state


def test_the_table_has_one_row_for_each_event_of_each_live_state() -> None:
    """OKAY and SUSPECT know every event but coming up; nothing is defined twice."""
    rows = [(row.state, row.event) for row in TRANSITIONS]
    live = [WatchdogState.OKAY, WatchdogState.SUSPECT]
    events = [event for event in WatchdogEvent if event is not WatchdogEvent.CONNECTION_UP]

    assert {(state, event) for state in live for event in events} <= set(rows)
    assert len(rows) == len(set(rows))


def test_a_silent_peer_is_asked_then_suspected_then_closed(watchdog: Watchdog) -> None:
    """The three expiries of a peer that never answers; the DWR is sent once."""
    assert watchdog.handle_timer(INTERVAL - 1, 0, 0) == WatchdogAction.NOTHING
    assert watchdog.handle_timer(INTERVAL, 0, 0) & WatchdogAction.SEND_DWR
    assert not watchdog.handle_timer(2 * INTERVAL, 0, 0) & WatchdogAction.SEND_DWR
    assert state(watchdog) == WatchdogState.SUSPECT
    assert watchdog.handle_timer(3 * INTERVAL, 0, 0) == WatchdogAction.CLOSE
    assert state(watchdog) == WatchdogState.DOWN
    assert watchdog.deadline_ms == 0


def test_any_message_moves_the_timer_even_when_it_is_told_late(watchdog: Watchdog) -> None:
    """The last message came at 20 s: nothing is due before 50 s."""
    assert watchdog.handle_timer(INTERVAL, 20_000, 0) == WatchdogAction.NOTHING
    assert watchdog.deadline_ms == 20_000 + INTERVAL
    assert watchdog.handle_timer(50_000, 20_000, 0) & WatchdogAction.SEND_DWR


def test_a_dwa_ends_the_wait_for_it(watchdog: Watchdog) -> None:
    """After DWR and DWA the next expiry asks again."""
    watchdog.handle_timer(INTERVAL, 0, 0)
    watchdog.received(INTERVAL + 10, watchdog_answer=True)

    assert not watchdog.pending
    assert watchdog.handle_timer(2 * INTERVAL + 10, INTERVAL + 10, 0) & WatchdogAction.SEND_DWR


def test_a_suspect_that_speaks_is_trusted_again_but_still_owes_its_dwa(watchdog: Watchdog) -> None:
    """A non-DWA fails back and leaves the DWR pending; the next silence suspects at once."""
    watchdog.handle_timer(INTERVAL, 0, 0)
    watchdog.handle_timer(2 * INTERVAL, 0, 0)

    assert watchdog.handle_timer(3 * INTERVAL, 3 * INTERVAL - 1, 0) == WatchdogAction.NOTHING
    assert state(watchdog) == WatchdogState.OKAY
    assert watchdog.pending
    watchdog.handle_timer(4 * INTERVAL, 3 * INTERVAL - 1, 0)
    assert state(watchdog) == WatchdogState.SUSPECT


def test_each_setting_has_its_own_jitter() -> None:
    """The jitter that comes with an expiry sets the next one."""
    watchdog = Watchdog(INTERVAL)
    watchdog.connection_up(0, -2_000)
    assert watchdog.deadline_ms == 28_000
    watchdog.handle_timer(28_000, 0, 1_500)
    assert watchdog.deadline_ms == 28_000 + 31_500


def test_a_connection_that_is_gone_has_no_timer(watchdog: Watchdog) -> None:
    """Down is final for a connection that the peer opened."""
    watchdog.connection_down()
    assert state(watchdog) == WatchdogState.DOWN
    assert watchdog.deadline_ms == 0
    assert watchdog.received(1, watchdog_answer=False) == WatchdogAction.NOTHING


def test_an_interval_under_six_seconds_is_refused() -> None:
    """RFC 3539 forbids it."""
    with pytest.raises(ValueError, match="5999 ms is under 6000 ms"):
        Watchdog(5_999)
