"""The transport watchdog of a connection that the peer opened (RFC 3539, 3.4.1).

A pure table: time comes in, actions go out. Left out, because this server only accepts connections and each one
is a new watchdog: the rows of REOPEN and the attempts to open in INITIAL and DOWN. A gateway that comes back
after a crash is therefore served from its CER on, not after three watchdog exchanges.
"""

from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

MINIMUM_INTERVAL_MS: Final = 6_000
"""The lowest Twinit that is allowed (RFC 3539, 3.4.1)."""

MAXIMUM_JITTER_MS: Final = 2_000
"""Each setting of the timer is jittered by at most this much, up or down (RFC 3539, 3.4.1)."""


class WatchdogState(IntEnum):
    """How far the peer can be trusted to be there."""

    INITIAL = 0
    OKAY = 1
    SUSPECT = 2
    DOWN = 3


class WatchdogEvent(IntEnum):
    """What happened to the connection."""

    CONNECTION_UP = 0
    RECEIVED_DWA = 1
    RECEIVED_OTHER = 2
    EXPIRED = 3
    EXPIRED_PENDING = 4
    CONNECTION_DOWN = 5


class WatchdogAction(IntFlag):
    """What the owner of the connection (SEND_DWR, CLOSE) and the watchdog itself (the others) do."""

    NOTHING = 0
    SET_TIMER = 1
    SEND_DWR = 2
    SET_PENDING = 4
    CLEAR_PENDING = 8
    CLOSE = 16


class Transition(NamedTuple):
    """One row of the table."""

    state: WatchdogState
    event: WatchdogEvent
    actions: WatchdogAction
    next_state: WatchdogState


_S, _E, _A = WatchdogState, WatchdogEvent, WatchdogAction

TRANSITIONS: Final[tuple[Transition, ...]] = (
    # RFC 3539, 3.4.1, "INITIAL: connection up" and the rows of OKAY
    Transition(_S.INITIAL, _E.CONNECTION_UP, _A.SET_TIMER | _A.CLEAR_PENDING, _S.OKAY),
    Transition(_S.OKAY, _E.RECEIVED_DWA, _A.SET_TIMER | _A.CLEAR_PENDING, _S.OKAY),
    Transition(_S.OKAY, _E.RECEIVED_OTHER, _A.SET_TIMER, _S.OKAY),
    Transition(_S.OKAY, _E.EXPIRED, _A.SEND_DWR | _A.SET_TIMER | _A.SET_PENDING, _S.OKAY),
    Transition(_S.OKAY, _E.EXPIRED_PENDING, _A.SET_TIMER, _S.SUSPECT),  # Failover(): send no requests to it
    Transition(_S.OKAY, _E.CONNECTION_DOWN, _A.CLEAR_PENDING, _S.DOWN),
    # RFC 3539, 3.4.1, the rows of SUSPECT: any message fails back, the next expiry closes, pending or not
    Transition(_S.SUSPECT, _E.RECEIVED_DWA, _A.SET_TIMER | _A.CLEAR_PENDING, _S.OKAY),
    Transition(_S.SUSPECT, _E.RECEIVED_OTHER, _A.SET_TIMER, _S.OKAY),
    Transition(_S.SUSPECT, _E.EXPIRED, _A.CLOSE, _S.DOWN),
    Transition(_S.SUSPECT, _E.EXPIRED_PENDING, _A.CLOSE, _S.DOWN),
    Transition(_S.SUSPECT, _E.CONNECTION_DOWN, _A.CLEAR_PENDING, _S.DOWN),
)

_ROWS: Final = {(row.state, row.event): row for row in TRANSITIONS}


class Watchdog:
    """The watchdog of one connection; ``deadline_ms`` is when ``handle_timer`` shall be called (0 = never)."""

    def __init__(self, interval_ms: int) -> None:
        if interval_ms < MINIMUM_INTERVAL_MS:
            raise ValueError(f"a watchdog interval of {interval_ms} ms is under {MINIMUM_INTERVAL_MS} ms")
        self.interval_ms = interval_ms
        self.state = WatchdogState.INITIAL
        self.pending = False
        self.deadline_ms = 0
        self._setting_ms = interval_ms
        self._set_ms = 0

    def connection_up(self, now_ms: int, jitter_ms: int) -> WatchdogAction:
        """Begin, when the capabilities exchange has succeeded."""
        self._setting_ms = self.interval_ms + jitter_ms
        return self._apply(WatchdogEvent.CONNECTION_UP, now_ms)

    def connection_down(self) -> WatchdogAction:
        """End: the connection is gone."""
        return self._apply(WatchdogEvent.CONNECTION_DOWN, 0)

    def received(self, now_ms: int, *, watchdog_answer: bool) -> WatchdogAction:
        """Take notice of a message.

        For anything but a DWA this may be left out, see ``handle_timer``.
        """
        event = WatchdogEvent.RECEIVED_DWA if watchdog_answer else WatchdogEvent.RECEIVED_OTHER
        return self._apply(event, now_ms)

    def handle_timer(self, now_ms: int, received_ms: int, jitter_ms: int) -> WatchdogAction:
        """Do what is due at ``now_ms``; the last message of any kind came at ``received_ms``.

        Every message resets the timer. To spare each message that work, it is made good here.
        """
        if received_ms > self._set_ms:
            self._apply(WatchdogEvent.RECEIVED_OTHER, received_ms)
        if now_ms < self.deadline_ms:
            return WatchdogAction.NOTHING
        self._setting_ms = self.interval_ms + jitter_ms
        return self._apply(WatchdogEvent.EXPIRED_PENDING if self.pending else WatchdogEvent.EXPIRED, now_ms)

    def _apply(self, event: WatchdogEvent, now_ms: int) -> WatchdogAction:
        row = _ROWS.get((self.state, event))
        if row is None:
            return WatchdogAction.NOTHING
        self.state = row.next_state
        if row.actions & WatchdogAction.SET_PENDING:
            self.pending = True
        elif row.actions & WatchdogAction.CLEAR_PENDING:
            self.pending = False
        self._set_ms = now_ms
        self.deadline_ms = now_ms + self._setting_ms if row.actions & WatchdogAction.SET_TIMER else 0
        return row.actions
