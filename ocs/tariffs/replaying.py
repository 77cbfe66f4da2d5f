"""Rating one past record after the other under another catalogue, in the order in which they come. Compiled.

Each account begins with full bundles and empty counters and goes on as it would have: what a record of it used
of bundles and counted is there for the next.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from rating.bundles import BundleDefinition
from rating.calendar import day_at
from rating.catalogue import Catalogue, Plan
from rating.charge import NO_PLAN
from rating.conditions import Attributes
from rating.engine import apply, price
from rating.periods import EVER, period_of_day
from rating.usage import Context, Pot, Standing, Usage

_DAY_MS: Final = 86_400_000


@mypyc_attr(acyclic=True)
class PlanTotals:
    """What the records of a plan cost then and now, in micros; ``refusals`` by reason."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.records: i64 = 0
        self.old_micros: int = 0
        self.new_micros: int = 0
        self.refusals: dict[str, int] = {}


@mypyc_attr(acyclic=True)
class AccountTotals:
    """What one account's records cost then and now."""

    def __init__(self, plan_id: str) -> None:
        self.plan_id = plan_id
        self.old_micros: int = 0
        self.new_micros: int = 0


class Replay:
    """The catalogue, and where every account stands under it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.plans: dict[str, PlanTotals] = {}
        self.accounts: dict[str, AccountTotals] = {}
        self._standings: dict[str, Standing] = {}
        self._renewed: dict[str, i64] = {}
        self._context = Context(catalogue)

    def rate(self, account: str, plan_id: str, currency: str, usage: Usage, old_micros: i64) -> None:
        """Rate one record that cost ``old_micros``."""
        context = self._context
        totals = self.plans.get(plan_id)
        if totals is None:
            totals = PlanTotals(currency)
            self.plans[plan_id] = totals
        totals.records += 1
        totals.old_micros += old_micros
        mine = self.accounts.get(account)
        if mine is None:
            mine = AccountTotals(plan_id)
            self.accounts[account] = mine
        mine.old_micros += old_micros
        plan = self.catalogue.plan_at(plan_id, usage.start_ms)
        if plan is None:
            totals.refusals[NO_PLAN] = totals.refusals.get(NO_PLAN, 0) + 1
            return
        context.plan = plan
        standing = self._standing_of(account, plan, usage.start_ms)
        context.standing = standing
        charge = price(usage, context)
        if charge.refusal:
            totals.refusals[charge.refusal] = totals.refusals.get(charge.refusal, 0) + 1
            return
        new_micros = charge.due_micros
        totals.new_micros += new_micros
        mine.new_micros += new_micros
        if charge.pot_uses or charge.counter_changes or plan.discounts:
            apply(charge, standing)

    def _standing_of(self, account: str, plan: Plan, at_ms: i64) -> Standing:
        """Where an account stands, with the bundles of the period that an instant lies in."""
        standing = self._standings.get(account)
        if standing is None:
            standing = Standing(at_ms)
            self._standings[account] = standing
            for bundle in plan.bundles:
                standing.pots.append(Pot(bundle.bundle_id, bundle.unit_kind, bundle.units))
        if plan.bundles:
            self._renew(account, plan, standing, at_ms)
        return standing

    def _renew(self, account: str, plan: Plan, standing: Standing, at_ms: i64) -> None:
        zone = plan.zone
        if zone is None:
            zone = self.catalogue.zone
        day, _ = day_at(zone, at_ms)
        before = self._renewed.get(account, day)
        self._renewed[account] = day
        if day <= before:
            return
        for bundle in plan.bundles:
            if bundle.recurs != EVER and period_of_day(bundle.recurs, before) != period_of_day(
                bundle.recurs, day
            ):
                _refill(bundle, standing)


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


class Instants:
    """Epoch milliseconds of ISO texts in UTC such as ``2026-11-23T00:47:04.120Z``; days are remembered."""

    def __init__(self, days: dict[str, int]) -> None:
        self.days = days

    def of(self, text: str) -> i64:
        """The instant; KeyError where its day is not in ``days`` yet."""
        day: i64 = self.days[text[:10]]
        return (
            day
            + i64(int(text[11:13])) * 3_600_000
            + i64(int(text[14:16])) * 60_000
            + i64(int(text[17:19])) * 1000
            + i64(int(text[20:23]))
        )
