"""Who had a number when, under which plan: from the directory of customers and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from config.issues import TextError
from config.time_zones import zone_named
from ocs.customers.customer import Subscription
from ocs.customers.directory import Directory
from ocs.usage_import.pots import Bundle
from ocs.usage_import.rated_rows import Tenure
from ocs.usage_import.refusal import NO_PLAN, NO_SUBSCRIPTION, PREPAID_PLAN, Refusal
from ocs.usage_import.standings import SubscriptionStanding
from rating.calendar import FAR_MS, Zone
from rating.catalogue import PREPAID, Catalogue, Plan
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

    def prepare(self, msisdns: list[str], started_ms: list[int]) -> None:
        """Read the standings of a batch's subscriptions at once."""
        if len(self.known) > MOST_REMEMBERED:
            self.known.clear()
        ids = set()
        for msisdn, at_ms in dict(zip(msisdns, started_ms, strict=True)).items():
            subscription = self._directory.subscription_at(msisdn, at_ms)
            if subscription is not None and subscription.subscription_id not in self._asked:
                ids.add(subscription.subscription_id)
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

    def take_changed(self) -> list[SubscriptionStanding]:
        """The standings that moved since the last time, by id."""
        changed = [holder for holder in self._holders.values() if holder.changed]
        for holder in changed:
            holder.changed = False
        return sorted(changed, key=lambda holder: holder.subscription_id)

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
            if subscription_id not in self._asked:
                self._prepared.update(self._read([subscription_id]))
                self._asked.add(subscription_id)
            kept = self._prepared.pop(subscription_id, None)
            activated_ms = self._activated_ms(subscription)
            holder = SubscriptionStanding(subscription_id, activated_ms, zone or self._catalogue.zone, kept)
            holder.standing.zone = zone
            self._holders[subscription_id] = holder
        return holder

    def _bundles(self, subscription: Subscription, plan: Plan) -> list[Bundle]:
        """The plan's bundles from the subscription's beginning on, and those of its add-ons."""
        found = [Bundle(definition, subscription.from_ms) for definition in plan.bundles]
        for bought in self._directory.addons_of(subscription.subscription_id):
            addon = self._catalogue.addons.get(bought.addon_id)
            if addon is not None:
                end_ms = FAR_MS if bought.to_ms is None else bought.to_ms
                if addon.valid_for_ms:
                    end_ms = min(end_ms, bought.from_ms + int(addon.valid_for_ms))
                found += [Bundle(definition, bought.from_ms, end_ms) for definition in addon.bundles]
        return found


def stands(plan: Plan) -> bool:
    """Whether a usage on a plan can leave anything to the next one: flat rules without bundles can not."""
    return bool(plan.selectors or plan.counters or plan.caps or plan.discounts or plan.bonuses or plan.bundles)


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
