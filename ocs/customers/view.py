"""Customers as people and scripts read them: found by any of their ids, with local times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, or_, select

from ocs.customers.customer import BillingAccount, BillingCycle, Party, Subscription
from ocs.customers.tables import BILLING_ACCOUNT, BILLING_CYCLE, PARTY, SUBSCRIPTION, SUBSCRIPTION_ADDON

View = dict[str, Any]
MOST_LISTED: Final = 1000


def customer_view(engine: Engine, identity: str) -> View | None:
    """The party that an id of a party, account or subscription or an MSISDN leads to, with all it has."""
    with engine.connect() as connection:
        party_id = _party_of(connection, identity)
        if party_id is None:
            return None
        row = connection.execute(select(PARTY).where(PARTY.c.party_id == party_id)).one()
        view: View = Party._make(row)._asdict()
        view["address"] = view["address"].split("\n") if view["address"] else []
        query = select(BILLING_ACCOUNT).where(BILLING_ACCOUNT.c.party_id == party_id)
        accounts = connection.execute(query.order_by(BILLING_ACCOUNT.c.account_id))
        view["accounts"] = [_account_view(connection, BillingAccount._make(one)) for one in accounts.all()]
        return view


def _party_of(connection: Connection, identity: str) -> str | None:
    found: str | None = connection.scalar(select(PARTY.c.party_id).where(PARTY.c.party_id == identity))
    if found is None:
        query = select(BILLING_ACCOUNT.c.party_id).where(BILLING_ACCOUNT.c.account_id == identity)
        found = connection.scalar(query)
    if found is None:
        query = (
            select(BILLING_ACCOUNT.c.party_id)
            .join(SUBSCRIPTION, SUBSCRIPTION.c.account_id == BILLING_ACCOUNT.c.account_id)
            .where(or_(SUBSCRIPTION.c.subscription_id == identity, SUBSCRIPTION.c.msisdn == identity))
            .order_by(SUBSCRIPTION.c.from_ms.desc())
            .limit(1)
        )
        found = connection.scalar(query)
    return found


def _account_view(connection: Connection, account: BillingAccount) -> View:
    cycle = BillingCycle._make(
        connection.execute(select(BILLING_CYCLE).where(BILLING_CYCLE.c.cycle_id == account.cycle_id)).one()
    )
    zone = ZoneInfo(cycle.time_zone)
    query = (
        select(SUBSCRIPTION)
        .where(SUBSCRIPTION.c.account_id == account.account_id)
        .order_by(SUBSCRIPTION.c.subscription_id, SUBSCRIPTION.c.from_ms)
        .limit(MOST_LISTED)
    )
    subscriptions = [Subscription._make(row) for row in connection.execute(query)]
    count = (
        select(func.count()).where(SUBSCRIPTION.c.account_id == account.account_id).select_from(SUBSCRIPTION)
    )
    return {
        **account._asdict(),
        "cycle": cycle._asdict(),
        "subscriptions": [_local(row._asdict(), zone) for row in subscriptions],
        "subscription_rows": connection.scalar(count),
        "addons": [_local(dict(row), zone) for row in _addons(connection, account.account_id)],
    }


def _addons(connection: Connection, account_id: str) -> list[dict[str, Any]]:
    theirs = select(SUBSCRIPTION.c.subscription_id).where(SUBSCRIPTION.c.account_id == account_id)
    query = (
        select(SUBSCRIPTION_ADDON)
        .where(SUBSCRIPTION_ADDON.c.subscription_id.in_(theirs))
        .order_by(*SUBSCRIPTION_ADDON.primary_key.columns)
        .limit(MOST_LISTED)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _local(row: View, zone: ZoneInfo) -> View:
    """A row with ``from`` and ``until`` in local time beside its moments."""
    row["from"] = local_text(row["from_ms"], zone)
    row["until"] = local_text(row["to_ms"], zone) if row["to_ms"] is not None else None
    return row


def local_text(at_ms: int, zone: ZoneInfo) -> str:
    """A moment in local time: the day alone where it is a midnight."""
    local = datetime.fromtimestamp(at_ms // 1000, zone)
    text = local.strftime("%Y-%m-%d %H:%M:%S")
    return text.removesuffix(" 00:00:00")


def account_rows(engine: Engine, cycle_id: str | None, most: int) -> Iterator[View]:
    """Billing accounts by id: whose they are, and how many subscriptions hold on; at most ``most``."""
    still_open = (
        select(SUBSCRIPTION.c.account_id, func.count().label("count"))
        .where(SUBSCRIPTION.c.to_ms.is_(None))
        .group_by(SUBSCRIPTION.c.account_id)
        .subquery()
    )
    account = BILLING_ACCOUNT.c
    query = (
        select(
            account.account_id, PARTY.c.name, account.parent_account_id, account.payer, account.cycle_id,
            account.currency, account.tax_jurisdiction, account.language,
            func.coalesce(still_open.c.count, 0).label("subscriptions"),
        )
        .join(PARTY, PARTY.c.party_id == account.party_id)
        .outerjoin(still_open, still_open.c.account_id == account.account_id)
        .order_by(account.account_id)
        .limit(most)
    )  # fmt: skip
    if cycle_id is not None:
        query = query.where(account.cycle_id == cycle_id)
    with engine.connect() as connection:
        for row in connection.execute(query).mappings():
            yield dict(row)
