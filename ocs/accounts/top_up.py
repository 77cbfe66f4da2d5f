"""Crediting an account, beside a running server, once for each reference, with what its plan gives for it."""

from typing import Final, NamedTuple

from balance.account import Account, decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, reference_key, subscriber_key
from balance.operations import credit_money
from balance.packing import version_of
from balance.quantity import LIMIT_MICROS, format_micros
from balance.store import StateStore, commit_sets, load_states
from balance.subscriber import decode_subscriber
from ocs.accounts.mark import Mark, decode_mark, encode_mark
from ocs.charging.gifts import give_bonus
from rating.catalogue import Catalogue
from rating.offers import TOP_UP, Bonus, bonuses_of_event

ATTEMPTS: Final = 1000
"""How often a credit tries again when a charge came between its reading and its writing."""


class TopUpError(Exception):
    """A credit that can not be given; the message says why."""


class TopUp(NamedTuple):
    """The outcome: the account after it, whether this reference had been credited before, and its bonuses."""

    account: Account
    repeated: bool
    bonuses: tuple[str, ...] = ()


class _States(NamedTuple):
    account: bytes | None
    mark: bytes | None
    subscriber: bytes | None


async def top_up(
    store: StateStore,
    account_id: str,
    micros: int,
    reference: str,
    now_ms: int,
    *,
    catalogue: Catalogue | None = None,
    subscriber_id: bytes = b"",
) -> TopUp:
    """Add money to an account unless this reference did so before, and give the bonuses of top-ups with it.

    The bonuses are those of the plan, by ``catalogue``, that the account's own subscriber is on, or another's
    that is named: ``subscriber_id``. The mark of the reference and the account change together, so that even a
    lost answer of the store leaves no doubt: the mark tells. TopUpError for an amount that is not positive, an
    unknown account or subscriber, a reference that stands for another amount, a balance beyond the limit, or
    where it can not be told whose bonuses to give; StoreError where the store does not answer.
    """
    if micros <= 0:
        raise TopUpError("the amount must be more than zero")
    who = subscriber_id or account_id.encode()
    keys = [account_key(account_id), reference_key(account_id, reference), subscriber_key(who)]
    for _ in range(ATTEMPTS):
        states = _States(*await load_states(store, keys))
        if states.account is None:
            raise TopUpError(f"there is no account {account_id}")
        account = decode_account(states.account)
        if states.mark is not None:
            mark = decode_mark(states.mark)
            if (before := mark.amount_micros) != micros:
                what = f"add-on {mark.addon}" if mark.addon else format_micros(before)
                raise TopUpError(f"reference {reference} was already used for {what}")
            return TopUp(account, repeated=True, bonuses=mark.bonuses)
        bonuses: list[Bonus] = []
        if catalogue is not None:
            bonuses = _bonuses(account, states.subscriber, subscriber_id, catalogue, micros, now_ms)
        _credit(account, micros, bonuses, now_ms)
        names = tuple(bonus.bonus_id for bonus in bonuses)
        change = ChangeSet()
        change.put(keys[0], account.version, encode_account(account, account.version + 1), 0)
        change.put(keys[1], version_of(states.mark), encode_mark(Mark(micros, now_ms, names)), 0)
        if bonuses:
            change.put(keys[2], version_of(states.subscriber), b"", 0)
        await commit_sets(store, [change])
        if change.result == COMMITTED:
            return TopUp(account, repeated=False, bonuses=names)
    raise TopUpError(f"account {account_id} changed {ATTEMPTS} times in between; try again")


def _credit(account: Account, micros: int, bonuses: list[Bonus], now_ms: int) -> None:
    """The top-up and its bonuses; TopUpError where the balance would pass the limit."""
    given = sum(bonus.money_micros(micros) for bonus in bonuses)
    if max(account.balance_micros, 0) + micros + given >= LIMIT_MICROS:
        raise TopUpError(f"the balance would pass {LIMIT_MICROS // 1_000_000} {account.currency}")
    credit_money(account, micros)
    for bonus in bonuses:
        give_bonus(account, bonus, now_ms, micros)


def _bonuses(
    account: Account,
    subscriber_state: bytes | None,
    subscriber_id: bytes,
    catalogue: Catalogue,
    micros: int,
    now_ms: int,
) -> list[Bonus]:
    """What a top-up of an amount brings; TopUpError where it can not be told by which plan."""
    subscriber = None if subscriber_state is None else decode_subscriber(subscriber_state)
    if subscriber is None or subscriber.account_id != account.account_id:
        if subscriber_id:
            raise TopUpError(f"account {account.account_id} is not that of subscriber {subscriber_id.decode()}")
        if _is_without_bonuses(catalogue, account.currency, now_ms):
            return []
        raise TopUpError(
            f"whose plan gives the bonus of a top-up? account {account.account_id} is of no subscriber of its "
            "name: say --subscriber, or --no-bonus"
        )
    plan = catalogue.plan_at(subscriber.plan_id, now_ms)
    if plan is None:
        raise TopUpError(f"plan {subscriber.plan_id} of the subscriber is not in the catalogue")
    return bonuses_of_event(plan.bonuses, TOP_UP, micros)


def _is_without_bonuses(catalogue: Catalogue, currency: str, now_ms: int) -> bool:
    """Whether no plan in a currency gives anything for a top-up."""
    plans = catalogue.plans_at(now_ms).values()
    return all(bonus.when != TOP_UP for plan in plans if plan.currency == currency for bonus in plan.bonuses)
