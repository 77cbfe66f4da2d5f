"""Closing a billing account, or ending one subscription, from a day on; online service ends at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from config.tariff_text import parse_moment
from config.time_zones import epoch_ms, zone_named
from ocs.customers.customer import Subscription
from ocs.customers.tables import BILLING_ACCOUNT, BILLING_CYCLE, ONLINE_END, SUBSCRIPTION


class ClosingError(Exception):
    """An account that can not be closed, or a subscription that can not be ended; the message says why."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What ends, and when. ``numbers`` of the subscriptions that held on; none where all was so before."""

    account_id: str
    day: str
    at_ms: int
    numbers: tuple[str, ...]


def close_account(connection: Connection, account_id: str, day: str) -> Closing:
    """Close an account from a day on: that is the first day it is not open any more.

    Its subscriptions end with it, and what was to begin later does not. ClosingError where there is no such
    account, it was closed on an earlier day, was not open before, or pays for others that are open.
    """
    account = _account(connection, account_id)
    if day <= account.opened_day:
        raise ClosingError(f"account {account_id} is opened on {account.opened_day}: it can not close on {day}")
    if account.closed_day is not None and account.closed_day < day:
        raise ClosingError(f"account {account_id} is closed from {account.closed_day} on")
    children = _open_children(connection, account_id, day)
    if children:
        raise ClosingError(f"account {account_id} pays for {', '.join(children)}: close them first")
    at_ms = _midnight(connection, account.cycle_id, day)
    rows = _rows(connection, SUBSCRIPTION.c.account_id == account_id)
    connection.execute(
        update(BILLING_ACCOUNT).where(BILLING_ACCOUNT.c.account_id == account_id).values(closed_day=day)
    )
    return Closing(account_id, day, at_ms, _end(connection, rows, at_ms))


def end_subscription(connection: Connection, subscription_id: str, day: str) -> Closing:
    """End a subscription at the midnight a day begins, in its account's cycle.

    ClosingError where there is none, or it has ended before.
    """
    rows = _rows(connection, SUBSCRIPTION.c.subscription_id == subscription_id)
    if not rows:
        raise ClosingError(f"there is no subscription {subscription_id}")
    account = _account(connection, rows[-1].account_id)
    at_ms = _midnight(connection, account.cycle_id, day)
    if at_ms <= rows[0].from_ms:
        raise ClosingError(f"subscription {subscription_id} had not begun before {day}")
    last = rows[-1].to_ms
    if last is not None and last < at_ms:
        raise ClosingError(f"subscription {subscription_id} has ended before {day}")
    return Closing(account.account_id, day, at_ms, _end(connection, rows, at_ms))


def _account(connection: Connection, account_id: str) -> Any:
    query = select(BILLING_ACCOUNT).where(BILLING_ACCOUNT.c.account_id == account_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise ClosingError(f"there is no account {account_id}")
    return row


def _open_children(connection: Connection, account_id: str, day: str) -> Sequence[str]:
    account = BILLING_ACCOUNT.c
    query = (
        select(account.account_id)
        .where(
            account.parent_account_id == account_id,
            account.payer == "parent",
            account.closed_day.is_(None) | (account.closed_day > day),
        )
        .order_by(account.account_id)
    )
    return connection.scalars(query).all()


def _midnight(connection: Connection, cycle_id: str, day: str) -> int:
    query = select(BILLING_CYCLE.c.time_zone).where(BILLING_CYCLE.c.cycle_id == cycle_id)
    return epoch_ms(zone_named(connection.scalars(query).one()), parse_moment(day))


def _rows(connection: Connection, condition: Any) -> list[Subscription]:
    query = select(SUBSCRIPTION).where(condition).order_by(SUBSCRIPTION.c.from_ms).with_for_update()
    return [Subscription._make(row) for row in connection.execute(query)]


def _end(connection: Connection, rows: list[Subscription], at_ms: int) -> tuple[str, ...]:
    """End the rows that hold on at a moment, remove those that were to begin, and note what ends online."""
    numbers: dict[str, str] = {}
    row = SUBSCRIPTION.c
    for one in rows:
        if one.to_ms is not None and one.to_ms <= at_ms:
            continue
        same = (row.subscription_id == one.subscription_id) & (row.from_ms == one.from_ms)
        if one.from_ms >= at_ms:
            connection.execute(delete(SUBSCRIPTION).where(same))
        else:
            connection.execute(update(SUBSCRIPTION).where(same).values(to_ms=at_ms))
            numbers[one.msisdn] = one.account_id
    known = ONLINE_END.c
    for msisdn, account_id in numbers.items():
        values = {"msisdn": msisdn, "at_ms": at_ms, "account_id": account_id}
        there = select(known.msisdn).where(*(known[name] == value for name, value in values.items()))
        if connection.execute(there).first() is None:
            connection.execute(insert(ONLINE_END).values(**values, done_ms=None))
    return tuple(sorted(numbers))
