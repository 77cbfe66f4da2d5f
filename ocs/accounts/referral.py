"""A subscriber who brought another: both receive what their plans give for it, once."""

from typing import Final, NamedTuple

from balance.account import Account, decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, referral_key, subscriber_key
from balance.packing import version_of
from balance.quantity import LIMIT_MICROS
from balance.store import StateStore, commit_sets, load_states
from balance.subscriber import Subscriber, decode_subscriber
from ocs.accounts.mark import Mark, decode_mark, encode_mark
from ocs.charging.gifts import give_bonus
from rating.catalogue import Catalogue
from rating.offers import REFERRED, REFERRER, Bonus, bonuses_of_referral

ATTEMPTS: Final = 1000


class ReferralError(Exception):
    """A referral that nothing can be given for; the message says why."""


class Referral(NamedTuple):
    """The outcome: whether it was given before, and the bonuses of all who received some, by account."""

    repeated: bool
    bonuses: tuple[str, ...]


class _Side(NamedTuple):
    """One of the two: its subscriber, its account, and what its plan gives."""

    subscriber: Subscriber
    account: Account
    bonuses: list[Bonus]


async def refer(
    store: StateStore, referrer: Subscriber, referred: Subscriber, catalogue: Catalogue, now_ms: int
) -> Referral:
    """Give both what their plans give for a referral, unless the referred one was referred before.

    The mark of the referral and both accounts change together. ReferralError where somebody refers himself, or
    whom he was referred by; where another has referred the subscriber; where both spend from one account; and
    where no plan gives anything. StoreError where the store does not answer.
    """
    ids = [referrer.subscriber_id(), referred.subscriber_id()]
    if ids[0] == ids[1] or referrer.account_id == referred.account_id:
        raise ReferralError("both are one subscriber, or spend from one account")
    keys = [
        *(referral_key(ids[1]), referral_key(ids[0]), subscriber_key(ids[0]), subscriber_key(ids[1])),
        *(account_key(referrer.account_id), account_key(referred.account_id)),
    ]
    for _ in range(ATTEMPTS):
        mark, backwards, *states = await load_states(store, keys)
        if mark is not None:
            given = decode_mark(mark)
            if given.referrer != ids[0].decode():
                raise ReferralError(f"{ids[1].decode()} was referred by {given.referrer} already")
            return Referral(repeated=True, bonuses=given.bonuses)
        if backwards is not None and decode_mark(backwards).referrer == ids[1].decode():
            raise ReferralError(f"{ids[0].decode()} was referred by {ids[1].decode()}")
        sides = [
            _side(states[0], states[2], referrer, REFERRER, catalogue, now_ms),
            _side(states[1], states[3], referred, REFERRED, catalogue, now_ms),
        ]
        names = tuple(bonus.bonus_id for side in sides for bonus in side.bonuses)
        if not names:
            raise ReferralError("neither plan gives anything for a referral")
        change = ChangeSet()
        change.put(keys[0], version_of(mark), encode_mark(Mark(0, now_ms, names, ids[0].decode())), 0)
        change.put(keys[1], version_of(backwards), b"", 0)
        for side, key, state in zip(sides, keys[2:4], states, strict=False):
            _give(change, side, key, state, now_ms)
        await commit_sets(store, [change])
        if change.result == COMMITTED:
            return Referral(repeated=False, bonuses=names)
    raise ReferralError(f"these accounts changed {ATTEMPTS} times in between; try again")


def _side(
    subscriber_state: bytes | None,
    account_state: bytes | None,
    known: Subscriber,
    to: int,
    catalogue: Catalogue,
    now_ms: int,
) -> _Side:
    name = known.subscriber_id().decode()
    if subscriber_state is None or account_state is None:
        raise ReferralError(f"there is no subscriber {name}, or no account of it")
    subscriber = decode_subscriber(subscriber_state)
    if subscriber.account_id != known.account_id:
        raise ReferralError(f"subscriber {name} moved to another account in between; try again")
    plan = catalogue.plan_at(subscriber.plan_id, now_ms)
    if plan is None:
        raise ReferralError(f"plan {subscriber.plan_id} of {name} is not in the catalogue")
    return _Side(subscriber, decode_account(account_state), bonuses_of_referral(plan.bonuses, to))


def _give(change: ChangeSet, side: _Side, key: bytes, state: bytes | None, now_ms: int) -> None:
    """Add what one side receives to the change, and that its plan is still the one that was looked at."""
    change.put(key, version_of(state), b"", 0)
    if not side.bonuses:
        return
    account = side.account
    for bonus in side.bonuses:
        give_bonus(account, bonus, now_ms)
    if account.balance_micros >= LIMIT_MICROS:
        raise ReferralError(f"the balance would pass {LIMIT_MICROS // 1_000_000} {account.currency}")
    account_state = encode_account(account, account.version + 1)
    change.put(account_key(account.account_id), account.version, account_state, 0)
