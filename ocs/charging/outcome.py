"""What was decided: the answer, and what is to be stored."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from balance.account import Account
from ocs.charging.policy import ChargingPolicy
from ocs.charging.served import mark_served
from ocs.charging.session import ChargingSession
from ocs.charging.stored_answer import pack_answer
from ocs.charging.turn import Turn
from protocol.messages import CreditControlAnswer, CreditControlRequest


@mypyc_attr(acyclic=True)
class Decision:
    """What to answer and what to store.

    ``account`` and ``session`` are the new states, None where unchanged. A decision without changes that is
    not a ``replayed`` answer still depends on the states it read: they must be compared before it is sent.
    """

    def __init__(self, answer: CreditControlAnswer, records: tuple[bytes, ...]) -> None:
        self.answer = answer
        self.replayed = False
        self.account: Account | None = None
        self.session: ChargingSession | None = None
        self.records = records
        self.opened = False
        self.closed = False


def refusal(result_code: i64, failed_avp: bytes, error_message: str) -> Decision:
    """An answer that is no success, and nothing to store."""
    answer = CreditControlAnswer(result_code)
    answer.failed_avp = failed_avp
    answer.error_message = error_message
    return Decision(answer, ())


def changed(request: CreditControlRequest, turn: Turn, answer: CreditControlAnswer, now_ms: i64) -> Decision:
    """What the turn changed, to be stored with its answer for a repeat of the request."""
    session = turn.session
    if session.requests == 0:
        session.first_request = request.request_number
    session.last_request = request.request_number
    session.requests += 1
    session.last_ms = now_ms
    session.deadline_ms = now_ms + 1000 * _supervision_s(session, turn.policy)
    mark_served(session, request)
    session.keep_answer(pack_answer(request, answer))
    decision = Decision(answer, turn.records)
    decision.account = turn.account
    decision.session = session
    return decision


def _supervision_s(session: ChargingSession, policy: ChargingPolicy) -> i64:
    longest: i64 = 0
    for index in range(session.service_count()):
        service = session.service_at(index)
        if service.granted > 0 and service.validity_time_s > longest:
            longest = service.validity_time_s
    if longest == 0:
        return policy.session_without_grant_s
    return longest * policy.tcc_factor
