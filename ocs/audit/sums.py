"""What open sessions and records say about an account, added up."""

from __future__ import annotations

import msgspec

from ocs.charging.session import OPEN, ChargingSession


class AccountSums:
    """The side of the books that lies outside the account: debits, holds, and bucket units used and held.

    Money in micros. The dictionaries map a bucket's id to units and are None while there are none.
    """

    __slots__ = ("debited_micros", "held_units", "reserved_micros", "used_units")

    def __init__(self) -> None:
        self.debited_micros = 0
        self.reserved_micros = 0
        self.used_units: dict[str, int] | None = None
        self.held_units: dict[str, int] | None = None

    def use(self, bucket_id: str, units: int) -> None:
        """Add units that were taken out of a bucket."""
        if self.used_units is None:
            self.used_units = {}
        self.used_units[bucket_id] = self.used_units.get(bucket_id, 0) + units

    def hold(self, bucket_id: str, units: int) -> None:
        """Add units that a session holds of a bucket."""
        if self.held_units is None:
            self.held_units = {}
        self.held_units[bucket_id] = self.held_units.get(bucket_id, 0) + units

    def add_session(self, session: ChargingSession) -> None:
        """Add what an open session holds, and what it has charged that no record tells yet."""
        if session.state != OPEN:
            return
        for service in session.services:
            self.debited_micros += service.amount_micros
            self.reserved_micros += service.reservation.money_micros
            for hold in service.reservation.holds:
                self.hold(hold.bucket_id, hold.units)
            for use in service.bucket_uses:
                self.use(use.bucket_id, use.units)

    def add_record(self, record: BookedRecord) -> None:
        """Add what a record says was charged."""
        self.debited_micros += record.amount_micros
        for bucket in record.buckets:
            self.use(bucket.bucket, bucket.units)

    def plus(self, other: AccountSums) -> AccountSums:
        """Both together, as a new object."""
        both = AccountSums()
        for part in (self, other):
            both.debited_micros += part.debited_micros
            both.reserved_micros += part.reserved_micros
            for bucket_id, units in (part.used_units or {}).items():
                both.use(bucket_id, units)
            for bucket_id, units in (part.held_units or {}).items():
                both.hold(bucket_id, units)
        return both


class BookedBucket(msgspec.Struct):
    """Units that a record took out of a bucket."""

    bucket: str
    units: int


class BookedRecord(msgspec.Struct):
    """What the books need of a charging data record."""

    record_id: str
    account: str
    currency: str
    amount_micros: int
    buckets: list[BookedBucket] = []
