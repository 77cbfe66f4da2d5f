"""Which updates of a session were served, beyond those whose answers it still keeps.

A gateway that lost its connection may repeat more requests than a session keeps answers. Such a repeat must not
charge its units a second time, although a lower CC-Request-Number that was not served yet is legal while
updates overlap (RFC 8506, 5.1.2). So a session remembers one bit for each of its last numbers.
"""

from typing import Final

from mypy_extensions import i64

from ocs.charging.session import ChargingSession
from protocol.codes import RETRANSMITTED_FLAG
from protocol.messages import UPDATE_REQUEST, CreditControlRequest

WINDOW: Final = 62
"""How many numbers are told apart: the bits of a number that a varint can carry."""

_ALL: Final = (1 << 62) - 1
_OLDEST: Final = 1 << 61
"""The bit of the oldest number, shifted down to make the others: compiled, a 1 shifted up has 32 bits."""


def was_served(session: ChargingSession, request: CreditControlRequest) -> bool:
    """Whether an update was served before. Older than the window, the T flag decides."""
    if request.request_type != UPDATE_REQUEST:
        return False
    behind = session.served_through - request.request_number
    if behind < 0:
        return False
    if behind >= WINDOW:
        return request.flags & RETRANSMITTED_FLAG != 0
    return (session.served >> behind) & 1 == 1


def mark_served(session: ChargingSession, request: CreditControlRequest) -> None:
    """Remember that an update is served."""
    if request.request_type != UPDATE_REQUEST:
        return
    ahead = request.request_number - session.served_through
    if ahead <= 0:
        if -ahead < WINDOW:
            session.served |= _OLDEST >> (WINDOW - 1 + ahead)
        return
    kept: i64 = 0
    if ahead < WINDOW:
        kept = (session.served << ahead) & _ALL
    session.served = kept | 1
    session.served_through = request.request_number
