"""Opening a session: who is served, on what plan, with what (RFC 8506, 7, table 6)."""

from __future__ import annotations

from mypy_extensions import i64

from balance.account import Account
from balance.subscriber import BARRED, Subscriber
from ocs.charging.attributes import circumstances_told
from ocs.charging.failed_avp import octets_avp
from ocs.charging.fees import take_fees
from ocs.charging.gifts import give_loyalty
from ocs.charging.outcome import Decision, changed, refusal
from ocs.charging.policy import ChargingPolicy
from ocs.charging.renewal import renew_buckets
from ocs.charging.service_rating import rate_services
from ocs.charging.session import CLOSED, OPEN, UNTOLD, ChargingSession, SessionIdentity
from ocs.charging.turn import Turn
from protocol import codes
from protocol.messages import CreditControlAnswer, CreditControlRequest
from protocol.result_codes import (
    CREDIT_CONTROL_NOT_APPLICABLE,
    END_USER_SERVICE_DENIED,
    RATING_FAILED,
    SUCCESS,
    UNABLE_TO_COMPLY,
    USER_UNKNOWN,
)
from rating.catalogue import POSTPAID, PREPAID, Catalogue, Plan


def open_session(
    request: CreditControlRequest,
    session: ChargingSession | None,
    subscriber: Subscriber | None,
    account: Account | None,
    catalogue: Catalogue,
    policy: ChargingPolicy,
    now_ms: i64,
) -> Decision:
    """Decide a CCR-I. ``session`` is what is stored under its Session-Id: refused before, or None."""
    if session is not None and (session.state == OPEN or session.records > 0):
        return refusal(UNABLE_TO_COMPLY, b"", "this Session-Id has been used already")
    if request.called_station_id.lower() in catalogue.emergency_apns:
        return refusal(CREDIT_CONTROL_NOT_APPLICABLE, b"", "")
    service = catalogue.service_of(request.service_context_id)
    if not service:
        return refusal(
            RATING_FAILED,
            octets_avp(codes.SERVICE_CONTEXT_ID, request.service_context_id),
            "Service-Context-Id is not charged here",
        )
    if subscriber is None:
        return refusal(USER_UNKNOWN, b"", "")
    plan = catalogue.plan_at(subscriber.plan_id, now_ms)
    if account is None or plan is None or plan.currency != account.currency:
        return refusal(UNABLE_TO_COMPLY, b"", "the subscriber's account and plan do not go together")
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
        enter_periods(turn, True, now_ms)
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
    decision = changed(request, turn, answer, now_ms)
    decision.opened = True
    return decision


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
    turn.session.services = ()
    turn.session.state = CLOSED
    decision = changed(request, turn, answer, now_ms)
    decision.account = paid
    decision.records = fees
    return decision


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


def _any_service_succeeded(answer: CreditControlAnswer) -> bool:
    for part in answer.services:
        code = part.result_code
        if code in {SUCCESS, CREDIT_CONTROL_NOT_APPLICABLE}:
            return True
    return False


def enter_periods(turn: Turn, begins: bool, now_ms: i64) -> None:
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
