"""The credit-control decision: request, session, account, catalogue and time in; answer and changes out.

No clock, no randomness, no I/O. What it is given it leaves untouched: the decision holds changed copies, so
that it can be thrown away and made again (RFC 8506, 7, table 6; TS 32.299, 6.3-6.5).
"""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from balance.account import Account
from balance.subscriber import BARRED, Subscriber
from ocs.charging.attributes import circumstances_told
from ocs.charging.failed_avp import mscc_octets, number_avp, octets_avp
from ocs.charging.fees import take_fees
from ocs.charging.gifts import give_loyalty
from ocs.charging.policy import ChargingPolicy
from ocs.charging.renewal import renew_buckets
from ocs.charging.served import mark_served, was_served
from ocs.charging.session import CLOSED, OPEN, UNTOLD, ChargingSession, SessionIdentity
from ocs.charging.stored_answer import find_answer, pack_answer, unpack_answer
from ocs.charging.turn import Turn, close_services, plan_of, rate_services, report
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
    CREDIT_CONTROL_NOT_APPLICABLE,
    END_USER_SERVICE_DENIED,
    INVALID_AVP_VALUE,
    RATING_FAILED,
    SUCCESS,
    UNABLE_TO_COMPLY,
    UNKNOWN_SESSION_ID,
    USER_UNKNOWN,
)
from rating.catalogue import POSTPAID, PREPAID, Catalogue, Plan


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
            return _refusal(
                INVALID_AVP_VALUE, mscc_octets(mscc), "Used-Service-Unit is beyond any session's usage"
            )
    if request.request_type == EVENT_REQUEST:
        return _refusal(
            RATING_FAILED,
            number_avp(codes.CC_REQUEST_TYPE, EVENT_REQUEST),
            "no event service is charged here",
        )
    if request.request_type == INITIAL_REQUEST:
        return _initial(request, session, subscriber, account, catalogue, policy, now_ms)
    if session is None or session.state != OPEN:
        return _refusal(UNKNOWN_SESSION_ID, b"", "")
    if account is None:
        return _refusal(UNABLE_TO_COMPLY, b"", "the session's account is gone")
    turn = Turn(
        account.copy(), session.copy(), plan_of(session, account.currency, catalogue, now_ms), catalogue, policy
    )
    if turn.plan.bundles or turn.plan.fees:
        _enter_periods(turn, False, now_ms)
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


def _initial(
    request: CreditControlRequest,
    session: ChargingSession | None,
    subscriber: Subscriber | None,
    account: Account | None,
    catalogue: Catalogue,
    policy: ChargingPolicy,
    now_ms: i64,
) -> Decision:
    if session is not None and (session.state == OPEN or session.records > 0):
        return _refusal(UNABLE_TO_COMPLY, b"", "this Session-Id has been used already")
    if request.called_station_id.lower() in catalogue.emergency_apns:
        return _refusal(CREDIT_CONTROL_NOT_APPLICABLE, b"", "")
    service = catalogue.service_of(request.service_context_id)
    if not service:
        return _refusal(
            RATING_FAILED,
            octets_avp(codes.SERVICE_CONTEXT_ID, request.service_context_id),
            "Service-Context-Id is not charged here",
        )
    if subscriber is None:
        return _refusal(USER_UNKNOWN, b"", "")
    plan = catalogue.plan_at(subscriber.plan_id, now_ms)
    if account is None or plan is None or plan.currency != account.currency:
        return _refusal(UNABLE_TO_COMPLY, b"", "the subscriber's account and plan do not go together")
    opening = ChargingSession(_identity(request, subscriber, service, plan), now_ms)
    if session is not None:
        opening.version = session.version
        opening.answers = session.answers
        opening.answer_count = session.answer_count
        opening.records = session.records
    opening.circumstances = circumstances_told(request, UNTOLD)
    turn = Turn(account.copy(), opening, plan, catalogue, policy)
    paid: Account | None = None
    if (plan.bundles or plan.fees) and subscriber.status != BARRED:
        _enter_periods(turn, True, now_ms)
        if turn.records:
            paid = turn.account.copy()
    fees = turn.records
    if plan.bonuses:
        give_loyalty(turn.account, plan.bonuses, subscriber.activated_ms, now_ms)
    if subscriber.status == BARRED:
        return _rejected(request, turn, CreditControlAnswer(END_USER_SERVICE_DENIED), None, fees, now_ms)
    answer = CreditControlAnswer(SUCCESS)
    rate_services(request, turn, answer, now_ms)
    if answer.result_code != SUCCESS or (request.services and not _any_service_succeeded(answer)):
        failure = answer.services[0]
        refused = CreditControlAnswer(failure.result_code)
        refused.failed_avp = answer.failed_avp
        refused.error_message = answer.error_message
        return _rejected(request, turn, refused, paid, fees, now_ms)
    answer.session_failover = policy.session_failover
    answer.failure_handling = policy.failure_handling
    decision = _changed(request, turn, answer, now_ms)
    decision.opened = True
    return decision


def _update(request: CreditControlRequest, turn: Turn, now_ms: i64) -> Decision:
    answer = CreditControlAnswer(SUCCESS)
    rate_services(request, turn, answer, now_ms)
    return _changed(request, turn, answer, now_ms)


def _termination(request: CreditControlRequest, turn: Turn, now_ms: i64) -> Decision:
    answer = CreditControlAnswer(SUCCESS)
    for mscc in request.services:
        if mscc.used:
            service = turn.session.service_for_change(mscc.rating_group, mscc.service_identifier, now_ms)
            report(request, turn, service, mscc, turn.terms(mscc, now_ms), None, now_ms)
    close_services(turn, "normal", now_ms)
    turn.session.state = CLOSED
    decision = _changed(request, turn, answer, now_ms)
    decision.closed = True
    return decision


def _changed(request: CreditControlRequest, turn: Turn, answer: CreditControlAnswer, now_ms: i64) -> Decision:
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


def _enter_periods(turn: Turn, begins: bool, now_ms: i64) -> None:
    """Take what is due, and give what comes anew, unless it waits for a fee; ``begins`` with a session."""
    plan = turn.plan
    paid = True
    if plan.fees:
        records: list[bytes] = []
        who = turn.session.identity
        paid = take_fees(turn.account, plan, who, turn.catalogue, records, now_ms, begins)
        if records:
            turn.records += tuple(records)
    if paid and plan.bundles:
        renew_buckets(turn.account, plan, turn.catalogue, now_ms)


def _rejected(
    request: CreditControlRequest,
    turn: Turn,
    answer: CreditControlAnswer,
    paid: Account | None,
    fees: tuple[bytes, ...],
    now_ms: i64,
) -> Decision:
    """Refuse to open a session: nothing is held, only the answer is kept for a repeat.

    ``paid`` is the account after fees were taken from it, ``fees`` their records; None = nothing was taken.
    """
    turn.session.services = []
    turn.session.state = CLOSED
    decision = _changed(request, turn, answer, now_ms)
    decision.account = paid
    decision.records = fees
    return decision


def _refusal(result_code: i64, failed_avp: bytes, error_message: str) -> Decision:
    answer = CreditControlAnswer(result_code)
    answer.failed_avp = failed_avp
    answer.error_message = error_message
    return Decision(answer, ())


def _identity(
    request: CreditControlRequest, subscriber: Subscriber, service: str, plan: Plan
) -> SessionIdentity:
    identity = SessionIdentity(
        request.session_id,
        subscriber.account_id,
        subscriber.msisdn,
        subscriber.imsi,
        subscriber.plan_id,
        service,
        request.service_context_id,
    )
    identity.apn = request.called_station_id
    identity.origin_host = request.origin_host
    identity.origin_realm = request.origin_realm
    identity.payment = PREPAID if plan.payment == PREPAID else POSTPAID
    identity.subscriber_group = subscriber.group
    identity.time_zone = subscriber.time_zone
    identity.activated_ms = subscriber.activated_ms
    return identity


def _supervision_s(session: ChargingSession, policy: ChargingPolicy) -> i64:
    longest: i64 = 0
    for service in session.services:
        if service.granted > 0 and service.validity_time_s > longest:
            longest = service.validity_time_s
    if longest == 0:
        return policy.session_without_grant_s
    return longest * policy.tcc_factor


def _any_service_succeeded(answer: CreditControlAnswer) -> bool:
    for part in answer.services:
        code = part.result_code
        if code in {SUCCESS, CREDIT_CONTROL_NOT_APPLICABLE}:
            return True
    return False


def _absurd(mscc: MultipleServicesCreditControl) -> bool:
    return (
        mscc.used_octets > MAX_REPORTED_UNITS
        or mscc.used_input_octets > MAX_REPORTED_UNITS
        or mscc.used_output_octets > MAX_REPORTED_UNITS
        or mscc.used_specific_units > MAX_REPORTED_UNITS
    )
