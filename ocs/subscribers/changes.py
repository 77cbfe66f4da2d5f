"""What loading one subscriber changes, given what the store has of it. Pure."""

from typing import Final, NamedTuple

from librt.strings import BytesWriter

from balance.account import Account, decode_account, encode_account
from balance.changes import ChangeSet
from balance.keys import account_key, imsi_key, subscriber_key
from balance.packing import put_number, version_of
from balance.subscriber import ACTIVE, BARRED, Subscriber, decode_subscriber, encode_subscriber
from config.subscribers_file import SubscriberRow
from ocs.charging.fee_record import payer_of
from ocs.charging.fees import DUE, FeeTaking, begin_again, leave_plan, note_due
from ocs.charging.gifts import give_bonus
from ocs.charging.metering import GENERATION, bundle_of
from ocs.charging.renewal import first_bucket
from rating.calendar import Zone
from rating.catalogue import PREPAID, Plan
from rating.fees import ACTIVATION, PLAN_CHANGE
from rating.offers import AT_ACTIVATION, bonuses_of_event
from rating.periods import EVER

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


def plan_row(
    row: SubscriberRow, states: RowStates, plan: Plan, zone: Zone, now_ms: int, version: str = ""
) -> RowChange:
    """The change that makes the store agree with a row. An account that exists keeps its balance.

    ``zone`` is the network's, in which periods are counted where the plan has none of its own; ``version`` is
    the catalogue's, for the records of fees.
    """
    account = decode_account(states.account) if states.account is not None else None
    if account is not None and account.currency != plan.currency:
        reason = f"account {row.account_id} is in {account.currency}, plan {plan.plan_id} in {plan.currency}"
        return RowChange(REFUSED, None, reason)
    old = decode_subscriber(states.subscriber) if states.subscriber is not None else None
    change = ChangeSet()
    _put_account(change, row, account, old, _Terms(plan, plan.zone or zone, version, now_ms))
    if old is None or _differs(old, row):
        read = old.version if old is not None else 0
        fresh = _subscriber(row)
        fresh.activated_ms = old.activated_ms if old is not None else now_ms
        change.put(subscriber_key(row.subscriber_id), read, encode_subscriber(fresh, read + 1), 0)
    _put_imsis(change, row, states, old)
    if not change.keys:
        return RowChange(UNCHANGED, None, "")
    return RowChange(CREATED if old is None else UPDATED, change, "")


def _differs(old: Subscriber, row: SubscriberRow) -> bool:
    was = (old.msisdn, old.imsi, old.account_id, old.plan_id, old.status, old.group, old.time_zone)
    is_now = (row.msisdn, row.imsi, row.account_id, row.plan_id, row.status, row.group, row.time_zone)
    return was != is_now


class _Terms(NamedTuple):
    """A row's plan, the zone of its periods, the catalogue's version, and now."""

    plan: Plan
    zone: Zone
    version: str
    now_ms: int


def _subscriber(row: SubscriberRow) -> Subscriber:
    fresh = Subscriber(row.msisdn, row.imsi, row.account_id, row.plan_id, row.status)
    fresh.group = row.group
    fresh.time_zone = row.time_zone
    return fresh


def _put_account(
    change: ChangeSet, row: SubscriberRow, account: Account | None, old: Subscriber | None, terms: _Terms
) -> None:
    """A new account, or what a plan that is new to the subscriber brings: its credit limit, its bundles, fees.

    A bundle is given once in an account's life, or anew in each of its periods; what waits for a fee, later.
    """
    plan = terms.plan
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
        if old is None:
            changed = _give_bonuses(account, plan, terms.now_ms) or changed
        had_fees = _has_fees(account, row)
        paid = _take_fees(change, row, account, old, terms)
        changed = changed or had_fees or _has_fees(account, row)
        present |= {bundle_of(bucket) for bucket in account.buckets if GENERATION in bucket.bucket_id}
        for bundle in plan.bundles:
            if bundle.bundle_id not in present and (paid or bundle.recurs == EVER):
                account.buckets += (first_bucket(bundle, terms.zone, terms.now_ms),)
                changed = True
    elif row.status == ACTIVE and _comes_back(old, row) and _has_fees(account, row):
        begin_again(account, row.subscriber_id.decode(), terms.zone, terms.now_ms)
        changed = True
    if changed:
        state = encode_account(account, account.version + 1)
        change.put(account_key(row.account_id), account.version, state, 0)


def _comes_back(old: Subscriber, row: SubscriberRow) -> bool:
    """Whether a subscriber was barred, or on another account: nothing is owed for that time."""
    return old.status == BARRED or old.account_id != row.account_id


def _take_fees(
    change: ChangeSet, row: SubscriberRow, account: Account, old: Subscriber | None, terms: _Terms
) -> bool:
    """Take fees of a plan that is new to a subscriber; False where recurring bundles wait for one."""
    plan = terms.plan
    who = row.subscriber_id.decode()
    if old is not None and old.plan_id != row.plan_id:
        leave_plan(account, who)
    if not plan.fees or plan.payment != PREPAID:
        return True
    if old is None:
        note_due(account, plan, ACTIVATION, who, terms.now_ms)
    elif old.plan_id != row.plan_id:
        note_due(account, plan, PLAN_CHANGE, who, terms.now_ms)
    if row.status == BARRED:
        return False
    payer = payer_of(_subscriber(row), plan)
    taking = FeeTaking(account, plan, payer, terms.zone, terms.version, change.events, terms.now_ms)
    return taking.take(begins=True)


def _has_fees(account: Account, row: SubscriberRow) -> bool:
    """Whether an account knows of fees of a subscriber."""
    sign = DUE + row.subscriber_id.decode()
    return any(counter.counter_id.endswith(sign) for counter in account.counters)


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
