"""``ocs bill verify``: an invoice made again from its frozen input is the same, or what is not is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ocs.database import open_database
from tests.ocs.billing.operator import Operator, call
from tests.ocs.billing.test_commands import CATALOGUE, data, ocs, run

__all__ = ["data"]
TAX = "jurisdiction,category,rate,valid_from,valid_until\nDE,telecom,19 %,2021-01-01,\n"


@pytest.fixture
def billed(data: Path) -> Path:
    """October is billed, with late usage of it in the lake, and November."""
    (data / "tax.csv").write_text(TAX)
    run(data)
    engine = open_database(f"sqlite:///{data / 'ocs.db'}")
    operator = Operator(engine, data)
    operator.use([call("A1", "S1", "2026-10-06 12:00", 500_000, plan="basic")])
    operator.use([call("A1", "S1", "2026-11-06 12:00", 700_000, plan="basic")])
    engine.dispose()
    assert "2 invoices" not in run(data).stdout
    ocs(data, "bill", "run", "--cycle", "monthly", "--as-of", "2026-12-01")
    return data


def test_each_invoice_is_made_again_to_the_octet(billed: Path) -> None:
    """Later bills, later usage and what was billed since change nothing."""
    result = ocs(billed, "bill", "verify", "2026-000001", "2026-000002")

    assert result.exit_code == 0, result.output
    assert [line.split(", ")[0] for line in result.stdout.splitlines() if line.startswith("2026")] == [
        "2026-000001: the same", "2026-000002: the same",
    ]  # fmt: skip


def test_what_differs_is_named(billed: Path) -> None:
    """Another price list and another tax rate: the inputs are named, and each value that is not the same."""
    (billed / "catalogue.yaml").write_text(CATALOGUE.replace("10.00 EUR, every", "11.00 EUR, every"))
    (billed / "tax.csv").write_text(TAX.replace("19 %", "16 %"))
    result = ocs(billed, "bill", "verify", "2026-000001")

    assert result.exit_code == 1
    assert "2026-000001: NOT the same" in result.output
    assert "not as it was frozen: catalogue, tax_table" in result.output
    assert "lines[1].amount_micros: issued 10000000, now 11000000" in result.output
    assert "taxes[1].rate_millionths: issued 190000, now 160000" in result.output


def test_a_number_that_is_not_there_is_told(billed: Path) -> None:
    """A mistake is no difference."""
    assert "there is no invoice 2026-000099" in ocs(billed, "bill", "verify", "2026-000099").output


def test_a_credit_note_is_made_again_from_its_invoice(billed: Path) -> None:
    """A part of a line, a part of the whole, the rest; and a value that somebody changed is named."""
    for asked in (["--line", "1", "--amount", "0.10"], ["--amount", "0.20"], []):
        made = ocs(
            billed, "bill", "credit", "2026-000001", *asked, "--reason", "a mistake", "--date", "2026-12-05"
        )
        assert made.exit_code == 0, made.output
    numbers = [f"CN-2026-00000{number}" for number in (1, 2, 3)]
    assert ocs(billed, "bill", "verify", *numbers).stdout.count(": the same") == 3

    with sqlite3.connect(billed / "ocs.db") as database:
        (content,) = database.execute(
            "SELECT content FROM credit_note WHERE number = ?", numbers[1:2]
        ).fetchone()
        changed = content.replace('"net_micros":200000', '"net_micros":210000')
        database.execute("UPDATE credit_note SET content = ? WHERE number = ?", (changed, numbers[1]))
    result = ocs(billed, "bill", "verify", *numbers)

    assert result.exit_code == 1
    assert f"{numbers[1]}: NOT the same" in result.output
    assert "net_micros: issued 210000, now 200000" in result.output
