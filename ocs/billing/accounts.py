"""The customers of a billing run as it found them: accounts with who pays for them, subscriptions, add-ons."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import CTE, Connection, func, select

from ocs.billing.periods import Cycle
from ocs.billing.tables import BILLED_ACCOUNT
from ocs.customers.tables import (
    BILLING_ACCOUNT,
    BILLING_CYCLE,
    PARTY,
    SUBSCRIPTION,
    SUBSCRIPTION_ADDON,
)

PAYS_ITSELF: Final = "account"
PARENT_PAYS: Final = "parent"


class BillingError(Exception):
    """A billing command that can not be done; the message says why."""


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription under one plan, for [from, to); None = it holds on.

    ``first_ms`` and ``next_ms`` are the beginnings of the subscription's first and next row, of any account.
    """

    subscription_id: str
    account_id: str
    msisdn: str
    plan_id: str
    from_ms: int
    to_ms: int | None
    first_ms: int
    next_ms: int | None


@dataclass(frozen=True, slots=True)
class AddonRow:
    """An add-on of a subscription, for [from, to)."""

    subscription_id: str
    addon_id: str
    from_ms: int
    to_ms: int | None


@dataclass(frozen=True, slots=True)
class LastBilled:
    """How far an account is billed: through which day, lake file and moment; "" and 0 = not yet."""

    to_day: str = ""
    lake_cut: int = 0
    to_ms: int = 0


@dataclass(slots=True)
class Account:
    """A billing account; ``payer_id`` receives its invoice: itself, or an account above it."""

    account_id: str
    payer_id: str
    party_id: str
    currency: str
    tax_status: str
    tax_jurisdiction: str
    language: str
    payment_terms_days: int
    opened_day: str
    closed_day: str | None
    subscriptions: list[SubscriptionRow] = field(default_factory=list)
    addons: list[AddonRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Party:
    """Whose account it is."""

    name: str
    address: str
    country: str
    email: str
    tax_number: str = ""

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The lines of the letter's window."""
        return tuple(filter(None, self.address.split("\n")))


@dataclass(frozen=True, slots=True)
class Customers:
    """All accounts that a run may bill, by payer, in the order of their ids; and how far each is billed."""

    payers: dict[str, list[Account]]
    parties: dict[str, Party]
    last: dict[str, LastBilled]

    @property
    def version(self) -> str:
        """The hash of all of it."""
        octets = msgspec.json.encode([self.payers, self.parties, self.last], order="sorted")
        return hashlib.sha256(octets).hexdigest()[:16]

    def last_of(self, account: Account) -> LastBilled:
        """How far an account is billed."""
        return self.last.get(account.account_id, LastBilled())


def load_cycle(connection: Connection, cycle_id: str) -> Cycle:
    """A billing cycle; BillingError where there is none of this name."""
    row = connection.execute(select(BILLING_CYCLE).where(BILLING_CYCLE.c.cycle_id == cycle_id)).one_or_none()
    if row is None:
        known = connection.scalars(select(BILLING_CYCLE.c.cycle_id).order_by(BILLING_CYCLE.c.cycle_id)).all()
        raise BillingError(f"there is no billing cycle {cycle_id!r}; known: {', '.join(known) or 'none'}")
    return Cycle(row.cycle_id, row.day_of_month, row.time_zone)


def load_customers(
    connection: Connection, cycle: Cycle, to_day: date, before_run: int | None = None
) -> Customers:
    """Everybody in a cycle who is not yet billed up to a day, and was there before it.

    With ``before_run``, as far as the runs before that one had billed them.
    """
    tree = _tree(cycle.cycle_id)
    last = _last_billed(connection, tree, before_run)
    accounts = _load_accounts(connection, tree)
    payers: dict[str, list[Account]] = {}
    for account in accounts.values():
        payer_done = last.get(account.payer_id, LastBilled()).to_day >= to_day.isoformat()
        done = last.get(account.account_id, LastBilled()).to_day >= to_day.isoformat()
        if not done and not payer_done and account.opened_day < to_day.isoformat():
            payers.setdefault(account.payer_id, []).append(account)
    payers = {one: members for one, members in payers.items() if any(m.account_id == one for m in members)}
    kept = {account.account_id: account for members in payers.values() for account in members}
    _load_subscriptions(connection, tree, kept)
    wanted = {accounts[payer_id].party_id for payer_id in payers}
    parties = {party_id: party for party_id, party in _parties(connection, tree).items() if party_id in wanted}
    return Customers(payers, parties, {one: last[one] for one in kept if one in last})


def _tree(cycle_id: str) -> CTE:
    """The accounts of a cycle that pay for themselves, and all below them that do not, with their payer."""
    account = BILLING_ACCOUNT
    tree = (
        select(account.c.account_id, account.c.account_id.label("payer_id"))
        .where(account.c.cycle_id == cycle_id, account.c.payer == PAYS_ITSELF)
        .cte("tree", recursive=True)
    )
    below = (
        select(account.c.account_id, tree.c.payer_id)
        .join(tree, account.c.parent_account_id == tree.c.account_id)
        .where(account.c.payer == PARENT_PAYS)
    )
    return tree.union_all(below)


def _load_accounts(connection: Connection, tree: CTE) -> dict[str, Account]:
    account = BILLING_ACCOUNT.c
    query = (
        select(
            account.account_id, tree.c.payer_id, account.party_id, account.currency, account.tax_status,
            account.tax_jurisdiction, account.language, account.payment_terms_days, account.opened_day,
            account.closed_day,
        )
        .join(tree, tree.c.account_id == account.account_id)
        .order_by(tree.c.payer_id, account.account_id)
    )  # fmt: skip
    return {row.account_id: Account(*row) for row in connection.execute(query)}


def _last_billed(connection: Connection, tree: CTE, before_run: int | None) -> dict[str, LastBilled]:
    billed = BILLED_ACCOUNT.c
    query = (
        select(billed.account_id, func.max(billed.to_day), func.max(billed.lake_cut), func.max(billed.to_ms))
        .join(tree, tree.c.account_id == billed.account_id)
        .group_by(billed.account_id)
    )
    if before_run is not None:
        query = query.where(billed.run_id < before_run)
    return {account_id: LastBilled(*row) for account_id, *row in connection.execute(query)}


def _parties(connection: Connection, tree: CTE) -> dict[str, Party]:
    query = (
        select(
            PARTY.c.party_id, PARTY.c.name, PARTY.c.address, PARTY.c.country, PARTY.c.email, PARTY.c.tax_number
        )
        .distinct()
        .join(BILLING_ACCOUNT, BILLING_ACCOUNT.c.party_id == PARTY.c.party_id)
        .join(tree, tree.c.account_id == BILLING_ACCOUNT.c.account_id)
    )
    return {party_id: Party(*row) for party_id, *row in connection.execute(query)}


def _load_subscriptions(connection: Connection, tree: CTE, accounts: dict[str, Account]) -> None:
    row, other = SUBSCRIPTION.c, SUBSCRIPTION.alias("other").c
    same = other.subscription_id == row.subscription_id
    first = select(func.min(other.from_ms)).where(same).scalar_subquery()
    following = select(func.min(other.from_ms)).where(same, other.from_ms > row.from_ms).scalar_subquery()
    query = (
        select(
            row.subscription_id, row.account_id, row.msisdn, row.plan_id, row.from_ms, row.to_ms, first,
            following,
        )
        .join(tree, tree.c.account_id == row.account_id)
        .order_by(row.subscription_id, row.from_ms)
    )  # fmt: skip
    owners: dict[str, list[tuple[int, str]]] = {}
    for found in connection.execute(query):
        account = accounts.get(found.account_id)
        if account is not None:
            account.subscriptions.append(SubscriptionRow(*found))
            owners.setdefault(found.subscription_id, []).append((found.from_ms, found.account_id))
    for addon in _load_addons(connection, tree):
        held = [owner for from_ms, owner in owners.get(addon.subscription_id, ()) if from_ms <= addon.from_ms]
        if held:
            accounts[held[-1]].addons.append(addon)


def _load_addons(connection: Connection, tree: CTE) -> list[AddonRow]:
    addon = SUBSCRIPTION_ADDON.c
    of_tree = select(SUBSCRIPTION.c.subscription_id).join(tree, tree.c.account_id == SUBSCRIPTION.c.account_id)
    query = (
        select(addon.subscription_id, addon.addon_id, addon.from_ms, addon.to_ms)
        .where(addon.subscription_id.in_(of_tree))
        .order_by(addon.subscription_id, addon.from_ms, addon.addon_id)
    )
    return [AddonRow(*row) for row in connection.execute(query)]
