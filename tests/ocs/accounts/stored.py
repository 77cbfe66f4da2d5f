"""What a store has of accounts and subscribers."""

from __future__ import annotations

from balance.account import Account, decode_account
from balance.keys import account_key
from balance.store import StateStore, load_states
from balance.subscriber import Subscriber
from ocs.subscribers.view import find_subscriber


async def account_of(store: StateStore, account_id: str) -> Account:
    """An account as stored."""
    state = (await load_states(store, [account_key(account_id)]))[0]
    assert state is not None
    return decode_account(state)


async def subscriber_of(store: StateStore, identity: str) -> Subscriber:
    """A subscriber as stored."""
    found = await find_subscriber(store, identity)
    assert found is not None
    return found
