"""The money loop of a contract: charged online against a credit limit, billed, paid, and served again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.served import (
    FIRST_IMSI,
    FIRST_MSISDN,
    Served,
    account,
    books,
    command,
    command_json,
    load_subscribers,
    serving,
)

EUR = 1_000_000
LIMIT = 5 * EUR
CATALOGUE = """
service_contexts: { data: [32251@3gpp.org] }
plans:
  metered:
    name: Metered
    currency: EUR
    payment: postpaid
    credit_limit: 5.00 EUR
    tax: telecom
    fees: { start: { amount: 10.00 EUR, once: activation } }
    data: [{ rating_group: any, price: 0.51 EUR per 1 MB }]
"""
TAX = "jurisdiction,category,rate,valid_from,valid_until\nDE,telecom,19 %,,\n"
CUSTOMERS = (
    "account,name,address,country,currency,cycle,cycle_day,cycle_time_zone,jurisdiction,opened,msisdn,plan\n"
    f"anna,Anna Bauer,Markt 2|28195 Bremen,DE,EUR,monthly,1,UTC,DE,{{opened}},{FIRST_MSISDN},metered\n"
)
SUBSCRIBER = f"{FIRST_MSISDN},{FIRST_IMSI},anna,metered,0.00"


def first_of_next_month(after: datetime) -> str:
    """The day a bill of this month is issued."""
    year, month = (after.year, after.month + 1) if after.month < 12 else (after.year + 1, 1)
    return f"{year}-{month:02d}-01"


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """The settings of an operator with one plan, whose lake is fed every second."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "catalogue.yaml").write_text(CATALOGUE)
    (folder / "tax.csv").write_text(TAX)
    return f'[catalogue]\npath = "{folder}"\n[records]\nlake_every_s = 1\n'


def use_up(served: Served) -> Any:
    """Use data until no credit is left; the account then."""
    line = ["simulate", "--port", str(served.port), "--subscribers", "1", "--window", "1", "--gateways", "1"]
    command(*line, "--seconds", "2")
    return account(served, "anna")


def pay(served: Served, amount: str, reference: str, *options: str) -> str:
    """Record a payment of the account today."""
    today = datetime.now(UTC).date().isoformat()
    line = ["payment", "record", "--account", "anna", "--amount", amount, "--date", today]
    return command(*line, "--reference", reference, *(options or served.where))


def until_balance(served: Served, micros: int) -> None:
    """Wait until the server has delivered what waited."""
    end = time.monotonic() + 30
    while account(served, "anna")["balance_micros"] != micros:
        assert time.monotonic() < end, (account(served, "anna"), served.log)
        time.sleep(0.2)


def test_paying_the_bill_gives_the_credit_back(tmp_path: Path, settings: str) -> None:
    """A part without a server, the rest while the store is away, one that bounces and comes again; exact."""
    now = datetime.now(UTC)
    (tmp_path / "customers.csv").write_text(CUSTOMERS.format(opened=now.date().isoformat()))
    data = tmp_path / "data"
    with serving(data, settings) as served:
        command("customer", "load", str(tmp_path / "customers.csv"), *served.where)
        load_subscribers(served, SUBSCRIBER)
        used = -use_up(served)["balance_micros"]
        assert used > LIMIT - EUR  # next to nothing is left
        assert use_up(served)["balance_micros"] >= -LIMIT - EUR
        used = -account(served, "anna")["balance_micros"]
    command("cdr", "write", *served.where)
    billed = command_json(
        "bill", "run", "--cycle", "monthly", "--as-of", first_of_next_month(now), *served.where
    )
    assert (billed["invoices"], billed["problems"]) == (1, [])
    total = billed["total_micros"]["EUR"]
    assert abs(total - (used + 10 * EUR) * 119 // 100) <= 20_000
    assert account(served, "anna")["balance_micros"] == -used

    pay(served, "6.00", "bank-1")  # no server runs
    back = used * 6 * EUR // total
    assert account(served, "anna")["balance_micros"] == back - used
    shown = command_json("payment", "show", "anna", *served.where)["online"]
    assert [(one["online_micros"], one["posted_micros"]) for one in shown] == [(used, back)]

    away = ["--config", served.where[1], "--data", str(data), "--store", "redis://127.0.0.1:1/0"]
    pay(served, f"{(total - 6 * EUR) / EUR:.2f}", "bank-2", *away)
    assert account(served, "anna")["balance_micros"] == back - used
    report = books(served)
    assert (report["clean"], report["restored"]["waiting"], report["offline"]["clean"]) == (True, 1, True)

    served.start()
    try:
        until_balance(served, 0)
        assert use_up(served)["balance_micros"] < EUR - LIMIT  # served again
        again = -account(served, "anna")["balance_micros"]
        today = now.date().isoformat()
        command("payment", "reverse", "1", "--date", today, "--reason", "returned", *served.where)
        unpaid = used - used * (total - 6 * EUR) // total
        assert account(served, "anna")["balance_micros"] == -again - unpaid
        pay(served, "6.00", "bank-3")
        assert account(served, "anna")["balance_micros"] == -again
        report = books(served)
        assert (report["clean"], report["restored"]["clean"], report["offline"]["clean"]) == (True, True, True)
        assert report["restored"]["restored_micros"] == {"EUR": used}
        assert command_json("payment", "deliver", *served.where)["waiting"] == 0
    finally:
        served.stop()
