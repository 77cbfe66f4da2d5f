"""The texts and identities of a request's command level, most of which all requests of a client repeat.

What follows the Session-Id is mostly the same in request after request: who sends it, to whom, and what for
(RFC 8506, 3.1). Where it is octet for octet what a good request had there, it is not read again.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from protocol.cardinality import ONCE_IN_COMMAND, ONCE_IN_COMMAND_3GPP, seen_bit
from protocol.codes import (
    AUTH_APPLICATION_ID,
    CALLED_STATION_ID,
    DESTINATION_HOST,
    DESTINATION_REALM,
    ORIGIN_HOST,
    ORIGIN_REALM,
    SERVICE_CONTEXT_ID,
    SESSION_ID,
)
from protocol.messages import CreditControlRequest
from protocol.unit_walk import UnitWalk

HEADS_LEARNT: Final = 100
"""So many heads are learnt of one connection: those of a relay, whose clients take turns, seldom repeat."""

NOWHERE: Final = -1
_IN_HEAD: Final = 5


@mypyc_attr(acyclic=True)
class HeadWalk(UnitWalk):
    """A walk over the requests of one connection. The texts that all of them repeat are one object each.

    ``seen`` has the bits of the AVPs of the command level that were read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.request = CreditControlRequest()
        self.seen: i64 = 0
        self.last_origin_host = b""
        self.last_origin_realm = b""
        self.last_destination_host = b""
        self.last_destination_realm = b""
        self.last_context = b""
        self._head = b""
        self._head_seen: i64 = 0
        self._head_at: i64 = NOWHERE
        self._heads_learnt: i64 = 0

    def begin_head(self, request: CreditControlRequest) -> None:
        """Begin with the next request."""
        self.request = request
        self.seen = 0
        self._head_at = NOWHERE

    def behind_head(self, at: i64, end: i64) -> i64:
        """Go past what follows the first AVP where it is what was learnt; where to read on."""
        size: i64 = len(self._head)
        known = 0 < size <= end - at and self.seen & self._head_seen == 0
        if not known or self.message[at : at + size] != self._head:
            self._head = b""
            self._head_at = at
            return at
        request = self.request
        request.origin_host = self.last_origin_host
        request.origin_realm = self.last_origin_realm
        request.destination_realm = self.last_destination_realm
        request.service_context_id = self.last_context
        self.seen |= self._head_seen
        return at + size

    def learn_head(self, end: i64) -> None:
        """Remember the head of a good request that was read in whole, where it lies together."""
        at = self._head_at
        if at < 0 or self._heads_learnt >= HEADS_LEARNT:
            return
        self._heads_learnt += 1
        seen: i64 = 0
        for _ in range(_IN_HEAD):
            at = self.read(at, end)
            if at < 0 or not _is_of_head(self.key):
                return
            seen |= seen_bit(ONCE_IN_COMMAND, ONCE_IN_COMMAND_3GPP, self.key)
        self._head = self.message[self._head_at : at]
        self._head_seen = seen

    def read_octets(self) -> None:
        """Take the text or identity of the command level that was just read."""
        key = self.key
        request = self.request
        if key == SESSION_ID:
            request.session_id = self.message[self.data_at : self.data_end]
        elif key == ORIGIN_HOST:
            self.last_origin_host = request.origin_host = self.octets_like(self.last_origin_host)
        elif key == ORIGIN_REALM:
            self.last_origin_realm = request.origin_realm = self.octets_like(self.last_origin_realm)
        elif key == DESTINATION_REALM:
            self.last_destination_realm = self.octets_like(self.last_destination_realm)
            request.destination_realm = self.last_destination_realm
        elif key == SERVICE_CONTEXT_ID:
            self.last_context = request.service_context_id = self.octets_like(self.last_context)
        elif key == DESTINATION_HOST:
            self.last_destination_host = self.octets_like(self.last_destination_host)
            request.destination_host = self.last_destination_host
        elif key == CALLED_STATION_ID:
            self.last_apn = request.called_station_id = self.octets_like(self.last_apn)


def _is_of_head(key: i64) -> bool:
    """Whether an AVP is one that all requests of a client to a service have alike."""
    return (
        key == ORIGIN_HOST  # noqa: PLR1714  (a set boxes the key)
        or key == ORIGIN_REALM
        or key == DESTINATION_REALM
        or key == AUTH_APPLICATION_ID
        or key == SERVICE_CONTEXT_ID
    )
