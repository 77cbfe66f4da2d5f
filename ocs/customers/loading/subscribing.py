"""The subscriptions as they will be: accounts, plans and times checked, rows merged, numbers not shared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from config.issues import did_you_mean
from config.tariff_text import Moment, moment_text, parse_moment
from config.time_zones import epoch_ms, zone_named
from ocs.customers.customer import BillingAccount, Subscription, SubscriptionAddon
from ocs.customers.directory import Directory
from ocs.customers.loading.checking import World, closes, stays_closed
from ocs.customers.loading.ending import Kept, StatedRows, with_ends
from ocs.customers.loading.pieces import Issues
from ocs.customers.loading.statements import NO_CURRENCY, Stated, StatedSubscription
from ocs.customers.loading.surroundings import Ends
from ocs.customers.loading.timeline import held_at, overlap
from rating.calendar import FAR_MS
from rating.catalogue import Catalogue

Rows = dict[str, list[Subscription]]
_Stated = dict[str, StatedRows]


@dataclass(slots=True)
class Subscribed:
    """Rows of the subscriptions that are stated, as they were and as they will be; add-ons likewise.

    ``moved`` are rows with those of other accounts in whose time they begin.
    """

    before: Rows = field(default_factory=dict)
    after: Rows = field(default_factory=dict)
    addons: dict[tuple[str, str, int], SubscriptionAddon] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    moved: list[tuple[Stated[StatedSubscription], Subscription, Subscription]] = field(default_factory=list)


class _Clock:
    """Local times of billing cycles as moments, each computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Moment], int] = {}

    def ms(self, time_zone: str, moment: Moment) -> int:
        found = self._known.get((time_zone, moment))
        if found is None:
            found = self._known[time_zone, moment] = epoch_ms(zone_named(time_zone), moment)
        return found


def subscribed(world: World, known: Directory, ends: Ends, offers: Catalogue, issues: Issues) -> Subscribed:
    """What becomes of the subscriptions; whatever does not fit adds issues. ``ends`` were made by command."""
    clock = _Clock()
    stated: _Stated = defaultdict(dict)
    result = Subscribed()
    for one in world.stated.subscriptions:
        account = world.accounts.get(one.value.account_id)
        if account is None or account.cycle_id not in world.cycles:
            if account is None and one.value.account_id:
                message = f"account {one.value.account_id!r} is neither in these files nor in the database"
                one.refuse(issues, "account", message)
            continue
        _check_offers(one, account, offers, issues)
        if not one.value.whole:
            continue
        row = _row(one, account, world.cycles[account.cycle_id].time_zone, clock, issues)
        if row is None:
            continue
        if _begins_closed(row, one, world, known, clock, issues):
            result.kept.left_out.append(one)
            continue
        same = stated[row.subscription_id].setdefault(row.from_ms, (row, one))
        if same[1] is not one:
            message = f"subscription {row.subscription_id} is stated from then on at {same[1].place} already"
            one.refuse(issues, "from", message)
        for addon in _addons(one, world.cycles[account.cycle_id].time_zone, clock, issues):
            result.addons[addon.subscription_id, addon.addon_id, addon.from_ms] = addon
    _merge(stated, world, known, ends, result, issues)
    _check_identities(stated, known, result, issues)
    return result


def _row(
    one: Stated[StatedSubscription], account: BillingAccount, time_zone: str, clock: _Clock, issues: Issues
) -> Subscription | None:
    value = one.value
    opened = parse_moment(account.opened_day)
    start = value.start if value.start is not None else opened
    from_ms = clock.ms(time_zone, start)
    to_ms = None if value.end is None else clock.ms(time_zone, value.end)
    if from_ms < clock.ms(time_zone, opened):
        one.refuse(issues, "from", f"account {account.account_id} is open from {account.opened_day} on only")
    if to_ms is not None and to_ms <= from_ms:
        one.refuse(issues, "until", f"{_text(value.end or start)} is not after its start, {_text(start)}")
        return None
    return Subscription(
        value.subscription_id,
        from_ms,
        to_ms,
        value.account_id,
        value.msisdn,
        value.imsi,
        value.plan_id,
        value.subscriber_group,
        value.time_zone,
    )


def _begins_closed(
    row: Subscription,
    one: Stated[StatedSubscription],
    world: World,
    known: Directory,
    clock: _Clock,
    issues: Issues,
) -> bool:
    """Whether a row begins when its account is closed: left out where that stays, else it adds an issue."""
    account = world.accounts[row.account_id]
    time_zone = world.cycles[account.cycle_id].time_zone
    if account.closed_day is None or row.from_ms < clock.ms(time_zone, parse_moment(account.closed_day)):
        return False
    stated = world.stated.accounts.get(row.account_id)
    if stated is not None and stays_closed(stated.value, known):
        return True
    one.refuse(issues, "from", f"account {account.account_id} closes on {account.closed_day}")
    return False


def _addons(
    one: Stated[StatedSubscription], time_zone: str, clock: _Clock, issues: Issues
) -> Iterable[SubscriptionAddon]:
    for addon in one.value.addons:
        start = clock.ms(time_zone, addon.start)
        end = None if addon.end is None else clock.ms(time_zone, addon.end)
        if end is not None and end <= start:
            one.refuse(issues, "addons", f"add-on {addon.addon_id} does not end after its start")
        else:
            yield SubscriptionAddon(one.value.subscription_id, addon.addon_id, start, end)


def _check_offers(
    one: Stated[StatedSubscription], account: BillingAccount, offers: Catalogue, issues: Issues
) -> None:
    plan_id = one.value.plan_id
    plan = offers.plans.get(plan_id)
    if plan is None and plan_id:
        hint = did_you_mean(plan_id, offers.plans)
        one.refuse(issues, "plan", f"plan {plan_id!r} is not in the catalogue", hint)
    elif plan is not None and account.currency not in {plan.currency, NO_CURRENCY}:
        message = f"plan {plan_id!r} is in {plan.currency}, account {account.account_id} in {account.currency}"
        one.refuse(issues, "plan", message)
    for addon in one.value.addons:
        if addon.addon_id not in offers.addons:
            hint = did_you_mean(addon.addon_id, offers.addons)
            one.refuse(issues, "addons", f"add-on {addon.addon_id!r} is not in the catalogue", hint)


def _merge(
    stated: _Stated, world: World, known: Directory, ends: Ends, result: Subscribed, issues: Issues
) -> None:
    """Fill the rows before and after; two rows of one subscription that overlap add an issue."""
    for account_id, account in world.stated.accounts.items():
        if closes(account.value):
            for row in known.subscriptions_of(account_id, 0, FAR_MS):
                stated.setdefault(row.subscription_id, {})
    for row in known.subscriptions():
        if row.subscription_id in stated:
            result.before.setdefault(row.subscription_id, []).append(row)
    for subscription_id, rows in stated.items():
        before = result.before.setdefault(subscription_id, [])
        before.sort()
        for row, one in rows.values():
            held = held_at(before, row.from_ms)
            if held is not None and held.account_id != row.account_id:
                result.moved.append((one, row, held))
        after, unended = with_ends(before, rows, ends, result.kept, issues)
        found = overlap(after)
        if found is not None:
            earlier, later = found
            one = rows[earlier.from_ms if earlier.from_ms in rows else later.from_ms][1]
            one.refuse(issues, "until", f"subscription {subscription_id} has a row that starts before this end")
        result.after[subscription_id] = _within_account(after, world)
        if unended is not after:
            result.kept.subscriptions += result.after[subscription_id] != _within_account(unended, world)


def _within_account(rows: list[Subscription], world: World) -> list[Subscription]:
    """Rows until their accounts close."""
    return [row for row in (_until_closing(row, world) for row in rows) if row]


def _until_closing(row: Subscription, world: World) -> Subscription | None:
    """A row until its account closes; None where that is before it begins."""
    account = world.accounts[row.account_id]
    cycle = world.cycles.get(account.cycle_id)
    if account.closed_day is None or cycle is None:
        return row
    closed_ms = epoch_ms(zone_named(cycle.time_zone), parse_moment(account.closed_day))
    if row.from_ms >= closed_ms:
        return None
    return row._replace(to_ms=closed_ms) if row.to_ms is None or row.to_ms > closed_ms else row


def _check_identities(
    stated: _Stated,
    known: Directory,
    result: Subscribed,
    issues: Issues,
) -> None:
    """Add an issue where two subscriptions have one MSISDN or IMSI at the same time."""
    for name in ("msisdn", "imsi"):
        rows: dict[str, list[Subscription]] = defaultdict(list)
        for timeline in result.after.values():
            for row in timeline:
                rows[getattr(row, name)].append(row)
        rows.pop("", None)
        for row in known.subscriptions():
            identity = getattr(row, name)
            if row.subscription_id not in stated and identity in rows:
                rows[identity].append(row)
        for identity, holders in rows.items():
            if len(holders) > 1:
                holders.sort(key=lambda row: row.from_ms)
                found = overlap(holders)
                if found is not None and found[0].subscription_id != found[1].subscription_id:
                    _refuse_shared(stated, name, identity, found, issues)


def _refuse_shared(
    stated: _Stated,
    name: str,
    identity: str,
    found: tuple[Subscription, Subscription],
    issues: Issues,
) -> None:
    earlier, later = found
    one, other = (later, earlier) if stated.get(later.subscription_id) else (earlier, later)
    places = stated[one.subscription_id]
    at = places.get(one.from_ms) or next(iter(places.values()))
    message = f"{name} {identity} belongs to subscription {other.subscription_id} at that time"
    at[1].refuse(issues, name, message, "end that one first with 'until'")


def _text(moment: Moment) -> str:
    return moment_text(moment.day * 86_400 + moment.second)
