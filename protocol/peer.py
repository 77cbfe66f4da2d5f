"""One connection to a peer, without I/O: octets and time in, requests and octets out. HOT PATH: compiled.

The contract with the front that owns the socket: after every call of ``receive``, ``handle_timer`` or
``disconnect`` it sends ``data_to_send()``, closes the socket once ``state`` is CLOSED, does the same for every
connection that the admission names as changed, and calls ``handle_timer`` when ``next_timer()`` is reached.
"""

from typing import Final

from librt.strings import read_i32_be
from mypy_extensions import i64

from protocol import codes
from protocol.decode import RequestDecoder
from protocol.encode import encode_issue
from protocol.framing import MessageFramer
from protocol.local_node import LocalNode
from protocol.messages import CreditControlRequest, Issue
from protocol.peer_state import CLOSED, CLOSING, OPEN, Admission, PeerStateMachine
from protocol.refusal import UnreadRequest
from protocol.result_codes import INVALID_MESSAGE_LENGTH, REALM_NOT_SERVED, UNABLE_TO_DELIVER

_VERSION_1: Final = 1
_COMMAND_AND_FLAGS: Final = 0xE0FFFFFF
"""Of the header's second word: the flags R, P and E, and the Command Code. The other bits never matter."""
_CREDIT_CONTROL_REQUEST: Final = 0xC0000110


class PeerConnection(PeerStateMachine):
    """A connection that a peer opened: cuts the stream, answers for the connection, hands out CCRs."""

    def __init__(
        self,
        node: LocalNode,
        admission: Admission,
        remote_address: str,
        local_address: str,
        secure: bool,
        now_ms: i64,
        jitter_ms: i64,
    ) -> None:
        super().__init__(node, admission, remote_address, local_address, secure, now_ms, jitter_ms)
        self._identity = node.identity
        self._origin_host = node.identity.origin_host.lower()
        self._served_realms = node.served_realms
        self._intake = node.intake
        self._framer = MessageFramer(node.max_message_octets)
        self._decoder = RequestDecoder()
        self._own_host = b""
        self._own_realm: bytes | None = None

    def receive(self, data: bytes, now_ms: i64) -> list[CreditControlRequest]:
        """Take octets as they came from the socket; give the credit-control requests that shall be answered.

        Never raises, whatever the octets are: what is wrong is answered (RFC 6733, 7) or ends the connection.
        """
        requests: list[CreditControlRequest] = []
        if self.state == CLOSED:
            return requests
        framer = self._framer
        framer.feed(data)
        while framer.next():
            self.received_ms = now_ms
            octets = framer.data
            at = framer.start
            word = i64(read_i32_be(octets, at + 4)) & _COMMAND_AND_FLAGS
            if (
                self.state == OPEN
                and word == _CREDIT_CONTROL_REQUEST
                and octets[at] == _VERSION_1
                and read_i32_be(octets, at + 8) == codes.CREDIT_CONTROL_APPLICATION
            ):
                self.traffic.ccr_received += 1
                if self._intake.room <= 0 and self._refuse_unread(framer.message()):
                    continue
                request = self._decoder.decode(octets, at, framer.end)
                if request.issue is None and self._is_for_us(request):
                    requests.append(request)
                    if self._intake.room > 0:
                        self._intake.room -= 1
                else:
                    self._refuse(request)
            else:
                self.receive_other(framer.message(), now_ms)
                if self.state == CLOSED:
                    return requests
        if self._framer.lost:
            self._lose_framing(now_ms)
        return requests

    def _is_for_us(self, request: CreditControlRequest) -> bool:
        """Check the destination; sets the issue when we are not it, since we do not relay (RFC 6733, 6.1.4).

        The decoder gives the same text as the same object: what was ours once need not be looked up again.
        """
        host = request.destination_host
        if host is not self._own_host:
            if host and host != self._origin_host and host.lower() != self._origin_host:
                message = "Destination-Host is another server, and nothing is relayed"
                request.issue = Issue(UNABLE_TO_DELIVER, b"", message)
                return False
            self._own_host = host
        realm = request.destination_realm
        if realm is not self._own_realm:
            if realm not in self._served_realms and realm.lower() not in self._served_realms:
                request.issue = Issue(REALM_NOT_SERVED, b"", "Destination-Realm is not served here")
                return False
            self._own_realm = realm
        return True

    def _refuse(self, request: CreditControlRequest) -> None:
        issue = request.issue
        if issue is not None:
            self.traffic.refuse(issue.result_code)
            self.traffic.cca_sent += 1
            self.output.append(encode_issue(self._identity, request, issue))

    def _refuse_unread(self, message: bytes) -> bool:
        """Answer 3004 at the least cost; false where what the peer got wrong is in the way."""
        unread = UnreadRequest(message)
        if not unread.find():
            return False
        self.traffic.cca_sent += 1
        self._intake.refused(unread.request_type)
        self.output.append(unread.answer(self._identity.too_busy_avps))
        return True

    def _lose_framing(self, now_ms: i64) -> None:
        """End the connection whose octets can not be cut any more; say so to what looks like a request."""
        header = self._framer.lost_header
        if self.state in (OPEN, CLOSING) and header[4] & codes.REQUEST_FLAG:
            self.refuse(header, Issue(INVALID_MESSAGE_LENGTH, b"", "the Message Length can not be right"))
        self.close(now_ms)
