"""Sending answers: counted, encoded, and handed to each connection in one write a turn."""

from mypy_extensions import i64

from ocs.charging.pending import Pending
from ocs.metrics import STAGE_TOTAL, ServerMetrics
from protocol.codes import CREDIT_CONTROL
from protocol.encode import Identity, encode_answer, encode_request_error
from protocol.handler import AnswerSink
from protocol.messages import CreditControlAnswer, CreditControlRequest
from protocol.result_codes import TOO_BUSY


class Answering:
    """The answers of the current turn of the event loop, by connection."""

    def __init__(self, identity: Identity, metrics: ServerMetrics) -> None:
        self.identity = identity
        self.metrics = metrics
        self._outgoing: dict[AnswerSink, list[bytes]] = {}

    def answer(self, pending: Pending, answer: CreditControlAnswer, now_us: i64) -> None:
        """Answer a request; the expiry of a session has nobody to tell."""
        request = pending.request
        connection = pending.connection
        if request is None or connection is None:
            return
        metrics = self.metrics
        for part in answer.services:
            if part.granted_kind != 0:
                metrics.grants += 1
                if part.final_unit_action >= 0:
                    metrics.final_grants += 1
        metrics.count_answer(CREDIT_CONTROL, request.request_type, answer.result_code)
        metrics.record_stage(STAGE_TOTAL, now_us - pending.received_us)
        self._send(connection, encode_answer(self.identity, request, answer))

    def too_busy(self, request: CreditControlRequest, connection: AnswerSink) -> None:
        """Refuse a request with 3004; its client's failure handling decides (RFC 8506, 5.7)."""
        self.metrics.count_answer(CREDIT_CONTROL, request.request_type, TOO_BUSY)
        self._send(connection, encode_request_error(self.identity, request, TOO_BUSY, b"", ""))

    def flush(self) -> None:
        """Hand each connection its answers."""
        if self._outgoing:
            outgoing = self._outgoing
            self._outgoing = {}
            for connection, answers in outgoing.items():
                connection.answers(answers)

    def _send(self, connection: AnswerSink, octets: bytes) -> None:
        waiting = self._outgoing.get(connection)
        if waiting is None:
            self._outgoing[connection] = [octets]
        else:
            waiting.append(octets)
