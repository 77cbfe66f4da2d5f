"""Parties, billing cycles and accounts, subscriptions and their add-ons."""

import sqlalchemy as sa
from alembic import op

from ocs.database.schema import DAY, MOMENT, TEXT

revision = "customers_0001"
down_revision = None
branch_labels = ("customers",)
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "party",
        sa.Column("party_id", TEXT, primary_key=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("country", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("tax_number", TEXT, nullable=False),
        sa.CheckConstraint("kind IN ('person', 'organisation')", name="kind"),
        sa.CheckConstraint("length(country) = 2 AND country = upper(country)", name="country"),
    )
    op.create_table(
        "billing_cycle",
        sa.Column("cycle_id", TEXT, primary_key=True),
        sa.Column("day_of_month", sa.Integer, nullable=False),
        sa.Column("time_zone", TEXT, nullable=False),
        sa.CheckConstraint("day_of_month BETWEEN 1 AND 28", name="day_of_month"),
    )
    _create_billing_account()
    _create_subscription()


def _create_billing_account() -> None:
    op.create_table(
        "billing_account",
        sa.Column("account_id", TEXT, primary_key=True),
        sa.Column("party_id", TEXT, sa.ForeignKey("party.party_id"), nullable=False),
        sa.Column("parent_account_id", TEXT, sa.ForeignKey("billing_account.account_id")),
        sa.Column("payer", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("cycle_id", TEXT, sa.ForeignKey("billing_cycle.cycle_id"), nullable=False),
        sa.Column("tax_status", TEXT, nullable=False),
        sa.Column("tax_jurisdiction", TEXT, nullable=False),
        sa.Column("language", TEXT, nullable=False),
        sa.Column("payment_terms_days", sa.Integer, nullable=False),
        sa.Column("opened_day", DAY, nullable=False),
        sa.Column("closed_day", DAY),
        sa.CheckConstraint("payer IN ('account', 'parent')", name="payer"),
        sa.CheckConstraint("tax_status IN ('standard', 'exempt', 'reverse_charge')", name="tax_status"),
        sa.CheckConstraint(
            "length(currency) = 3 AND currency = upper(currency)", name="currency_is_a_currency"
        ),
        sa.CheckConstraint("length(opened_day) = 10", name="opened_day_is_a_day"),
        sa.CheckConstraint("length(closed_day) = 10", name="closed_day_is_a_day"),
        sa.CheckConstraint("closed_day > opened_day", name="closed_after_opened"),
        sa.CheckConstraint("payer = 'account' OR parent_account_id IS NOT NULL", name="payer_is_there"),
        sa.CheckConstraint("parent_account_id <> account_id", name="no_parent_of_itself"),
        sa.CheckConstraint("payment_terms_days BETWEEN 0 AND 365", name="payment_terms_days"),
    )
    for column in ("cycle_id", "parent_account_id", "party_id"):
        op.create_index(f"ix_billing_account_{column}", "billing_account", [column])


def _create_subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("subscription_id", TEXT, primary_key=True),
        sa.Column("from_ms", MOMENT, primary_key=True, autoincrement=False),
        sa.Column("to_ms", MOMENT),
        sa.Column("account_id", TEXT, sa.ForeignKey("billing_account.account_id"), nullable=False),
        sa.Column("msisdn", TEXT, nullable=False),
        sa.Column("imsi", TEXT, nullable=False),
        sa.Column("plan_id", TEXT, nullable=False),
        sa.Column("subscriber_group", TEXT, nullable=False),
        sa.Column("time_zone", TEXT, nullable=False),
        sa.CheckConstraint("to_ms > from_ms", name="to_after_from"),
        sa.CheckConstraint("length(msisdn) BETWEEN 5 AND 15", name="msisdn"),
        sa.CheckConstraint("length(imsi) = 0 OR length(imsi) BETWEEN 6 AND 15", name="imsi"),
    )
    still_open = sa.text("to_ms IS NULL")
    for name, columns, where in (
        ("uq_subscription_open", ["subscription_id"], still_open),
        ("uq_subscription_open_msisdn", ["msisdn"], still_open),
        ("uq_subscription_msisdn_from_ms", ["msisdn", "from_ms"], None),
    ):
        op.create_index(name, "subscription", columns, unique=True, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_subscription_account_id", "subscription", ["account_id"])
    op.create_index("ix_subscription_imsi", "subscription", ["imsi"])
    op.create_table(
        "subscription_addon",
        sa.Column("subscription_id", TEXT, primary_key=True),
        sa.Column("addon_id", TEXT, primary_key=True),
        sa.Column("from_ms", MOMENT, primary_key=True, autoincrement=False),
        sa.Column("to_ms", MOMENT),
        sa.CheckConstraint("to_ms > from_ms", name="to_after_from"),
    )
