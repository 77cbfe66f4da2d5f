"""Who had a number when, under which plan: from the directory of customers and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from config.issues import TextError
from config.time_zones import zone_named
from ocs.customers.customer import Subscription
from ocs.customers.directory import Directory
from ocs.usage_import.pots import Bundle
from ocs.usage_import.refusal import NO_PLAN, NO_SUBSCRIPTION, PREPAID_PLAN, Refusal
from ocs.usage_import.standings import SharedStanding, SubscriptionStanding, shared_id
from ocs.usage_import.tenure import Tenure
from rating.calendar import FAR_MS, Zone
from rating.catalogue import PREPAID, Catalogue, Plan
from rating.offers import Addon
from rating.usage import Context, Standing

ReadStandings = Callable[[Iterable[str]], dict[str, dict[str, Any]]]
MOST_REMEMBERED: Final = 1_000_000


class Tenures:
    """Finds tenures, and holds the standings that they move until ``take_changed``.

    A tenure ends with its subscription, and with a version of its plan.
    """

    def __init__(self, directory: Directory, catalogue: Catalogue, read: ReadStandings) -> None:
        self._directory = directory
        self._catalogue = catalogue
        self._read = read
        self.known: dict[str, Tenure] = {}
        """The last tenure that was found of each number; emptied where it grows too large."""
        self._holders: dict[str, SubscriptionStanding] = {}
        self._prepared: dict[str, dict[str, Any]] = {}
        self._asked: set[str] = set()
        self._first_ms = _first_moments(directory)
        self._shared: dict[str, SharedStanding] = {}
        self._shares = shares(catalogue)

    def prepare(self, msisdns: list[str], started_ms: list[int]) -> None:
        """Read the standings of a batch's subscriptions at once."""
        if len(self.known) > MOST_REMEMBERED:
            self.known.clear()
        ids = set()
        for msisdn, at_ms in dict(zip(msisdns, started_ms, strict=True)).items():
            subscription = self._directory.subscription_at(msisdn, at_ms)
            if subscription is not None and subscription.subscription_id not in self._asked:
                ids.add(subscription.subscription_id)
                if self._shares:
                    ids.add(shared_id(subscription.account_id))
        self._prepared.update(self._read(ids))
        self._asked |= ids

    def find(self, msisdn: str, at_ms: int) -> Tenure:
        """The tenure of a number at an instant; one of that instant with a refusal where there is none."""
        subscription = self._directory.subscription_at(msisdn, at_ms)
        if subscription is None:
            return _refused(at_ms, NO_SUBSCRIPTION, f"nobody had the number {msisdn} then")
        plan = self._catalogue.plan_at(subscription.plan_id, at_ms)
        if plan is None:
            return _refused(
                at_ms, NO_PLAN, f"plan {subscription.plan_id!r} is not in the catalogue at that time"
            )
        if plan.payment == PREPAID:
            return _refused(
                at_ms, PREPAID_PLAN, f"plan {plan.plan_id!r} is prepaid, and nothing was charged online"
            )
        from_ms, to_ms = self._version_span(plan)
        zone = self._zone_of(subscription)
        bundles = self._bundles(subscription, plan)
        holder = self._holder(subscription, zone) if bundles or stands(plan) else None
        standing = Standing(self._activated_ms(subscription), zone) if holder is None else holder.standing
        return Tenure(
            max(from_ms, subscription.from_ms),
            min(to_ms, FAR_MS if subscription.to_ms is None else subscription.to_ms),
            subscription.account_id,
            subscription.subscriber_group.encode(),
            Context(self._catalogue, plan.plan_id, plan, standing),
            holder,
            bundles,
        )

    def take_changed(self) -> list[SubscriptionStanding | SharedStanding]:
        """The standings that moved since the last time, by id."""
        changed = [holder for holder in self._holders.values() if holder.changed]
        for holder in changed:
            holder.changed = False
        shared = [one for one in self._shared.values() if one.take_changed()]
        return sorted([*changed, *shared], key=lambda standing: standing.subscription_id)

    def _version_span(self, plan: Plan) -> tuple[int, int]:
        versions = self._catalogue.versions.get(plan.plan_id, [])
        later = [version.valid_from_ms for version in versions if version.valid_from_ms > plan.valid_from_ms]
        return int(plan.valid_from_ms), min(later, default=FAR_MS)

    def _zone_of(self, subscription: Subscription) -> Zone | None:
        try:
            return zone_named(subscription.time_zone) if subscription.time_zone else None
        except TextError:  # a zone that this machine does not know any more: the network's holds
            return None

    def _activated_ms(self, subscription: Subscription) -> int:
        return self._first_ms.get(subscription.subscription_id, subscription.from_ms)

    def _holder(self, subscription: Subscription, zone: Zone | None) -> SubscriptionStanding:
        subscription_id = subscription.subscription_id
        holder = self._holders.get(subscription_id)
        if holder is None:
            kept = self._kept(subscription_id)
            activated_ms = self._activated_ms(subscription)
            holder = SubscriptionStanding(subscription_id, activated_ms, zone or self._catalogue.zone, kept)
            holder.standing.zone = zone
            self._holders[subscription_id] = holder
        return holder

    def _shared_of(self, account_id: str) -> SharedStanding:
        shared = self._shared.get(account_id)
        if shared is None:
            kept = self._kept(shared_id(account_id))
            shared = self._shared[account_id] = SharedStanding(account_id, self._catalogue.zone, kept)
            rows = self._directory.subscriptions_of(account_id, -FAR_MS, FAR_MS)
            for row in rows:
                first_ms = shared.first_ms.get(row.plan_id, row.from_ms)
                shared.first_ms[row.plan_id] = min(first_ms, row.from_ms)
            shared.addons = self._shared_addons(shared, {row.subscription_id for row in rows})
        return shared

    def _kept(self, standing_id: str) -> dict[str, Any] | None:
        """What SQL keeps; asked for once."""
        if standing_id not in self._asked:
            self._prepared.update(self._read([standing_id]))
            self._asked.add(standing_id)
        return self._prepared.pop(standing_id, None)

    def _bundles(self, subscription: Subscription, plan: Plan) -> list[Bundle]:
        """The plan's bundles from the subscription's beginning on, and those of its add-ons.

        What is shared begins with the first subscription of the billing account on the plan.
        """
        account_id = subscription.account_id
        found = []
        for definition in plan.bundles:
            if definition.shared:
                shared = self._shared_of(account_id)
                found.append(Bundle(definition, shared.first_ms[subscription.plan_id], shared=shared))
            else:
                found.append(Bundle(definition, subscription.from_ms))
        for addon, from_ms, end_ms in self._bought(subscription.subscription_id):
            own = [definition for definition in addon.bundles if not definition.shared]
            found += [Bundle(definition, from_ms, end_ms) for definition in own]
        return [*found, *self._shared_of(account_id).addons] if self._shares else found

    def _shared_addons(self, shared: SharedStanding, subscription_ids: set[str]) -> list[Bundle]:
        """What add-ons of any of these subscriptions give to all, once however often they are bought."""
        spans: dict[str, tuple[Addon, int, int]] = {}
        for subscription_id in subscription_ids:
            for addon, from_ms, end_ms in self._bought(subscription_id):
                _, first_ms, last_ms = spans.get(addon.addon_id, (addon, from_ms, end_ms))
                spans[addon.addon_id] = (addon, min(first_ms, from_ms), max(last_ms, end_ms))
        return [
            Bundle(definition, from_ms, end_ms, shared)
            for _, (addon, from_ms, end_ms) in sorted(spans.items())
            for definition in addon.bundles
            if definition.shared
        ]

    def _bought(self, subscription_id: str) -> Iterator[tuple[Addon, int, int]]:
        """The add-ons of a subscription, from when until when."""
        for bought in self._directory.addons_of(subscription_id):
            addon = self._catalogue.addons.get(bought.addon_id)
            if addon is not None:
                end_ms = FAR_MS if bought.to_ms is None else bought.to_ms
                if addon.valid_for_ms:
                    end_ms = min(end_ms, bought.from_ms + int(addon.valid_for_ms))
                yield addon, bought.from_ms, end_ms


def shares(catalogue: Catalogue) -> bool:
    """Whether anything in a catalogue is shared by the subscriptions of an account."""
    versions = [plan for plans in catalogue.versions.values() for plan in plans]
    owners: list[Plan | Addon] = [*catalogue.plans.values(), *versions, *catalogue.addons.values()]
    return any(bundle.shared for owner in owners for bundle in owner.bundles)


def stands(plan: Plan) -> bool:
    """Whether a usage on a plan can leave anything to the next one: flat rules without bundles can not."""
    return bool(plan.selects() or plan.counters or plan.caps or plan.discounts or plan.bonuses or plan.bundles)


def _first_moments(directory: Directory) -> dict[str, int]:
    """When subscriptions with several rows began."""
    first: dict[str, int] = {}
    several: dict[str, int] = {}
    for subscription in directory.subscriptions():
        known = first.setdefault(subscription.subscription_id, subscription.from_ms)
        if known != subscription.from_ms:
            first[subscription.subscription_id] = min(known, subscription.from_ms)
            several[subscription.subscription_id] = min(known, subscription.from_ms)
    return several


def _refused(at_ms: int, code: str, reason: str) -> Tenure:
    return Tenure(at_ms, at_ms + 1, "", b"", None, refusal=Refusal(code, reason))
