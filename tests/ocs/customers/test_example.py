"""The example operator's customers: the file is the generator's, loads, and has some of everything."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import Engine

from config.catalogue_file import load_catalogue
from config.settings_schema import EXAMPLE_OPERATOR
from config.subscribers_file import read_subscribers
from config.tax_file import load_tax_table
from ocs.billing.billed import SqlBills
from ocs.customers.directory import Directory, read_directory
from ocs.customers.loading.load import load_customers
from tests.ocs.customers.generate_example import CUSTOMERS, example_text


def test_the_file_is_the_generators() -> None:
    """``python -m tests.ocs.customers.generate_example`` writes it."""
    assert CUSTOMERS.read_text(encoding="utf-8") == example_text()


@pytest.fixture
def directory(engine: Engine) -> Directory:
    """The example's customers, loaded."""
    summary = load_customers(engine, [CUSTOMERS], load_catalogue(EXAMPLE_OPERATOR), SqlBills())
    assert summary.parties.created == 200
    return read_directory(engine)


def test_there_is_of_everything(directory: Directory) -> None:
    """Currencies, languages, jurisdictions, taxes, cycles, companies, joiners, leavers, changes of plan."""
    accounts = directory.accounts.values()
    assert {account.currency for account in accounts} == {"GBP", "EUR", "JPY", "KWD"}
    assert {account.language for account in accounts} == {"en", "de", "el", "ja", "ar"}
    assert {account.tax_jurisdiction for account in accounts} == {"GB", "DE", "GR", "JP", "KW"}
    assert {account.tax_status for account in accounts} == {"standard", "exempt", "reverse_charge"}
    assert Counter(account.cycle_id for account in accounts)["mid-month"] >= 5
    assert sum(account.payer == "parent" for account in accounts) == 29
    assert sum(account.opened_day > "2026-10-01" for account in accounts) >= 5
    assert sum(account.closed_day is not None for account in accounts) >= 4
    rows = Counter(row.subscription_id for row in directory.subscriptions())
    assert sum(count == 2 for count in rows.values()) >= 5
    assert any(directory.addons_of(name) for name in rows)


def test_all_jurisdictions_have_taxes(directory: Directory) -> None:
    """The tax table of the example knows where its customers are."""
    table = load_tax_table(EXAMPLE_OPERATOR / "tax.csv")
    for account in directory.accounts.values():
        assert table.rate_millionths(account.tax_jurisdiction, "telecom", "2026-10-31") is not None


def test_no_number_is_also_a_prepaid_subscribers(directory: Directory) -> None:
    """The example's two files speak of different people."""
    catalogue = load_catalogue(EXAMPLE_OPERATOR)
    prepaid = {
        row.msisdn.decode() for row in read_subscribers(EXAMPLE_OPERATOR / "subscribers.csv", catalogue.plans)
    }
    assert prepaid.isdisjoint(row.msisdn for row in directory.subscriptions())
