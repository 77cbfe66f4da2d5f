"""The credit-control decision: request, session, account, catalogue and time in; answer and changes out.

No clock, no randomness, no I/O. What it is given it leaves untouched: the decision holds changed copies, so
that it can be thrown away and made again (RFC 8506, 7, table 6; TS 32.299, 6.3-6.5).
"""

from __future__ import annotations

from mypy_extensions import i64

from balance.account import Account
from balance.subscriber import Subscriber
from ocs.charging.attributes import circumstances_told
from ocs.charging.failed_avp import mscc_octets, number_avp
from ocs.charging.outcome import Decision, changed, refusal
from ocs.charging.policy import ChargingPolicy
from ocs.charging.served import was_served
from ocs.charging.service_closing import close_services
from ocs.charging.service_rating import rate_services, report
from ocs.charging.session import CLOSED, OPEN, ChargingSession
from ocs.charging.session_opening import enter_periods, open_session
from ocs.charging.stored_answer import find_answer, unpack_answer
from ocs.charging.turn import Turn, plan_of
from ocs.charging.usage import MAX_REPORTED_UNITS
from protocol import codes
from protocol.messages import (
    EVENT_REQUEST,
    INITIAL_REQUEST,
    TERMINATION_REQUEST,
    CreditControlAnswer,
    CreditControlRequest,
    MultipleServicesCreditControl,
)
from protocol.result_codes import (
    INVALID_AVP_VALUE,
    RATING_FAILED,
    SUCCESS,
    UNABLE_TO_COMPLY,
    UNKNOWN_SESSION_ID,
)
from rating.catalogue import Catalogue


def decide(
    request: CreditControlRequest,
    session: ChargingSession | None,
    subscriber: Subscriber | None,
    account: Account | None,
    catalogue: Catalogue,
    policy: ChargingPolicy,
    now_ms: i64,
) -> Decision:
    """Decide one CCR that has no protocol issue.

    ``session`` is the stored session of its Session-Id, open or closed. ``subscriber`` matters for a CCR-I
    only; ``account`` is the session's or the subscriber's.
    """
    if session is not None:
        stored = find_answer(session.answers, request)
        if stored is not None:
            repeated = Decision(unpack_answer(stored), ())
            repeated.replayed = True
            return repeated
    for mscc in request.services:
        if _absurd(mscc):
            return refusal(
                INVALID_AVP_VALUE, mscc_octets(mscc), "Used-Service-Unit is beyond any session's usage"
            )
    if request.request_type == EVENT_REQUEST:
        return refusal(
            RATING_FAILED,
            number_avp(codes.CC_REQUEST_TYPE, EVENT_REQUEST),
            "no event service is charged here",
        )
    if request.request_type == INITIAL_REQUEST:
        return open_session(request, session, subscriber, account, catalogue, policy, now_ms)
    if session is None or session.state != OPEN:
        return refusal(UNKNOWN_SESSION_ID, b"", "")
    if account is None:
        return refusal(UNABLE_TO_COMPLY, b"", "the session's account is gone")
    turn = Turn(
        account.copy(), session.copy(), plan_of(session, account.currency, catalogue, now_ms), catalogue, policy
    )
    if turn.plan.bundles or turn.plan.fees:
        enter_periods(turn, False, now_ms)
    turn.session.circumstances = circumstances_told(request, session.circumstances)
    turn.charged_before = was_served(session, request)
    if request.request_type == TERMINATION_REQUEST:
        return _termination(request, turn, now_ms)
    return _update(request, turn, now_ms)


def expire(
    session: ChargingSession,
    account: Account | None,
    catalogue: Catalogue,
    policy: ChargingPolicy,
    now_ms: i64,
) -> Decision:
    """Give up an open session whose gateway has vanished: all it holds goes back (RFC 8506, 7: Tcc expiry)."""
    decision = Decision(CreditControlAnswer(SUCCESS), ())
    closing = session.copy()
    if account is not None:
        turn = Turn(
            account.copy(), closing, plan_of(session, account.currency, catalogue, now_ms), catalogue, policy
        )
        close_services(turn, "expired", now_ms)
        decision.account = turn.account
        decision.records = turn.records
    closing.state = CLOSED
    decision.session = closing
    decision.closed = True
    return decision


def _update(request: CreditControlRequest, turn: Turn, now_ms: i64) -> Decision:
    answer = CreditControlAnswer(SUCCESS)
    rate_services(request, turn, answer, now_ms)
    return changed(request, turn, answer, now_ms)


def _termination(request: CreditControlRequest, turn: Turn, now_ms: i64) -> Decision:
    answer = CreditControlAnswer(SUCCESS)
    for mscc in request.services:
        if mscc.used:
            service = turn.session.service_for_change(mscc.rating_group, mscc.service_identifier, now_ms)
            report(request, turn, service, mscc, turn.terms(mscc, now_ms), None, now_ms)
    close_services(turn, "normal", now_ms)
    turn.session.state = CLOSED
    decision = changed(request, turn, answer, now_ms)
    decision.closed = True
    return decision


def _absurd(mscc: MultipleServicesCreditControl) -> bool:
    return (
        mscc.used_octets > MAX_REPORTED_UNITS
        or mscc.used_input_octets > MAX_REPORTED_UNITS
        or mscc.used_output_octets > MAX_REPORTED_UNITS
        or mscc.used_specific_units > MAX_REPORTED_UNITS
    )
