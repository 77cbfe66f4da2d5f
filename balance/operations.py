"""What can be done to an account: reserve, release, debit and credit. Each keeps its books balanced.

An operation changes the account it is given: the caller works on a copy and stores it under the next version.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.account import Account, Bucket


@mypyc_attr(acyclic=True)
class BucketHold:
    """Units of one bucket that a reservation holds."""

    def __init__(self, bucket_id: str, units: i64) -> None:
        self.bucket_id = bucket_id
        self.units = units


_NO_HOLDS: Final[list[BucketHold]] = []
"""What most reservations hold of buckets. It is not appended to: ``Reservation.hold`` makes a list."""


@mypyc_attr(acyclic=True)
class Reservation:
    """What an open service holds of its account: money in micros, and units of buckets."""

    def __init__(self) -> None:
        self.money_micros: i64 = 0
        self.holds = _NO_HOLDS

    def hold(self, bucket_id: str, units: i64) -> None:
        """Note units of a bucket as held. ValueError for what is held by nobody."""
        if self is NOTHING_HELD:
            raise ValueError("this reservation is shared by all that hold nothing")
        if not self.holds:
            self.holds = []
        self.holds.append(BucketHold(bucket_id, units))

    def is_empty(self) -> bool:
        """Whether nothing is held."""
        return self.money_micros == 0 and not self.holds

    def units_of(self, bucket_id: str) -> i64:
        """The units that are held of one bucket."""
        units: i64 = 0
        for hold in self.holds:
            if hold.bucket_id == bucket_id:
                units += hold.units
        return units


NOTHING_HELD: Final = Reservation()
"""What a service holds that holds nothing. It is never changed: who reserves something makes a reservation."""


def find_bucket(account: Account, bucket_id: str) -> Bucket | None:
    """The account's bucket of this name."""
    for bucket in account.buckets:
        if bucket.bucket_id == bucket_id:
            return bucket
    return None


def reserve_money(account: Account, reservation: Reservation, micros: i64) -> None:
    """Hold money for a service. ValueError where it is not available: the caller must have asked before."""
    if micros < 0 or micros > account.available_micros() or reservation is NOTHING_HELD:
        raise ValueError(f"{micros} micros are not available")
    account.reserved_micros += micros
    reservation.money_micros += micros


def reserve_units(bucket: Bucket, reservation: Reservation, units: i64) -> None:
    """Hold units of a bucket. ValueError where they are not there."""
    if units < 0 or bucket.reserved + units > bucket.remaining:
        raise ValueError(f"{units} units of bucket {bucket.bucket_id} are not available")
    reservation.hold(bucket.bucket_id, units)
    bucket.reserved += units


def release(account: Account, reservation: Reservation) -> Reservation:
    """Give back all that a reservation holds; what is left of it is nothing."""
    account.reserved_micros -= reservation.money_micros
    for hold in reservation.holds:
        bucket = find_bucket(account, hold.bucket_id)
        if bucket is not None:
            bucket.reserved -= hold.units
    return NOTHING_HELD


def debit_money(account: Account, micros: i64, overdraft_allowed: bool) -> i64:
    """Take money for used units; returns what was not taken because the account must not be overdrawn.

    Used units are charged in full (RFC 8506, 5.3), so the balance may go below zero by what a client used
    beyond its grant, except where the plan forbids it: then the rest is the operator's loss, not a debt. An
    amount below zero is given back: what was used has become cheaper.
    """
    taken = micros
    if not overdraft_allowed and micros > 0:
        available = account.available_micros()
        if taken > available:
            taken = available if available > 0 else 0
    account.balance_micros -= taken
    account.debited_micros += taken
    return micros - taken


def debit_units(bucket: Bucket, units: i64) -> None:
    """Take used units out of a bucket. ValueError where it has not as many that are not reserved."""
    if units < 0 or bucket.reserved + units > bucket.remaining:
        raise ValueError(f"{units} units of bucket {bucket.bucket_id} are not available")
    bucket.remaining -= units


def credit_money(account: Account, micros: i64) -> None:
    """Add money to an account: a top-up or a refund. ValueError for less than nothing."""
    if micros < 0:
        raise ValueError(f"a credit of {micros} micros")
    account.balance_micros += micros
    account.credited_micros += micros
