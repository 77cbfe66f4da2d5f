"""Warnings of who is charged online, but is on no bill, where customers or subscribers are loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from balance.store import StoreError
from ocs.cli.opened import has_database, has_store, opened_database, opened_store
from ocs.cli.printing import warn
from rating.catalogue import PREPAID

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from config.settings_schema import Settings
    from config.subscribers_file import SubscriberRow
    from ocs.subscribers.billed import Unbilled
    from rating.catalogue import Plan

MOST_NAMED: Final = 10


def noting_billed(
    rows: Iterable[SubscriberRow], plans: Mapping[str, Plan], accounts: dict[str, None]
) -> Iterator[SubscriberRow]:
    """The rows as they come; the accounts of those on plans that are billed are noted."""
    for row in rows:
        if plans[row.plan_id].payment != PREPAID:
            accounts[row.account_id] = None
        yield row


def warn_of_unbilled(settings: Settings, accounts: dict[str, None]) -> None:
    """Name those of some accounts which are charged on plans that are billed that are no billing accounts."""
    if not accounts:
        return
    missing = list(accounts)
    if has_database(settings):
        from ocs.subscribers.billed import without_billing_account  # noqa: PLC0415  (SQL, for those who have it)

        with opened_database(settings) as engine, engine.connect() as connection:
            missing = list(without_billing_account(connection, accounts))
    for account_id in missing[:MOST_NAMED]:
        warn(f"account {account_id} is charged on a plan that is billed, and is no billing account")
    if len(missing) > MOST_NAMED:
        warn(f"... and {len(missing) - MOST_NAMED} more accounts")
    if missing:
        warn("nobody is billed for them: `ocs customer load` tells who is, by the same id")


def warn_of_other_accounts(settings: Settings, engine: Engine, plans: Mapping[str, Plan]) -> None:
    """Name customers' numbers that the store charges to another account than is billed, where it is there."""
    if not has_store(settings):
        return
    try:
        found = asyncio.run(_charged_to_others(settings, engine, plans))
    except StoreError as error:
        warn(f"it was not looked whether the charging server has the same accounts: {error}")
        return
    for one in found[:MOST_NAMED]:
        warn(
            f"{one.subscriber_id} is charged online to account {one.account_id}, its customer's is "
            f"{one.billing_account_id}: that bill will not have it"
        )
    if len(found) > MOST_NAMED:
        warn(f"... and {len(found) - MOST_NAMED} more numbers")


async def _charged_to_others(settings: Settings, engine: Engine, plans: Mapping[str, Plan]) -> list[Unbilled]:
    from ocs.subscribers.billed import charged_to_others  # noqa: PLC0415

    async with opened_store(settings) as store:
        with engine.connect() as connection:
            return await charged_to_others(store, connection, plans)
