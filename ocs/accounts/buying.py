"""Buying an add-on from an online balance, beside a running server, once for each reference."""

from __future__ import annotations

from typing import Final, NamedTuple

from balance.account import Account, decode_account, encode_account
from balance.changes import COMMITTED, ChangeSet
from balance.keys import account_key, reference_key, subscriber_key
from balance.operations import debit_money
from balance.packing import version_of
from balance.quantity import format_micros
from balance.store import StateStore, commit_sets, load_states
from balance.subscriber import BARRED, Subscriber, decode_subscriber
from config.issues import did_you_mean
from ocs.accounts.mark import Mark, decode_mark, encode_mark
from ocs.charging.fee_record import fee_line, fee_record, payer_of
from ocs.charging.gifts import fill_bucket
from rating.catalogue import Catalogue, Plan
from rating.fees import ACTIVATION, NO_EVENT, ONCE, Fee
from rating.offers import Addon
from rating.periods import EVER

ATTEMPTS: Final = 1000
"""How often a purchase tries again when a charge came between its reading and its writing."""
BOUGHT: Final = "bought"
"""Whose gift a bucket of an add-on is, in its name."""
_SECOND_MS: Final = 1000


class PurchaseError(Exception):
    """An add-on that can not be bought; the message says why."""


class Purchase(NamedTuple):
    """The outcome: the account after it, what was paid, and whether this reference had bought it before."""

    account: Account
    paid_micros: int
    repeated: bool


async def buy(
    store: StateStore, buyer: Subscriber, addon_id: str, catalogue: Catalogue, reference: str, now_ms: int
) -> Purchase:
    """Take the price of an add-on from the subscriber's account and give its bundles, unless the reference did.

    The mark of the reference, the account and the record change together, so that a lost answer of the store
    leaves no doubt. ``now_ms`` is when it was bought. PurchaseError for an add-on that there is not, or that is
    not for the plan; a reference that stands for something else; a subscriber who is barred; a balance that
    does not pay; StoreError where the store does not answer.
    """
    account_id, who = buyer.account_id, buyer.subscriber_id()
    keys = [account_key(account_id), reference_key(account_id, reference), subscriber_key(who)]
    for _ in range(ATTEMPTS):
        state, known, subscriber_state = await load_states(store, keys)
        if state is None or subscriber_state is None:
            raise PurchaseError(f"there is no account {account_id}, or no subscriber {who.decode()}")
        account = decode_account(state)
        if known is not None:
            return _repeated(account, decode_mark(known), addon_id, reference)
        subscriber = decode_subscriber(subscriber_state)
        if subscriber.account_id != account_id:
            raise PurchaseError(f"subscriber {who.decode()} moved to another account in between; try again")
        plan, addon = _offer(subscriber, addon_id, catalogue, now_ms)
        change = ChangeSet()
        paid = _pay(account, subscriber, plan, addon, catalogue, reference, change, now_ms)
        _give(account, addon, now_ms)
        change.put(keys[0], account.version, encode_account(account, account.version + 1), 0)
        change.put(keys[1], 0, encode_mark(Mark(-paid, now_ms, (addon_id,))), 0)
        change.put(keys[2], version_of(subscriber_state), b"", 0)
        await commit_sets(store, [change])
        if change.result == COMMITTED:
            return Purchase(account, paid, repeated=False)
    raise PurchaseError(f"account {account_id} changed {ATTEMPTS} times in between; try again")


def _repeated(account: Account, mark: Mark, addon_id: str, reference: str) -> Purchase:
    if mark.addon != addon_id:
        what = f"add-on {mark.addon}" if mark.addon else "a top-up"
        raise PurchaseError(f"reference {reference} was already used for {what}")
    return Purchase(account, -mark.amount_micros, repeated=True)


def _offer(subscriber: Subscriber, addon_id: str, catalogue: Catalogue, now_ms: int) -> tuple[Plan, Addon]:
    """The plan and the add-on that a subscriber may buy on it; PurchaseError says why not."""
    who = subscriber.subscriber_id().decode()
    if subscriber.status == BARRED:
        raise PurchaseError(f"subscriber {who} is barred")
    addon = catalogue.addons.get(addon_id)
    if addon is None:
        hint = did_you_mean(addon_id, catalogue.addons)
        raise PurchaseError(f"there is no add-on {addon_id!r}" + (f": {hint}" if hint else ""))
    plan = catalogue.plan_at(subscriber.plan_id, now_ms)
    if plan is None:
        raise PurchaseError(f"plan {subscriber.plan_id} of {who} is not in the catalogue, or does not hold yet")
    if addon.plans is not None and plan.plan_id not in addon.plans:
        plans = ", ".join(sorted(addon.plans))
        raise PurchaseError(f"add-on {addon_id} is for {plans}; {who} is on {plan.plan_id}")
    if addon.currency != plan.currency:
        raise PurchaseError(f"add-on {addon_id} is in {addon.currency}, plan {plan.plan_id} in {plan.currency}")
    recurring = [fee.fee_id for fee in addon.fees if fee.every != ONCE]
    recurring += [bundle.bundle_id for bundle in addon.bundles if bundle.recurs != EVER]
    if recurring:
        raise PurchaseError(f"add-on {addon_id} can not be bought from a balance: {recurring[0]} recurs")
    return plan, addon


def _pay(
    account: Account,
    subscriber: Subscriber,
    plan: Plan,
    addon: Addon,
    catalogue: Catalogue,
    reference: str,
    change: ChangeSet,
    now_ms: int,
) -> int:
    """Take the price, a record for each fee; PurchaseError where the account is another's, or can not pay."""
    if account.currency != plan.currency:
        raise PurchaseError(f"account {account.account_id} is in {account.currency}, {plan.plan_id} is not")
    fees: list[Fee] = [
        fee for fee in addon.fees if fee.event in {ACTIVATION, NO_EVENT} and fee.amount_micros > 0
    ]
    price = sum(fee.amount_micros for fee in fees)
    if price > max(account.available_micros(), 0):
        raise PurchaseError(
            f"add-on {addon.addon_id} costs {format_micros(price)} {account.currency}, "
            f"{format_micros(account.available_micros())} is available"
        )
    payer = payer_of(subscriber, plan)
    for fee in fees:
        debit_money(account, fee.amount_micros, overdraft_allowed=False)
        line = fee_line(fee.fee_id, fee.amount_micros, fee.tax, catalogue.version, addon.name)
        name = f"bought;{account.account_id};{reference};{fee.fee_id}"
        change.events.append(fee_record(account, payer, name, line, BOUGHT, now_ms))
    return price


def _give(account: Account, addon: Addon, now_ms: int) -> None:
    """The add-on's bundles, each with a bucket of its own that ends when it was said to."""
    for bundle in addon.bundles:
        life_ms = bundle.valid_for_s * _SECOND_MS or addon.valid_for_ms
        ends_ms = now_ms + life_ms if life_ms else 0
        fill_bucket(account, bundle.bundle_id, BOUGHT, bundle.unit_kind, bundle.units, ends_ms, now_ms)
