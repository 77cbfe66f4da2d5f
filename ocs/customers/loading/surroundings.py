"""What is known of what files speak of: all customers, or where files are small, only those they touch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, select

from ocs.customers.customer import BillingAccount, BillingCycle, Party, Subscription, SubscriptionAddon
from ocs.customers.directory import Directory, read_directory
from ocs.customers.loading.checking import closes
from ocs.customers.loading.statements import Statements
from ocs.customers.tables import (
    BILLING_ACCOUNT,
    BILLING_CYCLE,
    ONLINE_END,
    PARTY,
    SUBSCRIPTION,
    SUBSCRIPTION_ADDON,
)

MOST_LOOKED_UP: Final = 10_000
"""Above so many statements, all customers are read at once."""
_AT_ONCE: Final = 500

Rows = set[tuple[Any, ...]]
Ends = frozenset[tuple[str, int, str]]
"""Numbers, when their subscription ended, and the accounts they were of then."""


def read_surroundings(connection: Connection, stated: Statements) -> Directory:
    """A directory of at least what the statements name, who has their numbers, and the accounts around."""
    count = len(stated.parties) + len(stated.accounts) + len(stated.subscriptions)
    if count > MOST_LOOKED_UP:
        return read_directory(connection)
    subscriptions = _subscriptions(connection, stated)
    accounts = _accounts(connection, stated, {row.account_id for row in subscriptions})
    parties = {row.party_id for row in accounts} | stated.parties.keys()
    parties |= {one.value.party_id for one in stated.accounts.values()}
    return Directory(
        map(Party._make, _where(connection, PARTY, PARTY.c.party_id, parties)),
        [BillingCycle._make(row) for row in connection.execute(select(BILLING_CYCLE))],
        accounts,
        sorted(subscriptions),
        map(
            SubscriptionAddon._make,
            _where(
                connection,
                SUBSCRIPTION_ADDON,
                SUBSCRIPTION_ADDON.c.subscription_id,
                {row.subscription_id for row in subscriptions},
            ),
        ),
    )


def read_ends(connection: Connection, known: Directory) -> Ends:
    """The ends of subscriptions in a directory that a command made."""
    end = ONLINE_END.c
    numbers = {row.msisdn for row in known.subscriptions() if row.to_ms is not None}
    rows = _where(connection, ONLINE_END, end.msisdn, numbers)
    return frozenset((msisdn, at_ms, account_id) for msisdn, at_ms, account_id, *_ in rows)


def _subscriptions(connection: Connection, stated: Statements) -> list[Subscription]:
    """All rows of those that are stated, of who has their numbers, and of accounts that close."""
    table = SUBSCRIPTION
    values = [one.value for one in stated.subscriptions]
    closing = {name for name, one in stated.accounts.items() if closes(one.value)}
    found: Rows = set()
    for column, wanted in (
        (table.c.subscription_id, {value.subscription_id for value in values}),
        (table.c.msisdn, {value.msisdn for value in values}),
        (table.c.imsi, {value.imsi for value in values} - {""}),
        (table.c.account_id, closing),
    ):
        found.update(_where(connection, table, column, wanted))
    ids = {row[0] for row in found}
    found.update(_where(connection, table, table.c.subscription_id, ids))
    return [Subscription._make(row) for row in found]


def _accounts(connection: Connection, stated: Statements, also: set[str]) -> list[BillingAccount]:
    """Those that are named, all above them, and those right below the stated ones."""
    table = BILLING_ACCOUNT
    wanted = also | stated.accounts.keys() | {one.value.account_id for one in stated.subscriptions}
    wanted |= {one.value.parent_account_id or "" for one in stated.accounts.values()}
    found: Rows = set(_where(connection, table, table.c.parent_account_id, stated.accounts.keys()))
    known: set[str] = set()
    while wanted:
        rows = set(_where(connection, table, table.c.account_id, wanted))
        found |= rows
        known |= wanted
        wanted = {row[2] for row in found if row[2] is not None} - known
    return [BillingAccount._make(row) for row in sorted(found, key=lambda row: str(row[0]))]


def _where(
    connection: Connection, table: Table, column: ColumnElement[Any], wanted: Collection[str]
) -> Iterator[tuple[Any, ...]]:
    for some in _portions(sorted(wanted)):
        yield from (tuple(row) for row in connection.execute(select(table).where(column.in_(some))))


def _portions(values: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(values)
    while portion := list(islice(iterator, _AT_ONCE)):
        yield portion
