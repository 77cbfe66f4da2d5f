"""The responder's half of the peer state machine (RFC 6733, 5.6), without I/O. HOT PATH: compiled.

WAIT_CER -> (HELD ->) OPEN -> CLOSING -> CLOSED. The way of a CCR is in ``protocol.peer``.
"""

from abc import ABC, abstractmethod
from typing import Final

from librt.strings import read_i32_be
from mypy_extensions import i64, mypyc_attr

from protocol import codes
from protocol.base_messages import (
    CapabilitiesRequest,
    check_dpr,
    check_dwr,
    encode_answer,
    encode_cea,
    encode_dpr,
    encode_dwr,
    parse_cer,
)
from protocol.encode import encode_error
from protocol.header_check import header_problem
from protocol.local_node import LocalNode
from protocol.messages import Issue
from protocol.result_codes import TOO_BUSY
from protocol.traffic import Traffic
from protocol.watchdog import Watchdog, WatchdogAction

WAIT_CER: Final = 0
HELD: Final = 1
OPEN: Final = 2
CLOSING: Final = 3
CLOSED: Final = 4

STATE_NAMES: Final = ("wait-cer", "held", "open", "closing", "closed")


@mypyc_attr(allow_interpreted_subclasses=True)
class Admission(ABC):
    """Decides which connections may be open: one of each peer."""

    @abstractmethod
    def arrived(self, connection: "PeerStateMachine", request: CapabilitiesRequest, now_ms: i64) -> None:
        """Accept, hold or reject a connection whose CER has come."""

    @abstractmethod
    def probe_answered(self, connection: "PeerStateMachine", now_ms: i64) -> None:
        """Learn that a probed connection is alive."""

    @abstractmethod
    def probe_expired(self, connection: "PeerStateMachine", now_ms: i64) -> None:
        """Learn that this held connection has waited long enough."""

    @abstractmethod
    def closed(self, connection: "PeerStateMachine", now_ms: i64) -> None:
        """Learn that a connection is gone; called once for every connection."""


class PeerStateMachine:
    """The state of a connection that a peer opened.

    ``secure``: it runs over TLS. ``jitter_ms`` is the first of the watchdog's random jitters (RFC 3539, 3.4.1).
    """

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
        self.node = node
        self.remote_address = remote_address
        self.local_address = local_address
        self.secure = secure
        self.state: i64 = WAIT_CER
        self.since_ms = now_ms
        self.received_ms = now_ms
        self.origin_host = b""
        self.origin_realm = b""
        self.origin_state_id: i64 = 0
        self.traffic = Traffic()
        self.watchdog = Watchdog(node.watchdog_interval_ms)
        self.output: list[bytes] = []
        self._admission = admission
        self._deadline_ms: i64 = now_ms + node.capabilities_timeout_ms
        self._jitter_ms = jitter_ms
        self._capabilities_request: CapabilitiesRequest | None = None
        self._hop_by_hop: i64 = 0
        self._awaited: dict[int, int] = {}
        self._probe: i64 = -1

    # -- the front's side ---------------------------------------------------------------------------------

    def data_to_send(self) -> bytes:
        """Give, once, the octets that are to be sent now."""
        if not self.output:
            return b""
        data = b"".join(self.output)
        self.output = []
        return data

    def next_timer(self) -> i64:
        """Tell the millisecond at which ``handle_timer`` shall be called, 0 for none."""
        return self._deadline_ms

    def handle_timer(self, now_ms: i64, jitter_ms: i64) -> None:
        """Do what is due; calling it too early does nothing."""
        if self._deadline_ms == 0 or now_ms < self._deadline_ms:
            return
        if self.state == OPEN:
            self._handle_watchdog(now_ms, jitter_ms)
        elif self.state == HELD:
            self._deadline_ms = 0
            self._admission.probe_expired(self, now_ms)
        else:
            self.close(now_ms)

    def disconnect(self, cause: i64, now_ms: i64) -> None:
        """Part from an open peer with a DPR; what is not open yet closes at once (RFC 6733, 5.4)."""
        if self.state == OPEN:
            self.output.append(encode_dpr(self.node, self._await_answer(codes.DISCONNECT_PEER), cause))
            self.traffic.dpr_sent += 1
            self._begin_closing(now_ms)
        elif self.state != CLOSING:
            self.close(now_ms)

    def close(self, now_ms: i64) -> None:
        """End the connection: the socket is gone, or shall go when what is left was sent."""
        if self.state == CLOSED:
            return
        self.state = CLOSED
        self.since_ms = now_ms
        self._deadline_ms = 0
        self.watchdog.connection_down()
        self._admission.closed(self, now_ms)

    # -- the admission's side -----------------------------------------------------------------------------

    def accept(self, now_ms: i64) -> None:
        """Answer the CER with success and open."""
        self._answer_cer(None)
        self.state = OPEN
        self.since_ms = now_ms
        self.watchdog.connection_up(now_ms, self._jitter_ms)
        self._deadline_ms = self.watchdog.deadline_ms

    def hold(self, until_ms: i64) -> None:
        """Leave the CER unanswered until it is known whether the peer's older connection still lives."""
        self.state = HELD
        self._deadline_ms = until_ms

    def reject(self, issue: Issue, now_ms: i64) -> None:
        """Answer the CER with an error and close."""
        self._answer_cer(issue)
        self.close(now_ms)

    def probe(self) -> None:
        """Ask for a sign of life now; the DWA to this very request is reported to the admission."""
        if self._probe < 0:
            self._probe = self._send_dwr()

    # -- messages other than a CCR for an open peer -------------------------------------------------------

    def receive_other(self, message: bytes, now_ms: i64) -> None:
        """Take a whole message."""
        command = i64(read_i32_be(message, 4)) & 0xFFFFFF
        is_request = message[4] & codes.REQUEST_FLAG != 0
        if self.state == HELD or (
            self.state == WAIT_CER and not (is_request and command == codes.CAPABILITIES_EXCHANGE)
        ):
            self.close(now_ms)  # RFC 6733, 5.6: nothing may come before the exchange of capabilities is over
        elif is_request:
            self._receive_request(message, command, now_ms)
        else:
            self._receive_answer(message, command, now_ms)

    def refuse(self, message: bytes, issue: Issue) -> None:
        """Answer a request of any command with an error."""
        self.traffic.refuse(issue.result_code)
        answer = encode_error(
            self.node.identity, message, issue.result_code, issue.failed_avp, issue.error_message
        )
        self.output.append(answer)

    def _receive_request(self, message: bytes, command: i64, now_ms: i64) -> None:
        problem = header_problem(message)
        if problem is not None:
            self.traffic.other_received += 1
            self.refuse(message, problem)
            if self.state == WAIT_CER:
                self.close(now_ms)
        elif command == codes.CAPABILITIES_EXCHANGE:
            self._receive_cer(message, now_ms)
        elif command == codes.DEVICE_WATCHDOG:
            self.traffic.dwr_received += 1
            self.traffic.dwa_sent += 1
            self._answer(message, check_dwr(message))
        elif command == codes.DISCONNECT_PEER:
            self._receive_dpr(message, now_ms)
        else:
            self.traffic.ccr_received += 1
            self.traffic.cca_sent += 1
            self.refuse(message, Issue(TOO_BUSY, b"", "this connection is closing"))

    def _receive_cer(self, message: bytes, now_ms: i64) -> None:
        self.traffic.cer_received += 1
        request = parse_cer(message)
        self._capabilities_request = request
        if self.state == WAIT_CER:
            self.origin_host = request.origin_host
            self.origin_realm = request.origin_realm
            self.origin_state_id = request.origin_state_id
            self._admission.arrived(self, request, now_ms)
        else:
            # RFC 6733, 5.6 has no event for a CER on an open connection; RFC 3588 answered it, and so do we
            self._answer_cer(request.issue)

    def _receive_dpr(self, message: bytes, now_ms: i64) -> None:
        self.traffic.dpr_received += 1
        self.traffic.dpa_sent += 1
        issue = check_dpr(message)
        self._answer(message, issue)
        if issue is None and self.state == OPEN:
            self._begin_closing(now_ms)  # whoever gets the DPA closes; we only see to it (RFC 6733, 5.4.3)

    def _answer_cer(self, issue: Issue | None) -> None:
        request = self._capabilities_request
        if request is None:
            return
        self._capabilities_request = None
        self.output.append(encode_cea(self.node, self.local_address, request.message, issue))
        self.traffic.cea_sent += 1
        if issue is not None:
            self.traffic.refuse(issue.result_code)

    def _answer(self, message: bytes, issue: Issue | None) -> None:
        self.output.append(encode_answer(self.node, message, issue))
        if issue is not None:
            self.traffic.refuse(issue.result_code)

    # -- requests of our own and their answers ------------------------------------------------------------

    def _await_answer(self, command: i64) -> i64:
        """Give the Hop-by-Hop identifier of a request of our own, and remember it."""
        self._hop_by_hop += 1
        self._awaited[self._hop_by_hop] = command
        return self._hop_by_hop

    def _send_dwr(self) -> i64:
        hop_by_hop = self._await_answer(codes.DEVICE_WATCHDOG)
        self.output.append(encode_dwr(self.node, hop_by_hop))
        self.traffic.dwr_sent += 1
        return hop_by_hop

    def _receive_answer(self, message: bytes, command: i64, now_ms: i64) -> None:
        """Take an answer; what answers no request of ours is dropped silently (RFC 6733, 6.2.1)."""
        hop_by_hop = i64(read_i32_be(message, 12)) & 0xFFFFFFFF
        if self._awaited.get(hop_by_hop, -1) != command:
            self.traffic.other_received += 1
            return
        del self._awaited[hop_by_hop]
        if command == codes.DISCONNECT_PEER:
            self.traffic.dpa_received += 1
            self.close(now_ms)
            return
        self.traffic.dwa_received += 1
        if self.state == OPEN:
            self.watchdog.received(now_ms, watchdog_answer=True)
            self._deadline_ms = self.watchdog.deadline_ms
        if hop_by_hop == self._probe:
            self._probe = -1
            self._admission.probe_answered(self, now_ms)

    def _handle_watchdog(self, now_ms: i64, jitter_ms: i64) -> None:
        actions = self.watchdog.handle_timer(now_ms, self.received_ms, jitter_ms)
        self._deadline_ms = self.watchdog.deadline_ms
        if actions & WatchdogAction.SEND_DWR:
            self._send_dwr()
        if actions & WatchdogAction.CLOSE:
            self.close(now_ms)

    def _begin_closing(self, now_ms: i64) -> None:
        self.state = CLOSING
        self.since_ms = now_ms
        self._deadline_ms = now_ms + self.node.closing_timeout_ms
