"""Rating the services of one request: debit what was used, then grant what is asked for."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.account import Account
from balance.operations import release
from ocs.charging.failed_avp import mscc_octets
from ocs.charging.grants import grant, wanted_units
from ocs.charging.policy import ChargingPolicy
from ocs.charging.record import record_octets
from ocs.charging.session import ChargingSession, Service
from ocs.charging.usage import add_usage, charge, record_unrated, used_units_of
from protocol.messages import (
    ABSENT,
    CreditControlAnswer,
    CreditControlRequest,
    MultipleServicesCreditControl,
    ServiceAnswer,
)
from protocol.result_codes import (
    CREDIT_CONTROL_NOT_APPLICABLE,
    CREDIT_LIMIT_REACHED,
    END_USER_SERVICE_DENIED,
    RATING_FAILED,
    SUCCESS,
)
from rating.catalogue import CHARGE, NO_RATING_GROUP, NOT_CONTROLLED, Catalogue, Plan, Rule

REASON_QUOTA_HOLDING_TIME: Final = 1
REASON_FINAL: Final = 2
LINES_KEPT: Final = 16
"""A service whose charges have more lines than this gets a partial record."""


@mypyc_attr(acyclic=True)
class Turn:
    """One decision in the making: the copies that it changes, and what it looks things up in.

    ``charged_before``: a repeat whose answer is forgotten; its units are charged already, its quota was lost.
    """

    def __init__(
        self,
        account: Account,
        session: ChargingSession,
        plan: Plan,
        catalogue: Catalogue,
        policy: ChargingPolicy,
    ) -> None:
        self.account = account
        self.session = session
        self.plan = plan
        self.catalogue = catalogue
        self.policy = policy
        self.charged_before = False
        self.records: list[bytes] = []

    def rule_for(self, mscc: MultipleServicesCreditControl) -> Rule | None:
        """The rule of the session's plan for an MSCC's rating group; None = it can not be rated."""
        who = self.session.identity
        return self.plan.rule_for(who.service, _group_key(mscc), who.apn)

    def terms_of_grant(self, service: Service, mscc: MultipleServicesCreditControl, rule: Rule | None) -> Terms:
        """By what a report of granted units is priced: the catalogue under which they were granted."""
        catalogue = self.catalogue.under(service.granted_under)
        if catalogue is self.catalogue:
            return Terms(catalogue.version, self.plan, rule)
        who = self.session.identity
        plan = plan_of(self.session, self.account.currency, catalogue)
        return Terms(catalogue.version, plan, plan.rule_for(who.service, _group_key(mscc), who.apn))


@mypyc_attr(acyclic=True)
class Terms:
    """A rule, the plan that it is of and the version of their catalogue."""

    def __init__(self, version: str, plan: Plan, rule: Rule | None) -> None:
        self.version = version
        self.plan = plan
        self.rule = rule


def plan_of(session: ChargingSession, currency: str, catalogue: Catalogue) -> Plan:
    """The plan a session was opened on; one without prices if the catalogue lost it: usage is kept, unrated."""
    plan = catalogue.plans.get(session.identity.plan_id)
    if plan is not None and plan.currency == currency:
        return plan
    return Plan("", "", currency, True, {}, {}, [])


def rate_services(request: CreditControlRequest, turn: Turn, answer: CreditControlAnswer, now_ms: i64) -> None:
    """Debit, then grant, one MSCC after the other; the answer gets one MSCC for each (RFC 8506, 5.1.2)."""
    answer.units_at_command_level = request.units_at_command_level
    for mscc in request.services:
        part = ServiceAnswer(mscc.rating_group, mscc.service_identifier, SUCCESS)
        answer.services.append(part)
        service = turn.session.service_for_change(mscc.rating_group, mscc.service_identifier, now_ms)
        _rate_service(request, turn, service, mscc, part, now_ms)
        blank = _is_blank(service)
        if part.result_code == RATING_FAILED and not answer.failed_avp:
            answer.failed_avp = mscc_octets(mscc)
        if blank:
            turn.session.services.remove(service)
        elif mscc.reporting_reason == REASON_FINAL and not mscc.requested and not turn.charged_before:
            _close_service(turn, service, "final", now_ms)
            turn.session.services.remove(service)
        elif len(service.lines) > LINES_KEPT:
            _close_service(turn, service, "partial", now_ms)
    if answer.units_at_command_level and answer.services:
        answer.result_code = answer.services[0].result_code


def _rate_service(
    request: CreditControlRequest,
    turn: Turn,
    service: Service,
    mscc: MultipleServicesCreditControl,
    part: ServiceAnswer,
    now_ms: i64,
) -> None:
    rule = turn.rule_for(mscc)
    if mscc.used and not turn.charged_before:
        report(request, turn, service, mscc, rule, part, now_ms)
    elif mscc.requested or mscc.reporting_reason == REASON_QUOTA_HOLDING_TIME:
        _return_quota(turn, service)
    if rule is None:
        part.result_code = RATING_FAILED
        return
    if rule.action == NOT_CONTROLLED:
        part.result_code = CREDIT_CONTROL_NOT_APPLICABLE
        return
    if rule.action != CHARGE:
        part.result_code = END_USER_SERVICE_DENIED
        part.validity_time_s = turn.policy.refused_validity_s
        return
    if not mscc.requested or part.result_code != SUCCESS:
        return
    wanted = wanted_units(mscc, rule.rate.unit_kind, rule.grant)
    grant(turn.account, service, turn.plan, rule, turn.catalogue.version, wanted, part, now_ms)
    if part.result_code == CREDIT_LIMIT_REACHED:
        part.validity_time_s = turn.policy.refused_validity_s


def report(
    request: CreditControlRequest,
    turn: Turn,
    service: Service,
    mscc: MultipleServicesCreditControl,
    rule: Rule | None,
    part: ServiceAnswer | None,
    now_ms: i64,
) -> None:
    """Charge a Used-Service-Unit. Without a price its units are recorded as unrated; the MSCC fails (5031)."""
    held = service.reservation
    plan = turn.plan
    version = turn.catalogue.version
    if service.granted_under and service.granted_under != version:
        terms = turn.terms_of_grant(service, mscc, rule)
        rule, plan, version = terms.rule, terms.plan, terms.version
    _return_quota(turn, service)
    if rule is not None and service.used_units > 0 and service.unit_kind != rule.rate.unit_kind:
        _close_service(turn, service, "partial", now_ms)
    add_usage(service, mscc)
    service.last_ms = now_ms
    if service.requests == 0:
        service.first_request = request.request_number
    service.last_request = request.request_number
    service.requests += 1
    if _reports_nothing(mscc):
        return
    if rule is not None:
        service.unit_kind = rule.rate.unit_kind
        units = used_units_of(mscc, rule.rate.unit_kind)
        if units != ABSENT and charge(turn.account, service, plan, rule, version, units, held, now_ms):
            return
    record_unrated(service, _any_units(mscc), version)
    if part is not None:
        part.result_code = RATING_FAILED


def _return_quota(turn: Turn, service: Service) -> None:
    """On a report or a new request the client holds nothing of its old quota (RFC 8506, 5.1.2)."""
    service.granted = 0
    service.granted_under = ""
    service.validity_time_s = 0
    if not service.reservation.is_empty():
        service.reservation = release(turn.account, service.reservation)


def close_services(turn: Turn, cause: str, now_ms: i64) -> None:
    """Close every service. What was never granted nor used leaves no record, but each session leaves one."""
    session = turn.session
    services = session.services
    session.services = []
    for service in services:
        if not _is_blank(service):
            _close_service(turn, service.copy(), cause, now_ms)
    if session.records == 0:
        _close_service(turn, Service(ABSENT, ABSENT, session.opened_ms), cause, now_ms)


def _close_service(turn: Turn, service: Service, cause: str, now_ms: i64) -> None:
    """Write a service's record; after a partial one it goes on from zero with the quota that it holds."""
    partial = cause == "partial"
    if not partial:
        _return_quota(turn, service)
    session = turn.session
    session.records += 1
    turn.records.append(record_octets(session, service, turn.account, session.records, cause, partial, now_ms))
    if partial:
        service.opened_ms = now_ms
        service.used_units = 0
        service.used_octets = 0
        service.input_octets = 0
        service.output_octets = 0
        service.time_s = 0
        service.specific_units = 0
        service.amount_micros = 0
        service.written_off_micros = 0
        service.requests = 0
        service.lines = []
        service.bucket_uses = []


def _group_key(mscc: MultipleServicesCreditControl) -> int:
    return NO_RATING_GROUP if mscc.rating_group == ABSENT else mscc.rating_group


def _is_blank(service: Service) -> bool:
    """Whether a service was never granted anything and has used nothing."""
    return service.unit_kind == 0 and not service.lines


def _reports_nothing(mscc: MultipleServicesCreditControl) -> bool:
    return mscc.used_octets <= 0 and mscc.used_time_s <= 0 and mscc.used_specific_units <= 0


def _any_units(mscc: MultipleServicesCreditControl) -> i64:
    if mscc.used_octets > 0:
        return mscc.used_octets
    if mscc.used_time_s > 0:
        return mscc.used_time_s
    return mscc.used_specific_units if mscc.used_specific_units > 0 else 0
