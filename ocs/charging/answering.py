"""Sending answers: encoded, counted, and handed to each connection in one write a turn.

A fault of ours in one answer costs that answer alone: its change is durable and the others' must be heard.
"""

from collections.abc import Callable

from mypy_extensions import i64

from ocs.charging.pending import Pending
from ocs.metrics import STAGE_TOTAL, ServerMetrics
from protocol.codes import CREDIT_CONTROL
from protocol.encode import Identity, encode_answer, encode_request_error
from protocol.handler import AnswerSink
from protocol.messages import CreditControlAnswer, CreditControlRequest
from protocol.result_codes import TOO_BUSY, UNABLE_TO_COMPLY


class Answering:
    """The answers of the current turn of the event loop, by connection.

    ``log_failure`` is told the reason and the Session-Id of an answer that failed.
    """

    def __init__(
        self, identity: Identity, metrics: ServerMetrics, log_failure: Callable[[str, bytes], None]
    ) -> None:
        self.identity = identity
        self.metrics = metrics
        self._log_failure = log_failure
        self._outgoing: dict[AnswerSink, list[bytes]] = {}
        self._latest: AnswerSink | None = None
        self._latest_answers: list[bytes] = []

    def answer(self, pending: Pending, answer: CreditControlAnswer, now_us: i64) -> None:
        """Answer a request, 5012 where its answer can not be encoded; an expiry has nobody to tell."""
        request = pending.request
        connection = pending.connection
        if request is None or connection is None:
            return
        metrics = self.metrics
        metrics.record_stage(STAGE_TOTAL, now_us - pending.received_us)
        try:
            octets = encode_answer(self.identity, request, answer)
        except Exception as error:  # noqa: BLE001 - a fault of ours fails one answer, never the batch
            metrics.failed_decisions += 1
            self._log_failure(repr(error), request.session_id)
            self._refuse(request, connection, UNABLE_TO_COMPLY)
            return
        for part in answer.services:
            if part.granted_kind != 0:
                metrics.grants += 1
                if part.final_unit_action >= 0:
                    metrics.final_grants += 1
        metrics.count_answer(CREDIT_CONTROL, request.request_type, answer.result_code)
        self._send(connection, octets)

    def too_busy(self, request: CreditControlRequest, connection: AnswerSink) -> None:
        """Refuse a request with 3004; its client's failure handling decides (RFC 8506, 5.7)."""
        self._refuse(request, connection, TOO_BUSY)

    def _refuse(self, request: CreditControlRequest, connection: AnswerSink, result_code: i64) -> None:
        self.metrics.count_answer(CREDIT_CONTROL, request.request_type, result_code)
        self._send(connection, encode_request_error(self.identity, request, result_code, b"", ""))

    def flush(self) -> None:
        """Hand each connection its answers; one that raises keeps no other from its own."""
        if self._outgoing:
            outgoing = self._outgoing
            self._outgoing = {}
            self._latest = None
            for connection, answers in outgoing.items():
                try:
                    connection.answers(answers)
                except Exception as error:  # noqa: BLE001 - a fault of one connection is its own
                    self.metrics.failed_decisions += len(answers)
                    self._log_failure(repr(error), b"")

    def _send(self, connection: AnswerSink, octets: bytes) -> None:
        if connection is not self._latest:
            self._latest = connection
            self._latest_answers = self._outgoing.setdefault(connection, [])
        self._latest_answers.append(octets)
