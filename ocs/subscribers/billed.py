"""Who is charged online on a plan that is billed, but from an account that nobody gets a bill for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection, select

from balance.keys import subscriber_key
from balance.store import StateStore, load_states
from balance.subscriber import Subscriber, decode_subscriber
from ocs.customers.tables import BILLING_ACCOUNT, SUBSCRIPTION
from rating.catalogue import PREPAID, Plan

MOST_LOOKED_AT: Final = 100_000
"""Subscribers that a look at a whole store or database goes through."""
_AT_ONCE: Final = 500


Value = TypeVar("Value")


class Unbilled(NamedTuple):
    """A subscriber whose online charges are on no bill, or on another's than its customer's."""

    subscriber_id: str
    account_id: str
    billing_account_id: str = ""
    """Whose customer the number is, where that is known."""


def is_billed(plans: Mapping[str, Plan], plan_id: str) -> bool:
    """Whether what is used on a plan is billed, not paid from a balance."""
    plan = plans.get(plan_id)
    return plan is not None and plan.payment != PREPAID


def without_billing_account(connection: Connection, account_ids: Iterable[str]) -> Iterator[str]:
    """Those of some accounts that are no billing accounts, in their order."""
    for some in _batches(account_ids):
        known = select(BILLING_ACCOUNT.c.account_id).where(BILLING_ACCOUNT.c.account_id.in_(some))
        found = set(connection.scalars(known))
        yield from (account_id for account_id in some if account_id not in found)


async def unbilled_subscribers(
    store: StateStore, connection: Connection, plans: Mapping[str, Plan]
) -> tuple[int, list[Unbilled]]:
    """Of the first subscribers of a store: how many were looked at, and who is on no bill."""
    looked_at = 0
    found: list[Unbilled] = []
    async for some in _subscribers(store):
        looked_at += len(some)
        billed = [one for one in some if is_billed(plans, one.plan_id)]
        missing = set(without_billing_account(connection, dict.fromkeys(one.account_id for one in billed)))
        found += [
            Unbilled(one.subscriber_id().decode(), one.account_id)
            for one in billed
            if one.account_id in missing
        ]
        if looked_at >= MOST_LOOKED_AT:
            break
    return looked_at, found


async def charged_to_others(
    store: StateStore, connection: Connection, plans: Mapping[str, Plan]
) -> list[Unbilled]:
    """Of the first numbers that customers have now: who is charged online to another account than is billed."""
    row = SUBSCRIPTION.c
    query = select(row.msisdn, row.account_id).where(row.to_ms.is_(None)).limit(MOST_LOOKED_AT)
    found: list[Unbilled] = []
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
    for some in _batches(rows):
        states = await load_states(store, [subscriber_key(one.msisdn.encode()) for one in some])
        for one, state in zip(some, states, strict=True):
            subscriber = None if state is None else decode_subscriber(state)
            if (
                subscriber is not None
                and is_billed(plans, subscriber.plan_id)
                and subscriber.account_id != one.account_id
            ):
                found.append(Unbilled(one.msisdn, subscriber.account_id, one.account_id))
    return found


def _batches(values: Iterable[Value]) -> Iterator[list[Value]]:
    rest = iter(values)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


async def _subscribers(store: StateStore) -> AsyncIterator[list[Subscriber]]:
    async for chunk in store.scan(subscriber_key(b"")):
        yield [decode_subscriber(state) for _, state in chunk]
