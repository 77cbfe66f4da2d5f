"""What is known of a customer, as values: party, billing account, billing cycle, subscription."""

from __future__ import annotations

from typing import NamedTuple


class Party(NamedTuple):
    """A person or an organisation. ``address`` has lines; ``country`` is ISO 3166-1 alpha-2."""

    party_id: str
    kind: str
    name: str
    address: str
    country: str
    language: str
    email: str
    tax_number: str


class BillingCycle(NamedTuple):
    """A day of the month on which periods begin, at midnight of a time zone."""

    cycle_id: str
    day_of_month: int
    time_zone: str


class BillingAccount(NamedTuple):
    """Who is billed, in which currency and when. ``payer`` 'parent': it is on its parent's invoice.

    Days are 'YYYY-MM-DD'; ``closed_day`` is the first day it is not open any more, None = it is open.
    """

    account_id: str
    party_id: str
    parent_account_id: str | None
    payer: str
    currency: str
    cycle_id: str
    tax_status: str
    tax_jurisdiction: str
    language: str
    payment_terms_days: int
    opened_day: str
    closed_day: str | None


class Subscription(NamedTuple):
    """What a number had from ``from_ms`` until before ``to_ms`` (None = it has it still).

    A subscription with a later plan is another value with the same ``subscription_id``. ``imsi``,
    ``subscriber_group`` and ``time_zone`` may be ''.
    """

    subscription_id: str
    from_ms: int
    to_ms: int | None
    account_id: str
    msisdn: str
    imsi: str
    plan_id: str
    subscriber_group: str
    time_zone: str

    def holds_at(self, at_ms: int) -> bool:
        """Whether it is in force at a moment."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)

    def holds_within(self, from_ms: int, to_ms: int) -> bool:
        """Whether it is in force at any moment of a time."""
        return self.from_ms < to_ms and (self.to_ms is None or self.to_ms > from_ms)


class SubscriptionAddon(NamedTuple):
    """An add-on of a subscription, from ``from_ms`` until before ``to_ms`` (None = until it ends by itself)."""

    subscription_id: str
    addon_id: str
    from_ms: int
    to_ms: int | None
