"""``ocs bill`` on the command line: from customers and usage to invoices, credit notes, files and books."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ocs.cli import cli
from ocs.database import migrate, open_database
from tests.ocs.billing.operator import Operator, call

CATALOGUE = """
service_contexts: { voice: [32260@3gpp.org] }
plans:
  basic:
    name: Basic
    currency: EUR
    payment: postpaid
    credit_limit: 50.00 EUR
    tax: telecom
    fees: { monthly: { amount: 10.00 EUR, every: month, prorate: true } }
    voice:
      - { price: 0.10 EUR per 60 s }
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with two customers, one of them where no tax is known, and a price list."""
    engine = open_database(f"sqlite:///{tmp_path / 'ocs.db'}")
    migrate(engine)
    operator = Operator(engine, tmp_path)
    operator.begin()
    operator.account("A1")
    operator.account("A2", tax_jurisdiction="FR")
    operator.subscribe("A1", "S1", "basic", "2026-10-01")
    operator.subscribe("A2", "S2", "basic", "2026-10-17")
    operator.use([call("A1", "S1", "2026-10-05 12:00", 1_234_567, plan="basic")])
    engine.dispose()
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    return tmp_path


def ocs(data: Path, *arguments: str) -> Result:
    """Run a command on the data directory."""
    places = ["--data", str(data), "--catalogue", str(data / "catalogue.yaml")]
    return CliRunner().invoke(cli, [*arguments, *places])


def run(data: Path, *options: str) -> Result:
    """Bill October."""
    return ocs(data, "bill", "run", "--cycle", "monthly", "--as-of", "2026-11-01", *options)


def test_a_month_is_billed_and_corrected(data: Path) -> None:
    """Dry run, run, again, list, show, credit, runs, export and audit."""
    dry = run(data, "--dry-run", "--output", str(data / "dry.jsonl"))
    assert dry.exit_code == 1  # one account can not be billed
    assert "1 invoices, 13.36 EUR with tax" in dry.output
    billed = run(data)
    assert billed.exit_code == 1
    assert "ocs: A2: no tax rate for 'FR', 'telecom' on 2026-10-31" in billed.output
    with (data / "tax.csv").open("a") as file:
        file.write("FR,telecom,20 %,,\n")
    again = run(data, "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.output)["invoices"] == 1
    assert "nothing to bill" in run(data).output

    dried = json.loads((data / "dry.jsonl").read_text())
    shown = json.loads(ocs(data, "bill", "show", "2026-000001", "--json").output)
    assert {**shown, "number": ""} == dried
    text = ocs(data, "bill", "show", "2026-000001", "--usage").output
    assert "Ada Example, Main Street 1, 10115 Berlin, DE" in text
    assert "tax telecom 19.00 %" in text
    assert "2026-10-05T12:00:00.000+02:00  voice outgoing 4930123456" in text

    note = ocs(data, "bill", "credit", "2026-000001", "--line", "2", "--amount", "1.00", "--reason", "a slip",
               "--date", "2026-11-03")  # fmt: skip
    assert "credit note CN-2026-000001 for invoice 2026-000001" in note.output
    listed = json.loads(ocs(data, "bill", "list", "--account", "A1", "--json").output)
    assert [(one["number"], one["total_micros"], one["corrects"]) for one in listed] == [
        ("2026-000001", 13_360_000, None), ("CN-2026-000001", 1_190_000, "2026-000001"),
    ]  # fmt: skip
    said = ocs(data, "bill", "runs", "--json")
    assert said.exit_code == 0, (said.output, said.exception)
    runs = json.loads(said.output)
    assert [(one["status"], one["invoices"]) for one in runs] == [("committed", 1), ("committed", 1)]
    audit = ocs(data, "audit", "--offline")
    assert audit.exit_code == 0
    assert "The books of the offline side balance." in audit.output


def test_invoices_are_written_out(data: Path) -> None:
    """By number or run: JSON Lines with everything, CSV of lines, CSV of usage."""
    run(data)
    (exported,) = ocs(data, "bill", "export", "--run", "1").output.splitlines()
    assert len(json.loads(exported)["usage"]) == 1
    lines = list(
        csv.DictReader(io.StringIO(ocs(data, "bill", "export", "2026-000001", "--format", "lines").output))
    )
    assert [(line["item"], line["amount_micros"]) for line in lines] == [
        ("monthly", "10000000"),
        ("voice", "1234567"),
    ]
    target = data / "usage.csv"
    ocs(data, "bill", "export", "--run", "1", "--format", "usage", "--output", str(target))
    (item,) = csv.DictReader(io.StringIO(target.read_text()))
    assert (item["invoice"], item["other_party"], item["paid"]) == ("2026-000001", "4930123456", "bill")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["run", "--cycle", "weekly", "--as-of", "2026-11-01"],
            "there is no billing cycle 'weekly'; known: monthly",
        ),
        (["run", "--cycle", "monthly", "--as-of", "1.11.2026"], "'1.11.2026' is not a day"),
        (
            ["run", "--cycle", "monthly", "--as-of", "2026-11-01", "--tax", "/none.csv"],
            "/none.csv: can not be read",
        ),
        (["show", "2026-000007"], "there is no invoice or credit note 2026-000007"),
        (["export", "--run", "1", "2026-000001"], "name invoices, or a --run"),
        (["credit", "2026-000007", "--reason", "x"], "there is no invoice 2026-000007"),
        (["credit", "2026-000007", "--reason", "x", "--amount", "1e3"], "'1e3' is not a decimal amount"),
        (["drop", "3"], "run 3 is not there"),
    ],
)
def test_what_can_not_be_done_is_said(data: Path, arguments: list[str], message: str) -> None:
    """One line on stderr, and no trace."""
    result = ocs(data, "bill", *arguments)

    assert result.exit_code in {1, 2}
    assert message in result.output


def test_a_file_of_the_lake_that_can_not_be_read_is_named(data: Path) -> None:
    """Cut off on a bad disk: commands say which one it is, and the audit counts it as a difference."""
    assert run(data).exit_code == 1  # A2 has no tax
    path = next((data / "lake").glob("day=*/*.parquet"))
    path.write_bytes(path.read_bytes()[:100])

    shown = ocs(data, "bill", "show", "2026-000001", "--usage")
    audited = CliRunner().invoke(cli, ["audit", "--offline", "--data", str(data)])

    assert (shown.exit_code, audited.exit_code) == (1, 1)
    assert shown.stderr.startswith("ocs: the lake: ")
    assert str(path) in shown.stderr
    assert f"the lake can not be read: Invalid Input Error: No magic bytes found at end of file '{path}'" in (
        audited.stdout
    )


def test_a_run_that_is_not_there_is_not_exported(data: Path) -> None:
    """A mistaken number is no empty file."""
    result = ocs(data, "bill", "export", "--run", "99")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no invoice of run 99" in result.stderr
