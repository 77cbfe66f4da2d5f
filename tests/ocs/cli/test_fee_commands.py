"""Add-ons and fees on the command line, on a small price list; the books balance after."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ocs.cli import cli
from tests.ocs.accounts.fee_plans import PLANS, SUBSCRIBERS


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with subscribers on plans with fees; 440004 has less than the first costs."""
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "plans.yaml").write_text(PLANS)
    (tmp_path / "subscribers.csv").write_text(SUBSCRIBERS.partition("440005")[0])
    assert _run(tmp_path, "subscriber", "load", str(tmp_path / "subscribers.csv")).exit_code == 0
    return tmp_path


def _run(data: Path, *arguments: str) -> Result:
    at = ("--data", str(data), "--catalogue", str(data / "plans"))
    return CliRunner().invoke(cli, [*arguments, *at])


def _read(data: Path, *arguments: str) -> Any:
    result = _run(data, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_add_ons_are_bought_and_fees_taken(data: Path) -> None:
    """Each once, told in words and JSON; a mistake is said, and the audit has nothing to say."""
    buy = ("account", "buy", "440002", "extra", "--reference", "shop-1")
    assert "440002: extra bought for 4.50 EUR; balance 5.50 EUR; reference shop-1" in _run(data, *buy).stdout
    again = _read(data, *buy)
    assert (again["repeated"], again["paid_micros"], again["balance_micros"]) == (True, 4_500_000, 5_500_000)
    assert "was bought before, nothing changed" in _run(data, *buy).stdout
    wrong = _run(data, "account", "buy", "440001", "extra")
    assert (wrong.exit_code, "440001 is on monthly" in wrong.stderr) == (1, True)
    assert "there is no subscriber 447" in _run(data, "account", "buy", "447", "extra").stderr
    assert "still to come" in _run(data, "account", "buy", "440002", "extra", "--at", "2059-01-01").stderr
    assert "is not a date" in _run(data, "account", "buy", "440002", "extra", "--at", "today").stderr
    dated = _read(data, "account", "buy", "440002", "extra", "--at", "2026-01-05 12:00")
    assert dated["balance_micros"] == 1_000_000
    bucket = _read(data, "account", "show", "440002")["buckets"][-1]
    assert bucket["expires_at"] == "2026-01-12T12:00:00.000Z"
    assert _read(data, "account", "fees")["unpaid"] == 1
    waits = _run(data, "account", "fees").stdout
    assert waits == "2 accounts with prepaid fees: 0 fees taken; bundles of 1 subscribers wait for a fee\n"
    assert _run(data, "account", "top-up", "440004", "100").exit_code == 0
    taken = _read(data, "account", "fees")
    assert (taken["accounts"], taken["fees"], taken["unpaid"]) == (2, 2, 0)
    assert 6_000_000 <= taken["amounts_micros"]["EUR"] <= 35_000_000
    assert _run(data, "account", "fees").stdout == "2 accounts with prepaid fees: 0 fees taken\n"
    assert _run(data, "audit", "--online").exit_code == 0


CUSTOMERS = """\
account,name,address,country,currency,cycle,cycle_day,cycle_time_zone,jurisdiction,opened,msisdn,plan
440003,Ada,Main Street 1,DE,EUR,monthly,1,UTC,DE,2026-01-01,440003,billed
"""
TAX = """\
jurisdiction,category,rate,valid_from,valid_until
DE,standard,19 %,,
DE,goods,7 %,,
"""


def test_an_add_on_of_a_plan_that_is_billed_is_billed_once(data: Path) -> None:
    """As usage, by its record, with the tax of each fee; the next bill has none of it; the audit is clean."""
    (data / "plans" / "tax.csv").write_text(TAX)
    (data / "customers.csv").write_text(CUSTOMERS)
    assert _run(data, "customer", "load", str(data / "customers.csv")).exit_code == 0
    at = ("--at", "2026-01-20 12:00", "--reference", "r1")
    for _ in range(2):
        assert _read(data, "account", "buy", "440003", "extra", *at)["balance_micros"] == -4_500_000
    assert _run(data, "cdr", "write").exit_code == 0
    for day in ("2026-02-01", "2026-03-01"):
        assert _run(data, "bill", "run", "--cycle", "monthly", "--as-of", day).exit_code == 0
    shown = [_read(data, "bill", "show", number) for number in ("2026-000001", "2026-000002")]
    lines = [
        [(line["kind"], line["item"], line["tax"], line["amount_micros"]) for line in one["lines"]]
        for one in shown
    ]
    assert lines == [
        [
            ("recurring", "base", "standard", 30_000_000),
            ("usage", "fees", "standard", 4_000_000),
            ("usage", "fees", "goods", 500_000),
        ],
        [("recurring", "base", "standard", 30_000_000)],
    ]
    audit = _run(data, "audit")
    assert audit.exit_code == 0, audit.stdout
