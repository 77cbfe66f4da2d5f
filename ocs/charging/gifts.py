"""Bonuses that an account is given: money to the balance, or to a bucket where it ends, and units to a bucket.

Each gift that ends has a bucket of its own, so that every part of it lives as long as was promised.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.account import Account, AccountCounter, Bucket
from balance.operations import credit_money
from rating.offers import ACTIVE_FOR, Bonus

GIFT: Final = "+"
"""Between the name of a bundle and that of the bonus that gave units of it, and before the instant it ends."""
GIVEN: Final = "#given"
"""Behind the name of a bonus: the counter that says it was given; no catalogue can name it."""
_SECOND_MS: Final = 1000


def give_bonus(account: Account, bonus: Bonus, now_ms: i64, amount_micros: int = 0) -> None:
    """Credit a bonus; ``amount_micros`` is the top-up that brings it, if one does."""
    money: i64 = bonus.money_micros(amount_micros)
    credit = bonus.credit
    if money > 0:
        if credit is None:
            credit_money(account, money)
        else:
            ends_ms: i64 = now_ms + bonus.valid_for_ms
            fill_bucket(account, credit.bundle_id, bonus.bonus_id, credit.unit_kind, money, ends_ms, now_ms)
    bundle = bonus.give_bundle
    if bundle is not None:
        life_ms: i64 = bonus.valid_for_ms
        if life_ms == 0:
            life_ms = bundle.valid_for_s * _SECOND_MS
        ended_ms: i64 = now_ms + life_ms if life_ms > 0 else 0
        fill_bucket(account, bundle.bundle_id, bonus.bonus_id, bundle.unit_kind, bundle.units, ended_ms, now_ms)


def give_loyalty(account: Account, bonuses: list[Bonus], activated_ms: i64, now_ms: i64) -> None:
    """Give what is due for the time since the activation (0 = not known), each once in the account's life."""
    for bonus in bonuses:
        if bonus.when == ACTIVE_FOR and activated_ms > 0 and now_ms - activated_ms >= bonus.reaches:
            mark = bonus.bonus_id + GIVEN
            if not _is_marked(account, mark):
                give_bonus(account, bonus, now_ms)
                account.counters += (AccountCounter(mark, 0, 1),)


def _is_marked(account: Account, mark: str) -> bool:
    for counter in account.counters:  # noqa: SIM110  (a generator costs the compiled path)
        if counter.counter_id == mark:
            return True
    return False


def is_past_gift(bucket_id: str) -> bool:
    """Whether a bucket that is no more was one of a gift that ended."""
    return bucket_id.count(GIFT) > 1


def fill_bucket(
    account: Account, bundle_id: str, giver: str, unit_kind: i64, units: i64, ends_ms: i64, now_ms: i64
) -> None:
    """Units for a bucket of their own: of those of the same giver, a bonus, the ended ones make room."""
    gifts = bundle_id + GIFT + giver
    name = gifts if ends_ms == 0 else gifts + GIFT + str(ends_ms)
    kept: list[Bucket] = []
    found = False
    for bucket in account.buckets:
        if bucket.bucket_id == name and not bucket.is_expired(now_ms):
            bucket.initial += units
            bucket.remaining += units
            found = True
        ended = bucket.is_expired(now_ms) and bucket.reserved == 0
        if not ended or not bucket.bucket_id.startswith(gifts + GIFT):
            kept.append(bucket)
    if not found:
        kept.append(Bucket(name, unit_kind, units, units, 0, ends_ms))
    account.buckets = tuple(kept)
