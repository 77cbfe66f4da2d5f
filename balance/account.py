"""Accounts: money in micros, buckets of units, and what of both is reserved."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.changes import NO_TERM
from balance.keys import account_key
from balance.packing import (
    PackingError,
    Unpacker,
    finished,
    put_number,
    put_octet,
    put_text,
    put_varint,
    spare_writer,
)

ACCOUNT_FORMAT: Final = 2
_WITHOUT_COUNTERS: Final = 1
"""The format of accounts that were stored before they had counters and credit limits; it is still read."""


@mypyc_attr(acyclic=True)
class Bucket:
    """Units that are used before money. ``reserved`` of the ``remaining`` units are held by open sessions.

    ``expires_at_ms`` is epoch milliseconds, 0 = without end.
    """

    def __init__(
        self, bucket_id: str, unit_kind: i64, initial: i64, remaining: i64, reserved: i64, expires_at_ms: i64
    ) -> None:
        self.bucket_id = bucket_id
        self.unit_kind = unit_kind
        self.initial = initial
        self.remaining = remaining
        self.reserved = reserved
        self.expires_at_ms = expires_at_ms

    def copy(self) -> Bucket:
        """An independent copy."""
        return Bucket(
            self.bucket_id, self.unit_kind, self.initial, self.remaining, self.reserved, self.expires_at_ms
        )

    def is_expired(self, now_ms: i64) -> bool:
        """Whether its end has come."""
        return self.expires_at_ms != 0 and self.expires_at_ms <= now_ms

    def available(self, now_ms: i64) -> i64:
        """The units that are neither used, reserved nor expired."""
        if self.is_expired(now_ms):
            return 0
        left = self.remaining - self.reserved
        return left if left > 0 else 0


@mypyc_attr(acyclic=True)
class AccountCounter:
    """What an account has used or spent in a period: units, micros or usages, as its plan counts them.

    ``period`` numbers the day, week or month (of the plan's time zone) that ``value`` belongs to; 0 = for ever.
    """

    def __init__(self, counter_id: str, period: i64, value: i64) -> None:
        self.counter_id = counter_id
        self.period = period
        self.value = value

    def copy(self) -> AccountCounter:
        """An independent copy."""
        return AccountCounter(self.counter_id, self.period, self.value)


@mypyc_attr(acyclic=True)
class Account:
    """Whose money. All amounts in micros of ``currency``; ``version`` 0 = not yet stored.

    ``term`` is the store holder's in which this state was last read or written.
    The books of an account: opening + credited - debited = balance, and reserved = the sum of what its open
    sessions hold. ``balance_micros`` includes what is reserved. Down to ``credit_limit_micros`` below zero a
    postpaid account's money can be reserved; 0 for prepaid ones.
    """

    def __init__(self, account_id: str, currency: str, opening_micros: i64) -> None:
        self.version: i64 = 0
        self.term: i64 = NO_TERM
        self.account_id = account_id
        self.currency = currency
        self.opening_micros = opening_micros
        self.credited_micros: i64 = 0
        self.debited_micros: i64 = 0
        self.balance_micros = opening_micros
        self.reserved_micros: i64 = 0
        self.credit_limit_micros: i64 = 0
        self.buckets: tuple[Bucket, ...] = ()
        self.counters: tuple[AccountCounter, ...] = ()
        self._key = b""
        self._name_octets = b""

    def key(self) -> bytes:
        """Its key in the store."""
        if not self._key:
            self._key = account_key(self.account_id)
        return self._key

    def name_octets(self) -> bytes:
        """The stored octets of what never changes: its id and currency."""
        if not self._name_octets:
            out = spare_writer()
            put_text(out, self.account_id)
            put_text(out, self.currency)
            self._name_octets = finished(out)
        return self._name_octets

    def available_micros(self) -> i64:
        """The money that can still be reserved; negative where the account is overdrawn."""
        return self.balance_micros + self.credit_limit_micros - self.reserved_micros

    def copy(self) -> Account:
        """An independent copy, for a decision to change."""
        other = Account(self.account_id, self.currency, self.opening_micros)
        other.version = self.version
        other.credited_micros = self.credited_micros
        other.debited_micros = self.debited_micros
        other.balance_micros = self.balance_micros
        other.reserved_micros = self.reserved_micros
        other.credit_limit_micros = self.credit_limit_micros
        other._key = self._key
        other._name_octets = self._name_octets
        if self.buckets:
            other.buckets = tuple([b.copy() for b in self.buckets])
        if self.counters:
            other.counters = tuple([counter.copy() for counter in self.counters])
        return other

    def faults(self) -> list[str]:
        """What contradicts the books of this account alone; empty where all is well."""
        found = []
        expected = self.opening_micros + self.credited_micros - self.debited_micros
        if expected != self.balance_micros:
            found.append(f"opening + credited - debited = {expected}, balance = {self.balance_micros}")
        if self.reserved_micros < 0:
            found.append(f"reserved = {self.reserved_micros}")
        for b in self.buckets:
            if b.remaining < 0 or b.reserved < 0 or b.remaining > b.initial:
                found.append(f"bucket {b.bucket_id}: {b.remaining} of {b.initial} left, {b.reserved} reserved")
        return found


def encode_account(account: Account, version: i64) -> bytes:
    """The stored octets of an account under a new version."""
    out = spare_writer()
    put_number(out, version)
    put_octet(out, ACCOUNT_FORMAT)
    out.write(account.name_octets())
    put_number(out, account.opening_micros)
    put_number(out, account.credited_micros)
    put_number(out, account.debited_micros)
    put_number(out, account.balance_micros)
    put_number(out, account.reserved_micros)
    put_varint(out, i64(len(account.buckets)))
    for b in account.buckets:
        put_text(out, b.bucket_id)
        put_octet(out, b.unit_kind)
        put_number(out, b.initial)
        put_number(out, b.remaining)
        put_number(out, b.reserved)
        put_number(out, b.expires_at_ms)
    put_varint(out, account.credit_limit_micros)
    put_varint(out, i64(len(account.counters)))
    for counter in account.counters:
        put_text(out, counter.counter_id)  # may name a subscriber: no name to remember
        put_varint(out, counter.period)
        put_varint(out, counter.value)
    return finished(out)


def decode_account(state: bytes) -> Account:
    """The account that ``encode_account`` wrote; PackingError where the octets are none."""
    octets = Unpacker(state, 0)
    version = octets.number()
    kept_as = octets.octet()
    if kept_as < _WITHOUT_COUNTERS or kept_as > ACCOUNT_FORMAT:
        raise PackingError(f"account format {state[8]}, this version reads {ACCOUNT_FORMAT}")
    account = Account(octets.text(), octets.text(), octets.number())
    account.version = version
    account.credited_micros = octets.number()
    account.debited_micros = octets.number()
    account.balance_micros = octets.number()
    account.reserved_micros = octets.number()
    count = octets.varint()
    if count > 0:
        account.buckets = tuple([_bucket(octets) for _ in range(count)])
    if kept_as == _WITHOUT_COUNTERS:
        return account
    account.credit_limit_micros = octets.varint()
    count = octets.varint()
    if count > 0:
        account.counters = tuple([_counter(octets) for _ in range(count)])
    return account


def _bucket(octets: Unpacker) -> Bucket:
    return Bucket(
        octets.text(),
        octets.octet(),
        octets.number(),
        octets.number(),
        octets.number(),
        octets.number(),
    )


def _counter(octets: Unpacker) -> AccountCounter:
    return AccountCounter(octets.text(), octets.varint(), octets.varint())
