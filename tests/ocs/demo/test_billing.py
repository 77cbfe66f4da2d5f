"""The billing demonstration with few customers: every step of the offline side, one after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocs.cli.demo import run_command
from ocs.demo.billing.run import CUSTOMERS, BillingDemo


def test_from_customers_to_books_that_balance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two dozen customers, both cycles: invoices and statements are there as PDF, and the audit agrees."""
    few = tmp_path / "customers.csv"
    few.write_text(
        "".join(CUSTOMERS.read_text(encoding="utf-8").splitlines(keepends=True)[:25]), encoding="utf-8"
    )
    data = tmp_path / "data"
    data.mkdir()

    assert BillingDemo(data, run_command, few).run()

    said = capsys.readouterr().out
    assert "The books of the offline side balance." in said
    assert "3 suspended" in said
    invoices = sorted((data / "invoices").rglob("2026-*.pdf"))
    assert len(invoices) >= 20
    statements = list((data / "settlement").rglob("statement.pdf"))
    assert len(statements) == 2
    assert all(path.read_bytes().startswith(b"%PDF-") for path in (*invoices, *statements))
    assert run_command(["bill", "list", "--json", "--data", str(data)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed) == len(invoices)
    assert {invoice["currency"] for invoice in listed} == {"GBP", "EUR", "JPY", "KWD"}


def test_a_step_that_fails_is_told(tmp_path: Path) -> None:
    """The exit code of a command in this process is that of the command line."""
    assert run_command(["customer", "show", "nobody", "--data", str(tmp_path)]) == 1
    assert run_command(["customer", "no-such-command"]) == 2
    assert run_command(["version"]) == 0
