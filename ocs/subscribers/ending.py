"""Numbers whose subscription has ended are barred in the store, when the moment has come."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, or_, select, update

from balance.changes import COMMITTED, ChangeSet
from balance.keys import subscriber_key
from balance.store import StateStore, StoreError, commit_sets, load_states
from balance.subscriber import BARRED, decode_subscriber, encode_subscriber
from ocs.customers.tables import ONLINE_END, SUBSCRIPTION
from ocs.database import writing

ATTEMPTS: Final = 100


def due_ends(connection: Connection, now_ms: int) -> list[Any]:
    """The ends whose moment has come and that the store may not know, by time."""
    end = ONLINE_END.c
    query = select(ONLINE_END).where(end.done_ms.is_(None), end.at_ms <= now_ms)
    return list(connection.execute(query.order_by(end.at_ms, end.msisdn)))


async def end_online(engine: Engine, store: StateStore, now_ms: int) -> list[str]:
    """Bar all numbers whose end has come; those that were. StoreError where the store does not answer.

    A number that has a subscription again, or is served from another account, is left alone. Killed anywhere,
    it is done again.
    """
    barred = []
    with engine.connect() as connection:
        ends = due_ends(connection, now_ms)
    for end in ends:
        with engine.connect() as connection:
            held = _is_held(connection, end.msisdn, now_ms)
        if not held and await bar(store, end.msisdn, end.account_id):
            barred.append(end.msisdn)
        row = ONLINE_END.c
        same = (row.msisdn == end.msisdn) & (row.at_ms == end.at_ms) & (row.account_id == end.account_id)
        with writing(engine) as connection:
            connection.execute(update(ONLINE_END).where(same).values(done_ms=now_ms))
    return barred


async def bar(store: StateStore, msisdn: str, account_id: str) -> bool:
    """Bar a number that is served from an account; False where it is not, or was barred before."""
    key = subscriber_key(msisdn.encode())
    for _ in range(ATTEMPTS):
        (state,) = await load_states(store, [key])
        if state is None:
            return False
        subscriber = decode_subscriber(state)
        if subscriber.account_id != account_id or subscriber.status == BARRED:
            return False
        subscriber.status = BARRED
        change = ChangeSet()
        change.put(key, subscriber.version, encode_subscriber(subscriber, subscriber.version + 1), 0)
        await commit_sets(store, [change])
        if change.result == COMMITTED:
            return True
    raise StoreError(f"subscriber {msisdn} changed {ATTEMPTS} times in between")


def _is_held(connection: Connection, msisdn: str, now_ms: int) -> bool:
    row = SUBSCRIPTION.c
    query = select(row.msisdn).where(
        row.msisdn == msisdn, row.from_ms <= now_ms, or_(row.to_ms.is_(None), row.to_ms > now_ms)
    )
    return connection.execute(query).first() is not None
