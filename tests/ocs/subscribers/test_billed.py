"""Who is charged online on a plan that is billed, but is on no bill, is told wherever one looks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, insert

from balance.memory import MemoryStore
from config.subscribers_file import SubscriberRow
from ocs.cli import cli
from ocs.customers.tables import SUBSCRIPTION
from ocs.database import migrate, open_database, writing
from ocs.subscribers.billed import Unbilled, charged_to_others, unbilled_subscribers, without_billing_account
from ocs.subscribers.loading import load_subscribers
from rating.catalogue import POSTPAID, Plan
from tests.ocs.billing.operator import Operator, call
from tests.ocs.payments.accounts import add_accounts

PLANS = {
    "payg": Plan("payg", "", "EUR", True, {}, {}, []),
    "contract": Plan("contract", "", "EUR", True, {}, {}, [], payment=POSTPAID),
}


def row(msisdn: str, account_id: str, plan_id: str) -> SubscriberRow:
    """A row of a file."""
    return SubscriberRow(1, msisdn.encode(), msisdn.encode(), b"", account_id, plan_id, "EUR", 0, 0)


async def test_only_billed_plans_need_a_billing_account(engine: Engine) -> None:
    """Prepaid subscribers need none; postpaid ones the one that is their customer's."""
    add_accounts(engine, anna="EUR", ben="EUR")
    held = {"from_ms": 1, "imsi": "", "plan_id": "contract", "subscriber_group": "", "time_zone": ""}
    numbers = {"4911111": "anna", "4922222": "ben", "4933333": "anna", "4944444": "anna"}
    with writing(engine) as connection:
        rows = [
            {**held, "subscription_id": number, "account_id": account_id, "msisdn": number}
            for number, account_id in numbers.items()
        ]
        connection.execute(insert(SUBSCRIPTION), rows)
    store = MemoryStore(lambda: 1)
    rows_of_store = [
        row("4911111", "anna", "contract"),
        row("4922222", "4922222", "contract"),
        row("4933333", "ben", "contract"),
        row("4944444", "4944444", "payg"),
    ]
    await load_subscribers(store, rows_of_store, PLANS, 1)
    with engine.connect() as connection:
        assert list(without_billing_account(connection, ["x", "anna", "y"])) == ["x", "y"]
        assert await unbilled_subscribers(store, connection, PLANS) == (4, [Unbilled("4922222", "4922222")])
        assert sorted(await charged_to_others(store, connection, PLANS)) == [
            Unbilled("4922222", "4922222", "ben"),
            Unbilled("4933333", "ben", "anna"),
        ]


CATALOGUE = """
service_contexts: { data: [32251@3gpp.org] }
plans:
  contract:
    name: Contract
    currency: EUR
    payment: postpaid
    tax: telecom
    data: [{ rating_group: any, price: 1.00 EUR per 1 GB }]
"""
CUSTOMERS = (
    "account,name,country,currency,cycle,cycle_day,cycle_time_zone,jurisdiction,opened,msisdn,plan\n"
    "anna,Anna,DE,EUR,monthly,1,UTC,DE,2026-10-01,447700300001,contract\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a price list and files of a customer who is charged to an account of another name."""
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    (tmp_path / "tax.csv").write_text("jurisdiction,category,rate,valid_from,valid_until\nDE,telecom,19 %,,\n")
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "wrong.csv").write_text("msisdn,imsi,account,plan,balance\n447700300001,,,contract,\n")
    (tmp_path / "right.csv").write_text("msisdn,imsi,account,plan,balance\n447700300001,,anna,contract,\n")
    return tmp_path


def ocs(data: Path, *arguments: str) -> Result:
    """Run a command with a real private store."""
    places = ["--data", str(data), "--catalogue", str(data / "catalogue.yaml")]
    return CliRunner().invoke(cli, [*arguments, *places])


def test_commands_tell_it(data: Path) -> None:
    """In whatever order customers and subscribers are loaded; doctor finds what was not put right."""
    loaded = ocs(data, "subscriber", "load", str(data / "wrong.csv"))
    assert (
        "account 447700300001 is charged on a plan that is billed, and is no billing account" in loaded.stderr
    )
    assert loaded.exit_code == 0
    customers = ocs(data, "customer", "load", str(data / "customers.csv"))
    assert (
        "447700300001 is charged online to account 447700300001, its customer's is anna: that bill will not"
        in customers.stderr
    )
    assert "nobody is billed for 1 of 1 subscribers: 447700300001" in ocs(data, "doctor").output
    assert ocs(data, "subscriber", "load", str(data / "right.csv")).stderr == ""
    assert ocs(data, "customer", "load", str(data / "customers.csv")).stderr == ""
    assert "of 1 subscribers all on plans that are billed" in ocs(data, "doctor").output


def test_a_billing_run_lists_usage_that_nobody_is_billed_for(data: Path) -> None:
    """A dry run too; usage of partners and prepaid accounts is not meant."""
    engine = open_database(f"sqlite:///{data / 'ocs.db'}")
    migrate(engine)
    operator = Operator(engine, data)
    operator.begin()
    operator.account("anna")
    operator.subscribe("anna", "S1", "contract", "2026-10-01")
    operator.use(
        [
            call("anna", "S1", "2026-10-05", 1_000_000, plan="contract"),
            call("4922", "S2", "2026-10-05", 500_000),
            call("4922", "S2", "2026-10-05", 50_000, line=1),
            call("4922", "S2", "2026-10-06", 1),
            call("4933", "S2", "2026-10-06", 1, payment="prepaid"),
            call("", "S2", "2026-10-06", 1, payment="settlement"),
        ]
    )
    engine.dispose()
    (data / "tax.csv").write_text("jurisdiction,category,rate,valid_from,valid_until\nDE,telecom,19 %,,\n")
    line = ["bill", "run", "--cycle", "monthly", "--as-of", "2026-11-01"]
    for option in ("--dry-run", "--at-once=5"):
        done = ocs(data, *line, option)
        assert done.exit_code == 0
        assert "nobody is billed for 2 records of account 4922 (49" in done.stderr
        assert "0.550001 EUR" in done.stderr
    told = json.loads(ocs(data, *line, "--json").stdout)["nobodys_usage"]
    assert [(one["account_id"], one["records"], one["amount_micros"]) for one in told] == [("4922", 2, 550_001)]
