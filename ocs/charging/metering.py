"""Services whose rule has a tariff: the account as the rating function sees it, a meter from report to report.

The meter prices what is reported, its copy what is asked for: a grant reserves what its units would cost.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.account import Account, AccountCounter, Bucket
from balance.operations import Reservation, debit_money, debit_units, reserve_money, reserve_units
from ocs.charging.gifts import GIFT, give_bonus
from ocs.charging.line_rate import line_rate
from ocs.charging.rated_service import ChargeLine, Service
from ocs.charging.session import SessionIdentity
from rating.calendar import FAR_MS, Zone
from rating.catalogue import Catalogue, Plan
from rating.charge import Charge, CounterChange
from rating.engine import advance, affordable, collect
from rating.meter import Meter
from rating.meter_copy import copy_of
from rating.meter_state import resume_meter, save_meter
from rating.opening import open_meter
from rating.rule import Rule
from rating.situation import Situation
from rating.tariff import Tariff
from rating.usage import Pot, Standing

USAGES: Final = "#usages"
"""The counter of all usages of an account; no catalogue can name it."""
PERIODS_KEPT: Final = 2
"""Of each counter the current period is kept and the one before: a usage may begin in it."""
GENERATION: Final = "@"
"""Between the name of a bundle and the number of the period that a bucket of it is for."""


@mypyc_attr(acyclic=True)
class Purse:
    """An account as the rating function sees it; ``buckets[n]`` is behind the standing's ``pots[n]``."""

    def __init__(self, account: Account, standing: Standing, buckets: list[Bucket]) -> None:
        self.account = account
        self.standing = standing
        self.buckets = buckets

    def bucket_of(self, bundle_id: str, expires_at_ms: i64) -> Bucket:
        """The bucket behind a pot; KeyError where there is none."""
        for place, pot in enumerate(self.standing.pots):
            if pot.expires_at_ms == expires_at_ms and pot.bundle_id == bundle_id:
                return self.buckets[place]
        raise KeyError(bundle_id)


def purse_of(
    account: Account, who: SessionIdentity, zone: Zone | None, held: Reservation, now_ms: i64
) -> Purse:
    """What can be used of an account now; of a bucket that has ended, what was held of it before.

    Each pot has an end of its own, a little later than another's of its bundle: by it a use finds its bucket.
    """
    standing = Standing(who.activated_ms, zone)
    for counter in account.counters:
        if counter.counter_id == USAGES:
            standing.usages = counter.value
        else:
            standing.counters.setdefault(counter.counter_id, {})[counter.period] = counter.value
    buckets: list[Bucket] = []
    for bucket in account.buckets:
        units = bucket.remaining - bucket.reserved
        ends_ms = bucket.expires_at_ms
        if bucket.is_expired(now_ms):
            still = held.units_of(bucket.bucket_id)
            units = still if still < units else units
            ends_ms = now_ms + 1
        if units > 0:
            bundle = bundle_of(bucket)
            if ends_ms == 0:
                ends_ms = FAR_MS + i64(len(buckets))
            while _is_known(standing.pots, bundle, ends_ms):
                ends_ms += 1
            standing.pots.append(Pot(bundle, bucket.unit_kind, units, ends_ms))
            buckets.append(bucket)
    return Purse(account, standing, buckets)


def _is_known(pots: list[Pot], bundle_id: str, expires_at_ms: i64) -> bool:
    """Whether a pot has the bundle and the end already by which a use of it is told."""
    for pot in pots:  # noqa: SIM110  (a generator costs the compiled path)
        if pot.expires_at_ms == expires_at_ms and pot.bundle_id == bundle_id:
            return True
    return False


def bundle_of(bucket: Bucket) -> str:
    """The bundle that a bucket is of: its name without the number of a period or the bonus that gave it."""
    name = bucket.bucket_id
    at = name.find(GENERATION)
    if at < 0:
        at = name.find(GIFT)
    return name if at < 0 else name[:at]


def meter_of(
    service: Service,
    rule: Rule,
    tariff: Tariff,
    situation: Situation,
    plan: Plan,
    catalogue: Catalogue,
    standing: Standing,
    now_ms: i64,
) -> Meter:
    """The service's meter, taken up again; a new one where another rule or catalogue was in force before."""
    state = service.meter
    if state is not None and state.rule_id == rule.rule_id and state.version == catalogue.version:
        return resume_meter(state, plan, rule.number, tariff.terms, situation, catalogue, standing)
    meter = open_meter(plan, rule.number, tariff.terms, situation, catalogue, standing, now_ms, trace=False)
    meter.continues = state is not None
    service.metered_from = service.line_count()
    return meter


def charge_metered(
    service: Service, meter: Meter, purse: Purse, plan: Plan, version: str, units: i64, now_ms: i64
) -> bool:
    """Charge used units in full. False, and nothing is changed, where they can not be rated."""
    advance(meter, purse.standing, units, service.last_ms, now_ms)
    charge = collect(meter)
    if charge.refusal:
        return False
    service.used_units += units
    _put_lines(service, charge, version)
    account = purse.account
    for use in charge.pot_uses:
        bucket = purse.bucket_of(use.bundle_id, use.expires_at_ms)
        if use.units > 0:
            debit_units(bucket, use.units)
        else:
            bucket.remaining -= use.units
        service.take_from_bucket(bucket.bucket_id, use.units)
    for change in charge.counter_changes:
        add_to_counter(account, change)
    if charge.first_report and charge.counted_units > 0 and not meter.continues:
        add_to_counter(account, CounterChange(USAGES, 0, 1))
    due: i64 = charge.due_micros
    lost = debit_money(account, due, plan.overdraft_allowed)
    service.amount_micros += due - lost
    service.written_off_micros += lost
    for bonus in charge.bonuses:
        give_bonus(account, bonus, now_ms)
    service.meter = save_meter(meter, version)
    return True


def reserve_metered(service: Service, meter: Meter, purse: Purse, wanted: i64, now_ms: i64) -> Promise:
    """Reserve what up to ``wanted`` units would cost if they were used now."""
    available = purse.account.available_micros()
    promise = Promise()
    near = affordable(meter, purse.standing, available, now_ms, wanted + 1)
    promise.granted = near if near < wanted else wanted
    promise.final = near <= wanted
    if promise.granted <= 0:
        return promise
    ahead = copy_of(meter)
    advance(ahead, purse.standing, promise.granted, now_ms, now_ms)
    if ahead.timed():
        promise.until_ms = ahead.moment_until_ms
    charge = collect(ahead)
    for use in charge.pot_uses:
        if use.units > 0:
            reserve_units(purse.bucket_of(use.bundle_id, use.expires_at_ms), service.reserve_anew(), use.units)
    if charge.due_micros > 0:
        reserve_money(purse.account, service.reserve_anew(), charge.due_micros)
    return promise


@mypyc_attr(acyclic=True)
class Promise:
    """What a grant comes to: units, whether no more are affordable, and when their price may be another."""

    def __init__(self) -> None:
        self.granted: i64 = 0
        self.final = False
        self.until_ms: i64 = FAR_MS


def add_to_counter(account: Account, change: CounterChange) -> None:
    """Count in an account, forgetting periods that are long over."""
    amount: i64 = change.amount
    mine: list[AccountCounter] = []
    for counter in account.counters:
        if counter.counter_id == change.counter_id:
            if counter.period == change.period_number:
                counter.value += amount
                return
            mine.append(counter)
    account.counters += (AccountCounter(change.counter_id, change.period_number, amount),)
    if len(mine) >= PERIODS_KEPT:
        oldest = mine[0]
        for counter in mine:
            if counter.period < oldest.period:
                oldest = counter
        account.counters = tuple([counter for counter in account.counters if counter is not oldest])


def _put_lines(service: Service, charge: Charge, version: str) -> None:
    """The meter's lines so far take the place of those that it had before."""
    lines = list(service.lines[: service.metered_from])
    for line in charge.lines:
        rate = line_rate(
            line.rule_id, version, line.price_micros, line.per_units, 1, line.rounding, charge.tax, line.band
        )
        lines.append(ChargeLine(rate, line.units, line.amount_micros))
    service.lines = tuple(lines)
