"""Rating the services of one request: debit what was used, then grant what is asked for."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.operations import NOTHING_HELD, Reservation
from ocs.charging.failed_avp import mscc_octets
from ocs.charging.grants import grant, grant_metered, wanted_units
from ocs.charging.metering import charge_metered
from ocs.charging.rated_service import Service
from ocs.charging.service_closing import close_service, is_blank, return_quota
from ocs.charging.turn import Terms, Turn
from ocs.charging.usage import add_usage, charge, measured_units_of, record_unrated, used_units_of
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
from rating.catalogue import CHARGE, NOT_CONTROLLED, Rule

REASON_QUOTA_HOLDING_TIME: Final = 1
REASON_FINAL: Final = 2
LINES_KEPT: Final = 16
"""A service whose charges have more lines than this gets a partial record."""
METERED_LINES_KEPT: Final = 64
"""So many where they are those of a tariff, whose bands and tiers are lines of their own."""


def rate_services(request: CreditControlRequest, turn: Turn, answer: CreditControlAnswer, now_ms: i64) -> None:
    """Debit, then grant, one MSCC after the other; the answer gets one MSCC for each (RFC 8506, 5.1.2)."""
    answer.units_at_command_level = request.units_at_command_level
    for mscc in request.services:
        part = ServiceAnswer(mscc.rating_group, mscc.service_identifier, SUCCESS)
        answer.services.append(part)
        service = turn.session.service_for_change(mscc.rating_group, mscc.service_identifier, now_ms)
        _rate_service(request, turn, service, mscc, part, now_ms)
        blank = is_blank(service)
        if part.result_code == RATING_FAILED and not answer.failed_avp:
            answer.failed_avp = mscc_octets(mscc)
        if blank:
            turn.session.remove_service(service)
        elif mscc.reporting_reason == REASON_FINAL and not mscc.requested and not turn.charged_before:
            close_service(turn, service, "final", now_ms)
            turn.session.remove_service(service)
        elif service.line_count() > (LINES_KEPT if service.meter is None else METERED_LINES_KEPT):
            close_service(turn, service, "partial", now_ms)
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
    terms = turn.terms(mscc, now_ms)
    rule = terms.rule
    if mscc.used and not turn.charged_before:
        report(request, turn, service, mscc, terms, part, now_ms)
    elif mscc.requested or mscc.reporting_reason == REASON_QUOTA_HOLDING_TIME:
        return_quota(turn, service)
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
    tariff = rule.tariff
    if tariff is not None:
        wanted = wanted_units(mscc, tariff.unit_kind, rule.grant)
        meter, purse = turn.metering(service, mscc, terms, rule, tariff, NOTHING_HELD, now_ms)
        grant_metered(service, rule, meter, purse, turn.catalogue.version, wanted, part, now_ms)
    else:
        wanted = wanted_units(mscc, rule.rate.unit_kind, rule.grant)
        grant(turn.account, service, turn.plan, rule, turn.catalogue.version, wanted, part, now_ms)
    if part.result_code == CREDIT_LIMIT_REACHED:
        part.validity_time_s = turn.policy.refused_validity_s


def report(
    request: CreditControlRequest,
    turn: Turn,
    service: Service,
    mscc: MultipleServicesCreditControl,
    terms: Terms,
    part: ServiceAnswer | None,
    now_ms: i64,
) -> None:
    """Charge a Used-Service-Unit. Without a price its units are recorded as unrated; the MSCC fails (5031)."""
    held = service.reservation
    if service.granted_under and (
        service.granted_under != turn.catalogue.version or turn.before is not turn.session.circumstances
    ):
        terms = turn.terms_of_grant(service, mscc, terms, now_ms)
    rule = terms.rule
    return_quota(turn, service)
    unit_kind: i64 = 0 if rule is None else rule.unit_kind()
    if rule is not None and service.used_units > 0 and service.unit_kind != unit_kind:
        close_service(turn, service, "partial", now_ms)
    add_usage(service, mscc)
    if service.requests == 0:
        service.first_request = request.request_number
    service.last_request = request.request_number
    service.requests += 1
    rated = _reports_nothing(mscc)
    if rule is not None and not rated:
        service.unit_kind = unit_kind
        rated = _charge(turn, service, mscc, terms, rule, held, now_ms)
    service.last_ms = now_ms
    if not rated:
        record_unrated(service, _any_units(mscc), terms.catalogue.version)
        if part is not None:
            part.result_code = RATING_FAILED


def _charge(
    turn: Turn,
    service: Service,
    mscc: MultipleServicesCreditControl,
    terms: Terms,
    rule: Rule,
    held: Reservation,
    now_ms: i64,
) -> bool:
    """Charge what was reported of the rule's kind of units; False where it can not be rated."""
    version = terms.catalogue.version
    tariff = rule.tariff
    if tariff is None:
        units = used_units_of(mscc, rule.rate.unit_kind)
        return units != ABSENT and charge(turn.account, service, terms.plan, rule, version, units, held, now_ms)
    units = measured_units_of(mscc, tariff)
    if units == ABSENT:
        return False
    meter, purse = turn.metering(service, mscc, terms, rule, tariff, held, now_ms)
    return charge_metered(service, meter, purse, terms.plan, version, units, now_ms)


def _reports_nothing(mscc: MultipleServicesCreditControl) -> bool:
    return mscc.used_octets <= 0 and mscc.used_time_s <= 0 and mscc.used_specific_units <= 0


def _any_units(mscc: MultipleServicesCreditControl) -> i64:
    if mscc.used_octets > 0:
        return mscc.used_octets
    if mscc.used_time_s > 0:
        return mscc.used_time_s
    return mscc.used_specific_units if mscc.used_specific_units > 0 else 0
