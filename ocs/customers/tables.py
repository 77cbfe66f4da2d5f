"""The tables of customers.

A party has billing accounts, an account has subscriptions; a plan change closes a subscription's row and opens
the next.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, text

from ocs.database.schema import DAY, MOMENT, TEXT, is_currency, is_day, metadata, one_of

PARTY: Final = Table(
    "party",
    metadata,
    Column("party_id", TEXT, primary_key=True),
    Column("kind", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("address", TEXT, nullable=False),  # lines, separated by line feeds
    Column("country", TEXT, nullable=False),  # ISO 3166-1 alpha-2
    Column("language", TEXT, nullable=False),
    Column("email", TEXT, nullable=False),
    Column("tax_number", TEXT, nullable=False),
    one_of("kind", "person", "organisation"),
    CheckConstraint("length(country) = 2 AND country = upper(country)", name="country"),
)

BILLING_CYCLE: Final = Table(
    "billing_cycle",
    metadata,
    Column("cycle_id", TEXT, primary_key=True),
    Column("day_of_month", Integer, nullable=False),
    Column("time_zone", TEXT, nullable=False),
    CheckConstraint("day_of_month BETWEEN 1 AND 28", name="day_of_month"),
)

BILLING_ACCOUNT: Final = Table(
    "billing_account",
    metadata,
    Column("account_id", TEXT, primary_key=True),
    Column("party_id", TEXT, ForeignKey("party.party_id"), nullable=False),
    Column("parent_account_id", TEXT, ForeignKey("billing_account.account_id")),
    Column("payer", TEXT, nullable=False),  # 'parent': what it owes is on its parent's invoice
    Column("currency", TEXT, nullable=False),
    Column("cycle_id", TEXT, ForeignKey("billing_cycle.cycle_id"), nullable=False),
    Column("tax_status", TEXT, nullable=False),
    Column("tax_jurisdiction", TEXT, nullable=False),
    Column("language", TEXT, nullable=False),
    Column("payment_terms_days", Integer, nullable=False),
    Column("opened_day", DAY, nullable=False),
    Column("closed_day", DAY),  # the first day it is not open any more
    one_of("payer", "account", "parent"),
    one_of("tax_status", "standard", "exempt", "reverse_charge"),
    is_currency(),
    is_day("opened_day"),
    is_day("closed_day"),
    CheckConstraint("closed_day > opened_day", name="closed_after_opened"),
    CheckConstraint("payer = 'account' OR parent_account_id IS NOT NULL", name="payer_is_there"),
    CheckConstraint("parent_account_id <> account_id", name="no_parent_of_itself"),
    CheckConstraint("payment_terms_days BETWEEN 0 AND 365", name="payment_terms_days"),
    Index(None, "cycle_id"),
    Index(None, "parent_account_id"),
    Index(None, "party_id"),
)

SUBSCRIPTION: Final = Table(
    "subscription",
    metadata,
    Column("subscription_id", TEXT, primary_key=True),
    Column("from_ms", MOMENT, primary_key=True, autoincrement=False),
    Column("to_ms", MOMENT),  # the first moment it does not hold any more; NULL = it holds on
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), nullable=False),
    Column("msisdn", TEXT, nullable=False),
    Column("imsi", TEXT, nullable=False),  # '' = not known
    Column("plan_id", TEXT, nullable=False),
    Column("subscriber_group", TEXT, nullable=False),  # '' = none
    Column("time_zone", TEXT, nullable=False),  # '' = the network's
    CheckConstraint("to_ms > from_ms", name="to_after_from"),
    CheckConstraint("length(msisdn) BETWEEN 5 AND 15", name="msisdn"),
    CheckConstraint("length(imsi) = 0 OR length(imsi) BETWEEN 6 AND 15", name="imsi"),
    Index(
        "uq_subscription_open",
        "subscription_id",
        unique=True,
        sqlite_where=text("to_ms IS NULL"),
        postgresql_where=text("to_ms IS NULL"),
    ),
    Index("uq_subscription_msisdn_from_ms", "msisdn", "from_ms", unique=True),
    Index(
        "uq_subscription_open_msisdn",
        "msisdn",
        unique=True,
        sqlite_where=text("to_ms IS NULL"),
        postgresql_where=text("to_ms IS NULL"),
    ),
    Index(None, "account_id"),
    Index(None, "imsi"),
)

SUBSCRIPTION_ADDON: Final = Table(
    "subscription_addon",
    metadata,
    Column("subscription_id", TEXT, primary_key=True),
    Column("addon_id", TEXT, primary_key=True),
    Column("from_ms", MOMENT, primary_key=True, autoincrement=False),
    Column("to_ms", MOMENT),
    CheckConstraint("to_ms > from_ms", name="to_after_from"),
)

_WAITS: Final = text("done_ms IS NULL")

ONLINE_END: Final = Table(
    "online_end",
    metadata,
    Column("msisdn", TEXT, primary_key=True),
    Column("at_ms", MOMENT, primary_key=True, autoincrement=False),  # from then on it is not served online
    Column("account_id", TEXT, ForeignKey("billing_account.account_id"), primary_key=True),
    Column("done_ms", MOMENT),  # NULL: the charging server does not know it yet
    Index("ix_online_end_waits", "at_ms", sqlite_where=_WAITS, postgresql_where=_WAITS),
)
