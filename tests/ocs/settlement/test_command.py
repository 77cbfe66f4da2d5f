"""``ocs settle`` as it is typed: documents that people can open, codes that scripts can ask."""

from __future__ import annotations

import csv
import json
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ocs.cli import cli
from ocs.database import migrate, open_database
from tests.ocs.settlement.trunk_lake import append, call, random_calls

MONTH = "2026-10"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with October's records."""
    engine = open_database(f"sqlite:///{tmp_path / 'ocs.db'}")
    migrate(engine)
    append(tmp_path, engine, [*random_calls(51, 60, MONTH), call("n", started_ms=1_793_000_000_000)])
    engine.dispose()
    return tmp_path


def ocs(data: Path, *arguments: str) -> Result:
    """A command of ours on the data directory."""
    return CliRunner().invoke(cli, ["settle", *arguments, "--data", str(data)])


def settled(data: Path) -> dict[str, Any]:
    """October settled."""
    done = ocs(data, "run", "--partner", "northtel", "--period", MONTH, "--date", "2026-11-02", "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


def test_the_example_agreements_are_right(tmp_path: Path) -> None:
    """Checked, and counted."""
    done = ocs(tmp_path, "check")
    assert done.exit_code == 0
    assert done.output.endswith("2 partners, no errors\n")
    (tmp_path / "bad.yaml").write_text("partner: x\n")
    done = ocs(tmp_path, "check", str(tmp_path))
    assert done.exit_code == 1
    assert "bad.yaml:1:1: T101 'party' is missing" in done.output


def test_documents_agree_and_are_made_again_the_same(data: Path) -> None:
    """PDF, CSV and JSON of one statement say the same net; made again they are equal, octet for octet."""
    first = settled(data)
    folder = Path(first["folder"])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(before) == ["records.parquet", "statement.csv", "statement.json", "statement.pdf"]
    (net,) = first["statement"]["net"]
    with (folder / "statement.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (in_csv,) = [row for row in rows if row["row"] == "net"]
    assert Decimal(in_csv["amount"]) * 1_000_000 == net["net_micros"]
    for direction in ("incoming", "outgoing"):
        of_it = [row for row in rows if row["direction"] == direction]
        lines = sum(Decimal(row["amount"]) for row in of_it if row["row"] == "line")
        (usage,) = [Decimal(row["amount"]) for row in of_it if row["row"] == "usage"]
        assert lines == usage
    assert json.loads((folder / "statement.json").read_text()) == first["statement"]
    assert ocs(data, "again", first["statement"]["number"]).exit_code == 0
    assert settled(data)["repeated"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_pdf_says_what_is_due(data: Path) -> None:
    """Its text has the number, the partner and the net; skipped where there is no pdftotext."""
    found = settled(data)
    pdf = Path(found["folder"]) / "statement.pdf"
    try:
        shown = subprocess.run(
            ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        pytest.skip("pdftotext is not installed")
    (net,) = found["statement"]["net"]
    assert f"Settlement statement {found['statement']['number']}" in shown.stdout
    assert "NorthTel AB" in shown.stdout
    assert f"{abs(net['net_micros']) // 1_000_000:,}" in shown.stdout
    assert "Germany mobile" in shown.stdout


def test_a_dry_run_shows_and_keeps_nothing(data: Path) -> None:
    """Lines and net are printed, and there is no document."""
    done = ocs(data, "run", "--partner", "northtel", "--period", MONTH, "--dry-run")
    assert done.exit_code == 0
    assert "not committed: statement for NorthTel AB" in done.output
    assert "net: we pay" in done.output
    assert json.loads(ocs(data, "list", "--json").output) == []


def test_corrections_are_listed_and_shown(data: Path) -> None:
    """An agreed amount is a document that names what it corrects."""
    number = settled(data)["statement"]["number"]
    done = ocs(
        data, "correct", number, "--reason", "dispute", "--direction", "incoming", "--amount=-1.25",
        "--date", "2026-11-09"
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "credit for NorthTel AB, corrects S-2026-000001" in done.output
    listed = json.loads(ocs(data, "list", "--partner", "northtel", "--json").output)
    assert [(one["number"], one["corrects"]) for one in listed] == [
        ("S-2026-000001", ""),
        ("C-2026-000001", "S-2026-000001"),
    ]
    shown = json.loads(ocs(data, "show", "C-2026-000001", "--json").output)
    assert shown["net"][0]["net_micros"] == -1_250_000


def test_reconciling_says_by_its_code_whether_anything_differs(data: Path) -> None:
    """1 with differences, which are in a file."""
    settled(data)
    file = data / "theirs.csv"
    file.write_text("A-NUMBER;B-NUMBER;START;SECONDS;CHARGE\n1;4930;2026-10-05 10:00:00;60;0.01\n")
    done = ocs(
        data,
        "reconcile",
        str(file),
        "--partner",
        "northtel",
        "--period",
        MONTH,
        "--mapping",
        "northtel",
        "--json",
    )
    assert done.exit_code == 1, done.output
    report = json.loads(done.output)
    assert {total["name"] for total in report["totals"]} >= {"missing", "extra"}
    assert (Path(report["folder"]) / "differences.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--partner", "nortel", "--period", MONTH), "did you mean 'northtel'?"),
        (("run", "--partner", "northtel", "--period", "2099-01"), "2099-01 is not over"),
        (("run", "--partner", "northtel", "--period", MONTH, "--date", "1.11."), "is not a day"),
        (("show", "S-2026-999999"), "there is no document S-2026-999999"),
        (("correct", "S-1", "--reason", "x", "--amount", "1"), "belong together"),
        (("again", "S-1"), "there is no document S-1"),
    ],
)
def test_what_is_asked_for_wrongly(data: Path, arguments: tuple[str, ...], words: str) -> None:
    """One clear sentence, no trace, and a code that is not 0."""
    done = ocs(data, *arguments)
    assert done.exit_code != 0
    assert words in done.output
    assert "Traceback" not in done.output
