"""Taking what is due of all prepaid subscribers at once, beside running servers, each fee once.

What a subscriber's own requests have taken is not due any more. Killed anywhere it is done again: what was
taken says so in the account.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from balance.account import Account, decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, subscriber_key
from balance.packing import version_of
from balance.store import StateStore, StoreError, commit_sets, load_states
from balance.subscriber import BARRED, Subscriber, decode_subscriber
from ocs.charging.fee_record import payer_of
from ocs.charging.fees import take_fees
from rating.catalogue import PREPAID, Catalogue

AT_ONCE: Final = 200
"""Accounts that are read, and committed, together."""
ATTEMPTS: Final = 100


@dataclass(slots=True)
class FeesTaken:
    """The outcome: accounts that were looked at, fees that were taken, their sums by currency, who waits.

    ``unpaid`` counts subscribers whose bundles wait for a fee.
    """

    accounts: int = 0
    fees: int = 0
    unpaid: int = 0
    amounts: Counter[str] = field(default_factory=Counter)


async def take_all_fees(
    store: StateStore,
    catalogue: Catalogue,
    now_ms: int,
    progress: Callable[[int], None] | None = None,
    rest: timedelta = timedelta(),
) -> FeesTaken:
    """Take what is due of every subscriber on a prepaid plan with fees, as far as the balance pays.

    ``progress`` hears how many accounts are done; ``rest`` is a pause after each part. StoreError where the
    store fails: what was taken stays taken.
    """
    done = FeesTaken()
    async for chunk in store.scan(subscriber_key(b"")):
        payers: dict[str, list[bytes]] = {}
        for _, state in chunk:
            subscriber = decode_subscriber(state)
            if _pays(subscriber, catalogue, now_ms):
                payers.setdefault(subscriber.account_id, []).append(subscriber.subscriber_id())
        waiting = list(payers.items())
        for start in range(0, len(waiting), AT_ONCE):
            await _take_some(store, catalogue, dict(waiting[start : start + AT_ONCE]), now_ms, done)
            if progress is not None:
                progress(done.accounts)
        await asyncio.sleep(rest.total_seconds())
    return done


def _pays(subscriber: Subscriber, catalogue: Catalogue, now_ms: int) -> bool:
    if subscriber.status == BARRED:
        return False
    plan = catalogue.plan_at(subscriber.plan_id, now_ms)
    return plan is not None and plan.payment == PREPAID and bool(plan.fees)


class _Attempt:
    """What is taken from one account: the change, and what is to be counted when it is committed."""

    def __init__(self, account: Account | None) -> None:
        self.change = ChangeSet()
        self.account = account
        self.micros = 0
        self.unpaid = 0


async def _take_some(
    store: StateStore, catalogue: Catalogue, payers: dict[str, list[bytes]], now_ms: int, done: FeesTaken
) -> None:
    """Take from accounts, again from those that changed meanwhile."""
    for _ in range(ATTEMPTS):
        keys = [account_key(account_id) for account_id in payers]
        keys += [subscriber_key(each) for subscribers in payers.values() for each in subscribers]
        states = dict(zip(keys, await load_states(store, keys), strict=True))
        attempts = {
            account_id: _attempt(account_id, subscribers, states, catalogue, now_ms)
            for account_id, subscribers in payers.items()
        }
        await commit_sets(store, [each.change for each in attempts.values() if each.change.keys])
        lost: dict[str, list[bytes]] = {}
        for account_id, each in attempts.items():
            if each.change.keys and each.change.result != COMMITTED:
                lost[account_id] = payers[account_id]
                continue
            done.accounts += 1
            done.fees += len(each.change.events)
            done.unpaid += each.unpaid
            if each.account is not None and each.micros:
                done.amounts[each.account.currency] += each.micros
        if not lost:
            return
        payers = lost
    raise StoreError(f"account {next(iter(payers))} changed {ATTEMPTS} times in between")


def _attempt(
    account_id: str,
    subscribers: list[bytes],
    states: dict[bytes, bytes | None],
    catalogue: Catalogue,
    now_ms: int,
) -> _Attempt:
    """Take what is due of some subscribers of one account, by their states of now."""
    state = states[account_key(account_id)]
    attempt = _Attempt(None if state is None else decode_account(state))
    account, change = attempt.account, attempt.change
    if account is None:
        return attempt
    before = account.debited_micros
    for each in subscribers:
        known = states[subscriber_key(each)]
        subscriber = None if known is None else decode_subscriber(known)
        if (
            subscriber is None
            or subscriber.account_id != account_id
            or not _pays(subscriber, catalogue, now_ms)
        ):
            continue
        plan = catalogue.plan_at(subscriber.plan_id, now_ms)
        if plan is None or plan.currency != account.currency:
            continue
        change.put(subscriber_key(each), version_of(known), b"", 0)
        payer = payer_of(subscriber, plan)
        attempt.unpaid += not take_fees(account, plan, payer, catalogue, change.events, now_ms, begins=True)
    attempt.micros = account.debited_micros - before
    if encode_account(account, account.version) == state:
        attempt.change = ChangeSet()
    else:
        change.put(account_key(account_id), account.version, encode_account(account, account.version + 1), 0)
    return attempt
