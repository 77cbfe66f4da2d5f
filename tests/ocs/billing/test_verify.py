"""``ocs bill verify``: an invoice made again from its frozen input is the same, or what is not is named."""

from __future__ import annotations

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
