"""``ocs bill render``: from billed usage to files, by number and by run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ocs.billing.credit import CreditRequest
from ocs.billing.credit import credit as write_credit_note
from ocs.billing.invoice import parse_invoice
from ocs.cli import cli
from ocs.database import migrate, open_database
from tests.ocs.billing.operator import Operator, call
from tests.ocs.documents.pdf_text import text_of


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a run of two invoices and a credit note."""
    engine = open_database(f"sqlite:///{tmp_path / 'ocs.db'}")
    migrate(engine)
    operator = Operator(engine, tmp_path)
    operator.begin()
    for account in ("A1", "A2"):
        operator.account(account)
        operator.use([call(account, "S1", "2026-10-05 10:00", 1_234_567)], series=f"import-{account.lower()}")
    operator.bill("2026-11-01")
    write_credit_note(engine, CreditRequest("2026-000001", None, 1_000_000, "goodwill", "2026-11-09"))
    engine.dispose()
    assert operator.lake_folder == tmp_path / "lake"
    return tmp_path


def run(data: Path, *arguments: str) -> Result:
    """One command on the data directory."""
    return CliRunner().invoke(cli, ["bill", "render", *arguments, "--data", str(data)])


def test_a_run_becomes_files_once(data: Path, tmp_path: Path) -> None:
    """PDF and JSON of each invoice, with its usage; a second call keeps them, --again makes them anew."""
    folder = data / "invoices" / "run-1"
    done = json.loads(run(data, "--run", "1", "--workers", "1", "--json").output)

    assert done == {"folder": str(folder), "made": 2, "kept": 0, "problems": []}
    made = parse_invoice((folder / "2026-000001.json").read_bytes())
    assert [item.amount_micros for item in made.usage] == [1_234_567]
    pdf = (folder / "2026-000001.pdf").read_bytes()
    assert "1.234567" in text_of(pdf, tmp_path)
    assert "0 documents made, 2 were there already" in run(data, "--run", "1", "--workers", "1").output
    assert "2 documents made:" in run(data, "--run", "1", "--workers", "1", "--again").output
    assert (folder / "2026-000001.pdf").read_bytes() == pdf


def test_invoices_and_credit_notes_by_number(data: Path, tmp_path: Path) -> None:
    """Named documents go where they are asked to."""
    out = tmp_path / "out"
    assert "2 documents made" in run(data, "2026-000002", "CN-2026-000001", "--to", str(out)).output

    assert sorted(path.suffix for path in out.iterdir()) == [
        ".csv",
        ".csv",
        ".csv",
        ".json",
        ".json",
        ".pdf",
        ".pdf",
    ]
    assert "Credit note CN-2026-000001" in text_of((out / "CN-2026-000001.pdf").read_bytes(), tmp_path)


def test_what_can_not_be_rendered_is_said(data: Path, tmp_path: Path) -> None:
    """Unknown numbers and runs, and a branding that is none, are one line each."""
    for arguments, message in (
        (["--run", "9"], "there is no invoice of run 9"),
        (["2026-000099"], "there is no invoice or credit note 2026-000099"),
        (["--run", "1", "--branding", str(tmp_path / "none")], "there is no branding"),
    ):
        refused = run(data, *arguments)
        assert refused.exit_code == 1
        assert message in refused.stderr
    assert run(data).exit_code == 2
