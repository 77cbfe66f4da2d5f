"""All customers in memory: who had a number at a moment, what an account has; read once, then nothing waits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

from sqlalchemy import Connection, Engine, Table, select

from ocs.customers.customer import BillingAccount, BillingCycle, Party, Subscription, SubscriptionAddon
from ocs.customers.tables import BILLING_ACCOUNT, BILLING_CYCLE, PARTY, SUBSCRIPTION, SUBSCRIPTION_ADDON
from ocs.database.bulk import Values, select_rows
from ocs.uncollected import without_collection

_START = itemgetter(Subscription._fields.index("from_ms"))


class Directory:
    """Customers as they were when it was read. Subscriptions of a number do not overlap."""

    def __init__(
        self,
        parties: Iterable[Party],
        cycles: Iterable[BillingCycle],
        accounts: Iterable[BillingAccount],
        subscriptions: Iterable[Subscription],
        addons: Iterable[SubscriptionAddon] = (),
    ) -> None:
        self.parties = {party.party_id: party for party in parties}
        self.cycles = {cycle.cycle_id: cycle for cycle in cycles}
        self.accounts = {account.account_id: account for account in accounts}
        self._by_msisdn: dict[str, Subscription | list[Subscription]] = {}
        self._by_account: dict[str, list[Subscription]] = {}
        self._children: dict[str, list[BillingAccount]] = {}
        self._addons: dict[str, list[SubscriptionAddon]] = {}
        self._index(subscriptions)
        for account in self.accounts.values():
            if account.parent_account_id is not None:
                self._children.setdefault(account.parent_account_id, []).append(account)
        for addon in addons:
            self._addons.setdefault(addon.subscription_id, []).append(addon)

    def _index(self, subscriptions: Iterable[Subscription]) -> None:
        numbers, accounts = self._by_msisdn, self._by_account
        several: set[str] = set()
        for subscription in subscriptions:
            former = numbers.setdefault(subscription.msisdn, subscription)
            if former is not subscription:
                if isinstance(former, list):
                    former.append(subscription)
                else:
                    numbers[subscription.msisdn] = [former, subscription]
                    several.add(subscription.msisdn)
            listed = accounts.get(subscription.account_id)
            if listed is None:
                accounts[subscription.account_id] = [subscription]
            else:
                listed.append(subscription)
        for msisdn in several:
            found = numbers[msisdn]
            assert isinstance(found, list)  # noqa: S101 - made so above
            found.sort(key=_START)

    def subscription_at(self, msisdn: str, at_ms: int) -> Subscription | None:
        """Who had a number at a moment; None where nobody had it."""
        found = self._by_msisdn.get(msisdn)
        if isinstance(found, list):
            index = bisect_right(found, at_ms, key=_START)
            found = found[index - 1] if index else None
        return found if found is not None and found.holds_at(at_ms) else None

    def subscriptions_of(self, account_id: str, from_ms: int, to_ms: int) -> list[Subscription]:
        """What an account had within a time: by subscription, in the order of time."""
        rows = self._by_account.get(account_id, [])
        return sorted([row for row in rows if row.holds_within(from_ms, to_ms)])

    def addons_of(self, subscription_id: str) -> list[SubscriptionAddon]:
        """The add-ons of a subscription, all of them."""
        return sorted(self._addons.get(subscription_id, []), key=lambda addon: (addon.from_ms, addon.addon_id))

    def accounts_of_cycle(self, cycle_id: str) -> list[BillingAccount]:
        """The billing accounts of a cycle by id."""
        found = [account for account in self.accounts.values() if account.cycle_id == cycle_id]
        return sorted(found, key=lambda account: account.account_id)

    def children_of(self, account_id: str) -> list[BillingAccount]:
        """The billing accounts right below one, by id."""
        return sorted(self._children.get(account_id, []), key=lambda account: account.account_id)

    def payer_of(self, account_id: str) -> BillingAccount:
        """Whose invoice a billing account's debts are on: its own, or that of a parent who pays."""
        account = self.accounts[account_id]
        while account.payer == "parent" and account.parent_account_id is not None:
            account = self.accounts[account.parent_account_id]
        return account

    def subscriptions(self) -> Iterator[Subscription]:
        """All of them, by number and time."""
        for found in self._by_msisdn.values():
            if isinstance(found, list):
                yield from found
            else:
                yield found


def read_directory(source: Engine | Connection) -> Directory:
    """All customers of a database, as they are in one moment of it."""
    if isinstance(source, Engine):
        with source.connect() as connection:
            return read_directory(connection)
    with without_collection():
        return Directory(
            map(Party._make, _rows(source, PARTY)),
            map(BillingCycle._make, _rows(source, BILLING_CYCLE)),
            map(BillingAccount._make, _rows(source, BILLING_ACCOUNT)),
            _subscriptions(source),
            map(SubscriptionAddon._make, _rows(source, SUBSCRIPTION_ADDON)),
        )


def read_subscriptions(source: Engine | Connection) -> Directory:
    """The subscriptions and their add-ons alone, for who rates usage: a third of the time and memory."""
    if isinstance(source, Engine):
        with source.connect() as connection:
            return read_subscriptions(connection)
    with without_collection():
        addons = map(SubscriptionAddon._make, _rows(source, SUBSCRIPTION_ADDON))
        return Directory((), (), (), _subscriptions(source), addons)


def _subscriptions(connection: Connection) -> Iterator[Subscription]:
    """Subscriptions whose equal texts are one object: a million of them have few plans, and often one id."""
    known: dict[str, str] = {}
    keep = known.setdefault
    for row in _rows(connection, SUBSCRIPTION):
        subscription_id, from_ms, to_ms, account_id, msisdn, imsi, plan_id, group, zone = row
        yield Subscription(
            subscription_id,
            from_ms,
            to_ms,
            subscription_id if subscription_id == account_id else account_id,
            subscription_id if subscription_id == msisdn else msisdn,
            imsi,
            keep(plan_id, plan_id),
            keep(group, group),
            keep(zone, zone),
        )


def _rows(connection: Connection, table: Table) -> Iterator[Values]:
    return select_rows(connection, select(table).order_by(*table.primary_key.columns))
