"""Rating past records, one after the other, under another catalogue, in the order in which they come. Compiled.

Each account begins with full bundles and empty counters and goes on as it would have: what a record of it used
of bundles and counted is there for the next.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from ocs.charging.fee_record import FEE_SERVICE
from ocs.tariffs.instants import Instants
from ocs.tariffs.replay_totals import NO_DAY, AccountTotals, PlanTotals
from rating.bundles import BundleDefinition
from rating.calendar import day_at
from rating.catalogue import Catalogue, Plan
from rating.charge import NO_PLAN
from rating.conditions import Attributes
from rating.engine import apply, price
from rating.periods import EVER, period_of_day
from rating.usage import Context, Pot, Standing, Usage

FileRow = tuple[
    str, str, str, str, int | None, int | None, str, str, i64, i64, i64, i64, i64, i64, str, str, str, str
]
"""The fields of a PastRecord."""
LakeRow = tuple[str, str, str, i64, i64, i64, i64, int | None]
"""Account, sort, called number, units, beginning and end (ms), amount in micros, rating group; a sort is plan,
currency, service, unit kind, APN, network and direction, parted by PART."""

PART: Final = "\x1f"
_REMEMBERED: Final = 4096


@mypyc_attr(acyclic=True)
class Sort:
    """What records of a lake have in common: their plan, their service and what selects a price."""

    def __init__(self, text: str) -> None:
        self.plan_id, self.currency, self.service, self.unit_kind, apn, network, direction = text.split(PART)
        self.apn = apn.lower().encode()
        self.network = network.encode()
        self.direction = direction.encode()


class Replay:
    """The catalogue, and where every account stands under it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.plans: dict[str, PlanTotals] = {}
        self.accounts: dict[str, AccountTotals] = {}
        self._context = Context(catalogue)
        self._fresh = Standing()
        self._instants = Instants()
        self._sorts: dict[str, Sort] = {}
        self._octets: dict[str, bytes] = {}
        self._apns: dict[str, bytes] = {}
        self._numbers: dict[int, bytes] = {}

    def rate_records(self, rows: list[FileRow]) -> i64:
        """Rate records of files; how many were: all, or those before the first whose times are none.

        Those of fees are passed over: they are no usage.
        """
        instants = self._instants
        rated: i64 = 0
        for row in rows:
            (
                account,
                plan_id,
                service,
                apn,
                group,
                identifier,
                opened_at,
                closed_at,
                octets,
                input_octets,
                output_octets,
                seconds,
                units,
                amount,
                currency,
                network,
                called,
                direction,
            ) = row
            if service == FEE_SERVICE:
                rated += 1
                continue
            start_ms = instants.of(opened_at)
            end_ms = instants.of(closed_at)
            if start_ms < 0 or end_ms < 0:
                break
            attributes = Attributes(
                called=called.encode() if called else b"",
                network=self._octets_of(network),
                apn=self._apn(apn),
                service_identifier=self._number(identifier),
                rating_group=self._number(group),
                direction=self._octets_of(direction),
            )
            usage = Usage(
                service,
                start_ms,
                end_ms,
                octets,
                input_octets,
                output_octets,
                seconds,
                units,
                attributes,
            )
            self.rate(account, plan_id, currency, usage, amount)
            rated += 1
        return rated

    def rate_rows(self, rows: list[LakeRow]) -> None:
        """Rate records of a lake."""
        for row in rows:
            account, text, called, units, start_ms, end_ms, amount, group = row
            sort = self._sorts.get(text)
            if sort is None:
                if len(self._sorts) >= _REMEMBERED:
                    self._sorts.clear()
                sort = Sort(text)
                self._sorts[text] = sort
            attributes = Attributes(
                called=called.encode() if called else b"",
                network=sort.network,
                apn=sort.apn,
                rating_group=self._number(group),
                direction=sort.direction,
            )
            usage = usage_of(sort.service, sort.unit_kind, units, start_ms, end_ms, attributes)
            self.rate(account, sort.plan_id, sort.currency, usage, amount)

    def rate(self, account: str, plan_id: str, currency: str, usage: Usage, old_micros: int) -> None:
        """Rate one record that cost ``old_micros``."""
        totals = self.plans.get(plan_id)
        if totals is None:
            catalogue = self.catalogue
            totals = PlanTotals(currency, catalogue.plans.get(plan_id), plan_id in catalogue.versions)
            self.plans[plan_id] = totals
        totals.records += 1
        totals.old_micros += old_micros
        mine = self.accounts.get(account)
        if mine is None:
            mine = AccountTotals(plan_id)
            self.accounts[account] = mine
        mine.old_micros += old_micros
        plan = self.catalogue.plan_at(plan_id, usage.start_ms) if totals.dated else totals.plan
        if plan is None:
            totals.refusals[NO_PLAN] = totals.refusals.get(NO_PLAN, 0) + 1
            return
        context = self._context
        context.plan = plan
        standing = self._standing_of(mine, plan, usage.start_ms)
        context.standing = standing
        charge = price(usage, context)
        if charge.refusal:
            totals.refusals[charge.refusal] = totals.refusals.get(charge.refusal, 0) + 1
            return
        new_micros = charge.due_micros
        totals.new_micros += new_micros
        mine.new_micros += new_micros
        if charge.pot_uses or charge.counter_changes or plan.discounts:
            if standing is self._fresh:
                standing = Standing(mine.first_ms)
                mine.standing = standing
            apply(charge, standing)

    def _standing_of(self, mine: AccountTotals, plan: Plan, at_ms: i64) -> Standing:
        """Where an account stands, with the bundles of the period that an instant lies in.

        Where nothing is known of it that could matter to the plan, it is the standing that all share.
        """
        standing = mine.standing
        if mine.plan is None:
            mine.plan = plan
            mine.first_ms = at_ms
            if plan.bundles:
                standing = Standing(at_ms)
                mine.standing = standing
                for bundle in plan.bundles:
                    standing.pots.append(Pot(bundle.bundle_id, bundle.unit_kind, bundle.units))
        if standing is None:
            if not plan.discounts:
                return self._fresh
            standing = Standing(mine.first_ms)
            mine.standing = standing
        if plan.bundles:
            self._renew(mine, plan, standing, at_ms)
        return standing

    def _renew(self, mine: AccountTotals, plan: Plan, standing: Standing, at_ms: i64) -> None:
        zone = plan.zone
        if zone is None:
            zone = self.catalogue.zone
        day, _ = day_at(zone, at_ms)
        before = mine.day
        if day <= before:
            return
        mine.day = day
        if before == NO_DAY:
            return
        for bundle in plan.bundles:
            if bundle.recurs != EVER and period_of_day(bundle.recurs, before) != period_of_day(
                bundle.recurs, day
            ):
                _refill(bundle, standing)

    def _octets_of(self, text: str) -> bytes:
        """A text of which there are few, as octets."""
        if not text:
            return b""
        known = self._octets.get(text)
        if known is None:
            if len(self._octets) >= _REMEMBERED:
                self._octets.clear()
            known = text.encode()
            self._octets[text] = known
        return known

    def _apn(self, text: str) -> bytes:
        """An access point, in small letters, as octets."""
        if not text:
            return b""
        known = self._apns.get(text)
        if known is None:
            if len(self._apns) >= _REMEMBERED:
                self._apns.clear()
            known = text.lower().encode()
            self._apns[text] = known
        return known

    def _number(self, number: int | None) -> bytes:
        """A number of which there are few as decimal text."""
        if number is None:
            return b""
        known = self._numbers.get(number)
        if known is None:
            if len(self._numbers) >= _REMEMBERED:
                self._numbers.clear()
            known = b"%d" % number
            self._numbers[number] = known
        return known


def _refill(bundle: BundleDefinition, standing: Standing) -> None:
    """A bundle anew; of what was left as much as rolls over."""
    for pot in standing.pots:
        if pot.bundle_id == bundle.bundle_id:
            kept = pot.units if pot.units < bundle.rollover_units else bundle.rollover_units
            pot.units = bundle.units + kept


def usage_of(
    service: str,
    unit_kind: str,
    used_units: i64,
    start_ms: i64,
    end_ms: i64,
    attributes: Attributes,
) -> Usage:
    """A usage of so many units of one kind (``octets``, ``seconds``, ``units``)."""
    usage = Usage(service, start_ms, end_ms, attributes=attributes)
    if unit_kind == "octets":
        usage.octets = used_units
    elif unit_kind == "seconds":
        usage.seconds = used_units
    else:
        usage.units = used_units
    return usage
