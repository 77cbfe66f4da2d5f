"""What loading one subscriber changes, given what the store has of it. Pure."""

from typing import Final

from librt.strings import BytesWriter

from balance.account import Account, decode_account, encode_account
from balance.changes import ChangeSet
from balance.keys import account_key, imsi_key, subscriber_key
from balance.packing import put_number, version_of
from balance.subscriber import Subscriber, decode_subscriber, encode_subscriber
from config.subscribers_file import SubscriberRow
from ocs.charging.gifts import give_bonus
from ocs.charging.metering import bundle_of
from ocs.charging.renewal import first_bucket
from rating.calendar import Zone
from rating.catalogue import Plan
from rating.offers import AT_ACTIVATION, bonuses_of_event

CREATED: Final = 0
UPDATED: Final = 1
UNCHANGED: Final = 2
REFUSED: Final = 3

FREED_IMSI_LIFE_MS: Final = 1000
"""An IMSI that nobody has any more is written empty and forgotten after this time."""


class RowStates:
    """What the store has: the row's subscriber, IMSI and account, and whoever has the row's IMSI now."""

    def __init__(self, subscriber: bytes | None, imsi: bytes | None, account: bytes | None) -> None:
        self.subscriber = subscriber
        self.imsi = imsi
        self.account = account
        self.former_imsi: bytes | None = None
        self.former_holder: bytes | None = None


class RowChange:
    """The outcome for one row: CREATED, UPDATED, UNCHANGED or REFUSED, the change, and a refusal's reason."""

    def __init__(self, outcome: int, change: ChangeSet | None, reason: str) -> None:
        self.outcome = outcome
        self.change = change
        self.reason = reason


def row_keys(row: SubscriberRow) -> list[bytes]:
    """The keys whose states ``RowStates`` begins with; the IMSI's is empty where the row has none."""
    imsi = imsi_key(row.imsi) if row.imsi else b""
    return [subscriber_key(row.subscriber_id), imsi, account_key(row.account_id)]


def needed_keys(row: SubscriberRow, states: RowStates) -> tuple[bytes, bytes]:
    """The keys of the row's former IMSI and of its IMSI's former holder, which must be read too; b"" = none."""
    former_imsi = b""
    if states.subscriber is not None:
        old = decode_subscriber(states.subscriber).imsi
        if old and old != row.imsi:
            former_imsi = imsi_key(old)
    holder = holder_of(states.imsi)
    if holder in {b"", row.subscriber_id}:
        return former_imsi, b""
    return former_imsi, subscriber_key(holder)


def holder_of(imsi_state: bytes | None) -> bytes:
    """The subscriber that an IMSI's state names; b"" = nobody."""
    return imsi_state[8:] if imsi_state is not None else b""


def plan_row(row: SubscriberRow, states: RowStates, plan: Plan, zone: Zone, now_ms: int) -> RowChange:
    """The change that makes the store agree with a row. An account that exists keeps its balance.

    ``zone`` is the network's, in which periods are counted where the plan has none of its own.
    """
    account = decode_account(states.account) if states.account is not None else None
    if account is not None and account.currency != plan.currency:
        reason = f"account {row.account_id} is in {account.currency}, plan {plan.plan_id} in {plan.currency}"
        return RowChange(REFUSED, None, reason)
    old = decode_subscriber(states.subscriber) if states.subscriber is not None else None
    change = ChangeSet()
    _put_account(change, row, account, old, plan, zone, now_ms)
    if old is None or _differs(old, row):
        version = old.version if old is not None else 0
        fresh = Subscriber(row.msisdn, row.imsi, row.account_id, row.plan_id, row.status)
        fresh.group = row.group
        fresh.time_zone = row.time_zone
        fresh.activated_ms = old.activated_ms if old is not None else now_ms
        change.put(subscriber_key(row.subscriber_id), version, encode_subscriber(fresh, version + 1), 0)
    _put_imsis(change, row, states, old)
    if not change.keys:
        return RowChange(UNCHANGED, None, "")
    return RowChange(CREATED if old is None else UPDATED, change, "")


def _differs(old: Subscriber, row: SubscriberRow) -> bool:
    was = (old.msisdn, old.imsi, old.account_id, old.plan_id, old.status, old.group, old.time_zone)
    is_now = (row.msisdn, row.imsi, row.account_id, row.plan_id, row.status, row.group, row.time_zone)
    return was != is_now


def _put_account(
    change: ChangeSet,
    row: SubscriberRow,
    account: Account | None,
    old: Subscriber | None,
    plan: Plan,
    zone: Zone,
    now_ms: int,
) -> None:
    """A new account, or what a plan that is new to the subscriber brings: its credit limit, its bundles.

    A bundle is given once in an account's life, or anew in each of its periods.
    """
    changed = account is None
    if account is None:
        account = Account(row.account_id, row.currency, row.opening_micros)
    if old is None or old.plan_id != row.plan_id or changed:
        limit = plan.credit_limit_micros
        if row.account_id != row.subscriber_id.decode():
            limit = max(limit, account.credit_limit_micros)  # others may share the account
        changed = changed or account.credit_limit_micros != limit
        account.credit_limit_micros = limit
        present = {bundle_of(bucket) for bucket in account.buckets}
        for bundle in plan.bundles:
            if bundle.bundle_id not in present:
                account.buckets += (first_bucket(bundle, plan.zone or zone, now_ms),)
                changed = True
        if old is None:
            changed = _give_bonuses(account, plan, now_ms) or changed
    if changed:
        state = encode_account(account, account.version + 1)
        change.put(account_key(row.account_id), account.version, state, 0)


def _give_bonuses(account: Account, plan: Plan, now_ms: int) -> bool:
    """What a subscriber receives when it is activated; whether there is anything."""
    bonuses = bonuses_of_event(plan.bonuses, AT_ACTIVATION)
    for bonus in bonuses:
        give_bonus(account, bonus, now_ms)
    return bool(bonuses)


def _put_imsis(change: ChangeSet, row: SubscriberRow, states: RowStates, old: Subscriber | None) -> None:
    if row.imsi and holder_of(states.imsi) != row.subscriber_id:
        version = version_of(states.imsi)
        change.put(imsi_key(row.imsi), version, imsi_state(version + 1, row.subscriber_id), 0)
    if states.former_holder is not None:
        former = decode_subscriber(states.former_holder)
        if former.imsi == row.imsi:
            former.imsi = b""
            key = subscriber_key(holder_of(states.imsi))
            change.put(key, former.version, encode_subscriber(former, former.version + 1), 0)
    if old is not None and old.imsi != row.imsi and holder_of(states.former_imsi) == row.subscriber_id:
        version = version_of(states.former_imsi)
        change.put(imsi_key(old.imsi), version, imsi_state(version + 1, b""), FREED_IMSI_LIFE_MS)


def imsi_state(version: int, subscriber_id: bytes) -> bytes:
    """The stored octets of an IMSI: a version, then the subscriber that has it."""
    out = BytesWriter()
    put_number(out, version)
    out.write(subscriber_id)
    return out.getvalue()
