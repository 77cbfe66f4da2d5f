"""Rating the services of one request: debit what was used, then grant what is asked for."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.account import Account
from balance.operations import NOTHING_HELD, Reservation, release
from ocs.charging.attributes import selected_rule, situation_of
from ocs.charging.failed_avp import mscc_octets
from ocs.charging.grants import grant, grant_metered, wanted_units
from ocs.charging.metering import Purse, charge_metered, meter_of, purse_of
from ocs.charging.policy import ChargingPolicy
from ocs.charging.record import record_octets
from ocs.charging.session import ChargingSession, Circumstances, Service
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
from rating.catalogue import CHARGE, NO_RATING_GROUP, NOT_CONTROLLED, Catalogue, Plan, Rule
from rating.meter import Meter
from rating.meter_state import MeterState
from rating.situation import Situation
from rating.tariff import Tariff

REASON_QUOTA_HOLDING_TIME: Final = 1
REASON_FINAL: Final = 2
LINES_KEPT: Final = 16
"""A service whose charges have more lines than this gets a partial record."""
METERED_LINES_KEPT: Final = 64
"""So many where they are those of a tariff, whose bands and tiers are lines of their own."""


@mypyc_attr(acyclic=True)
class Turn:
    """One decision in the making: the copies that it changes, and what it looks things up in.

    ``charged_before``: a repeat whose answer is forgotten; its units are charged already, its quota was lost.
    ``before`` are the circumstances in which the session was before this request.
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
        self.before = session.circumstances
        self.charged_before = False
        self.records: tuple[bytes, ...] = ()
        self._plain: Terms | None = None

    def terms(self, mscc: MultipleServicesCreditControl, now_ms: i64) -> Terms:
        """By what units are granted now: the plan's rule for an MSCC, as the catalogue in force has it."""
        return self._terms(mscc, self.catalogue, self.plan, self.session.circumstances, now_ms)

    def terms_of_grant(
        self, service: Service, mscc: MultipleServicesCreditControl, terms: Terms, now_ms: i64
    ) -> Terms:
        """By what a report of granted units is priced: catalogue and circumstances are those of the grant."""
        catalogue = self.catalogue.under(service.granted_under)
        if catalogue is self.catalogue:
            if self.before is self.session.circumstances:
                return terms
            return self._terms(mscc, catalogue, self.plan, self.before, now_ms)
        plan = plan_of(self.session, self.account.currency, catalogue, self.session.last_ms)
        return self._terms(mscc, catalogue, plan, self.before, now_ms)

    def metering(
        self,
        service: Service,
        mscc: MultipleServicesCreditControl,
        terms: Terms,
        rule: Rule,
        tariff: Tariff,
        held: Reservation,
        now_ms: i64,
    ) -> tuple[Meter, Purse]:
        """The service's meter and what it may spend; ``held`` was its own until now."""
        who = self.session.identity
        situation = terms.situation
        if situation is None:
            situation = situation_of(who, self.session.circumstances, mscc, terms.catalogue)
        zone = self.policy.zone_of(who.time_zone) if who.time_zone else None
        purse = purse_of(self.account, who, zone, held, now_ms)
        standing = purse.standing
        meter = meter_of(service, rule, tariff, situation, terms.plan, terms.catalogue, standing, now_ms)
        return meter, purse

    def _terms(
        self,
        mscc: MultipleServicesCreditControl,
        catalogue: Catalogue,
        plan: Plan,
        circumstances: Circumstances,
        now_ms: i64,
    ) -> Terms:
        who = self.session.identity
        group = NO_RATING_GROUP if mscc.rating_group == ABSENT else mscc.rating_group
        if not plan.selectors:
            return self._plain_terms(catalogue, plan, plan.rule_for(who.service, group, who.apn))
        situation = situation_of(who, circumstances, mscc, catalogue)
        rule = selected_rule(plan, who.service, group, who, situation, now_ms)
        return Terms(catalogue, plan, rule, situation)

    def _plain_terms(self, catalogue: Catalogue, plan: Plan, rule: Rule | None) -> Terms:
        """Terms without a situation; those of the plan in force are one object for all services."""
        if plan is not self.plan or catalogue is not self.catalogue:
            return Terms(catalogue, plan, rule, None)
        terms = self._plain
        if terms is None:
            self._plain = terms = Terms(catalogue, plan, rule, None)
        terms.rule = rule
        return terms


@mypyc_attr(acyclic=True)
class Terms:
    """A rule with the plan and the catalogue that it is of; ``situation`` is None where none was needed."""

    def __init__(
        self, catalogue: Catalogue, plan: Plan, rule: Rule | None, situation: Situation | None
    ) -> None:
        self.catalogue = catalogue
        self.plan = plan
        self.rule = rule
        self.situation = situation


def plan_of(session: ChargingSession, currency: str, catalogue: Catalogue, at_ms: i64) -> Plan:
    """The plan a session was opened on; one without prices if the catalogue lost it: usage is kept, unrated."""
    plan = catalogue.plan_at(session.identity.plan_id, at_ms)
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
        elif len(service.lines) > (LINES_KEPT if service.meter is None else METERED_LINES_KEPT):
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
    terms = turn.terms(mscc, now_ms)
    rule = terms.rule
    if mscc.used and not turn.charged_before:
        report(request, turn, service, mscc, terms, part, now_ms)
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
    _return_quota(turn, service)
    unit_kind: i64 = 0 if rule is None else rule.unit_kind()
    if rule is not None and service.used_units > 0 and service.unit_kind != unit_kind:
        _close_service(turn, service, "partial", now_ms)
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


def _return_quota(turn: Turn, service: Service) -> None:
    """On a report or a new request the client holds nothing of its old quota (RFC 8506, 5.1.2)."""
    service.granted = 0
    service.granted_under = ""
    service.validity_time_s = 0
    if service.reservation is not NOTHING_HELD:
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
    turn.records += (record_octets(session, service, turn.account, session.records, cause, partial, now_ms),)
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
        service.lines = ()
        service.bucket_uses = ()
        service.metered_from = 0
        if service.meter is not None:
            service.meter = MeterState("", "", now_ms)


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
