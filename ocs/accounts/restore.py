"""Giving online credit back to an account, beside a running server, each restoration once."""

from __future__ import annotations

from typing import Final

from balance.account import decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key
from balance.restored import decode_restored, encode_restored, restore, restored_key
from balance.store import StateStore, commit_sets, load_states

ATTEMPTS: Final = 1000
"""How often it is tried again when a charge came between reading and writing."""


class RestoreError(Exception):
    """A restoration that this store can not take; the message says why."""


async def restore_credit(store: StateStore, account_id: str, number: int, currency: str, micros: int) -> bool:
    """Take an account's restoration of a number; False where the store had it already.

    The account and its last number change together, so that a lost answer leaves no doubt. RestoreError for an
    unknown account, another currency, or a number that is not the next; StoreError where the store is silent.
    """
    keys = [account_key(account_id), restored_key(account_id)]
    for _ in range(ATTEMPTS):
        state, known = await load_states(store, keys)
        if state is None:
            raise RestoreError(f"account {account_id} is not in this store")
        account, restored = decode_account(state), decode_restored(known)
        if number <= restored.number:
            return False
        if account.currency != currency:
            raise RestoreError(
                f"account {account_id} is in {account.currency}, what it gets back in {currency}"
            )
        try:
            restore(account, restored, number, micros)
        except ValueError as error:
            raise RestoreError(f"account {account_id}: {error}") from None
        change = ChangeSet()
        change.put(keys[0], account.version, encode_account(account, account.version + 1), 0)
        change.put(keys[1], restored.version, encode_restored(restored, restored.version + 1), 0)
        await commit_sets(store, [change])
        if change.result == COMMITTED:
            return True
    raise RestoreError(f"account {account_id} changed {ATTEMPTS} times in between; try again")
