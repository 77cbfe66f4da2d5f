"""One decision in the making: what it changes, and what it looks up."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from balance.account import Account
from balance.operations import Reservation
from ocs.charging.attributes import selected_rule, situation_of
from ocs.charging.metering import Purse, meter_of, purse_of
from ocs.charging.policy import ChargingPolicy
from ocs.charging.rated_service import Service
from ocs.charging.session import ChargingSession, Circumstances
from protocol.messages import (
    ABSENT,
    MultipleServicesCreditControl,
)
from rating.catalogue import NO_RATING_GROUP, Catalogue, Plan, Rule
from rating.meter import Meter
from rating.situation import Situation
from rating.tariff import Tariff


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
        group: i64 = NO_RATING_GROUP if mscc.rating_group == ABSENT else mscc.rating_group
        if not plan.selects():
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
