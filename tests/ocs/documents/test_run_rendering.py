"""Documents of a whole run: files whole or not there, processes, what is kept, and going on after a kill."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ocs.billing.document.files import is_complete, lines_csv, usage_csv, write_files
from ocs.billing.document.run_rendering import RenderingError, render_run
from ocs.billing.invoice import Invoice, InvoiceParty, parse_invoice
from ocs.documents.branding import EXAMPLE_BRANDING, load_branding
from ocs.documents.typst_renderer import TemplateError
from tests.ocs.documents.invoices import invoice, line, usage_line, with_usage

ROOT = Path(__file__).parents[3]
NUMBERS = [f"2026-{index:06d}" for index in range(1, 61)]
STRANGE = InvoiceParty("ꦄ", (), "ID", "")


def read(numbers: Sequence[str]) -> Iterable[Invoice]:
    """An invoice for each number."""
    return [replace(with_usage(invoice(), 2), number=number) for number in numbers]


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder by name, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_of_an_invoice(tmp_path: Path) -> None:
    """JSON is the invoice itself; CSV sums up to its totals, exactly."""
    made = with_usage(invoice("de", line(1), usage_line(2, 1_234_567)), 7)
    names = [path.name for path in write_files(tmp_path, made, b"%PDF-1.7\n%%EOF\n")]

    assert names == ["2026-000042.json", "2026-000042.csv", "2026-000042-usage.csv", "2026-000042.pdf"]
    assert sorted(contents(tmp_path)) == sorted(names)
    assert parse_invoice((tmp_path / names[0]).read_bytes()) == made
    rows = list(csv.DictReader(io.StringIO(lines_csv(made))))
    amounts = [Decimal(row["amount"]) for row in rows if row["row"] == "line"]
    sums = {row["item"]: Decimal(row["amount"]) for row in rows if row["row"] == "sum"}
    assert sum(amounts) == sums["net"] == Decimal("21.224567")
    assert [row["tax"] for row in rows if row["row"] == "tax"] == ["4.03"]
    assert sums["total"] == sums["net"] + sums["tax"] + sums["rounding"] == Decimal("25.25")
    usage = list(csv.DictReader(io.StringIO(usage_csv(made))))
    assert sum(Decimal(row["amount"]) for row in usage) == Decimal("0.021")
    assert usage[0]["other_party"] == "493000000000"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_is_rendered_and_kept(tmp_path: Path, workers: int) -> None:
    """Each invoice has its files; the second time nothing is made; one that is broken is made again."""
    branding = load_branding()
    seen: list[int] = []
    first = render_run(NUMBERS, read, branding, tmp_path, workers, progress=seen.append)
    before = contents(tmp_path)

    assert (first.made, first.kept, first.problems) == (60, 0, [])
    assert seen[-1] == 60
    assert sorted(name for name in before if name.endswith(".pdf")) == [f"{number}.pdf" for number in NUMBERS]
    assert len(before) == 4 * 60 + 1
    second = render_run(NUMBERS, read, branding, tmp_path, workers)
    assert (second.made, second.kept) == (0, 60)
    (tmp_path / "2026-000007.pdf").write_bytes(before["2026-000007.pdf"][:-100])
    (tmp_path / "2026-000008.pdf").write_bytes(b"")
    assert not is_complete(tmp_path, "2026-000008")
    third = render_run(NUMBERS, read, branding, tmp_path, workers)
    assert (third.made, third.kept) == (2, 58)
    assert contents(tmp_path) == before


def test_documents_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    """One process or two: the same octets."""
    for workers in (1, 2):
        render_run(NUMBERS[:25], read, load_branding(), tmp_path / str(workers), workers)

    assert contents(tmp_path / "1") == contents(tmp_path / "2")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_name_that_can_not_be_written_is_one_invoices_problem(tmp_path: Path, workers: int) -> None:
    """The others are made; it is named, and made once a font is there or the name is changed."""

    def strange(numbers: Sequence[str]) -> Iterable[Invoice]:
        for made in read(numbers):
            yield replace(made, party=STRANGE) if made.number in {NUMBERS[0], NUMBERS[30]} else made

    outcome = render_run(NUMBERS, strange, load_branding(), tmp_path, workers)

    assert outcome.made == 58
    assert sorted(number for number, _ in outcome.problems) == [NUMBERS[0], NUMBERS[30]]
    assert "U+A984 JAVANESE LETTER A" in outcome.problems[0][1]
    assert not (tmp_path / f"{NUMBERS[0]}.pdf").exists()
    assert render_run(NUMBERS, read, load_branding(), tmp_path, workers).made == 2


def test_documents_of_another_branding_are_not_replaced_unasked(tmp_path: Path) -> None:
    """They may have been sent; --again replaces them all, another folder leaves them."""
    folder = Path(shutil.copytree(EXAMPLE_BRANDING, tmp_path / "branding"))
    out = tmp_path / "out"
    render_run(NUMBERS[:3], read, load_branding(folder), out)
    before = contents(out)
    path = folder / "branding.yaml"
    path.write_text(path.read_text().replace("#0F5C6E", "#AA0000"))
    with pytest.raises(RenderingError, match="--again makes all of them anew"):
        render_run(NUMBERS[:3], read, load_branding(folder), out)
    assert contents(out) == before
    assert render_run(NUMBERS[:3], read, load_branding(folder), out, again=True).made == 3
    after = contents(out)
    assert all(after[name] != octets for name, octets in before.items() if name.endswith(".pdf"))


def test_a_bad_template_stops_before_anything_is_made(tmp_path: Path) -> None:
    """One error with its place, not one for each invoice."""
    folder = Path(shutil.copytree(EXAMPLE_BRANDING, tmp_path / "branding"))
    (folder / "templates").mkdir()
    (folder / "templates" / "invoice.typ").write_text("#nothing\n")
    with pytest.raises(TemplateError, match=r"branding/templates/invoice\.typ:1:2"):
        render_run(NUMBERS, read, load_branding(folder), tmp_path / "out", 2)
    assert not list((tmp_path / "out").glob("*.pdf"))


SCRIPT = """
import sys
from pathlib import Path
from ocs.billing.document.run_rendering import render_run
from ocs.documents.branding import load_branding
from tests.ocs.documents.test_run_rendering import NUMBERS, read
if __name__ == "__main__":
    render_run(NUMBERS, read, load_branding(), Path(sys.argv[1]), int(sys.argv[2]))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_goes_on(tmp_path: Path, workers: int) -> None:
    """Kill -9 in the midst: no PDF is half there, no process stays behind, and the end is as without a kill."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    render_run(NUMBERS, read, load_branding(), whole)
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OCS_PURE": "1"}
    process = subprocess.Popen(
        [sys.executable, str(script), str(out), str(workers)], cwd=ROOT, env=environment, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while len(list(out.glob("*.pdf"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    made = list(out.glob("*.pdf"))
    deadline = time.monotonic() + 30
    while _group_lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert made
    assert not _group_lives(process.pid)
    before = {path.name: path.read_bytes() for path in out.glob("*.pdf")}
    assert all(octets == (whole / name).read_bytes() for name, octets in before.items())
    again = render_run(NUMBERS, read, load_branding(), out, workers)
    assert again.kept == len(before)
    assert again.made + again.kept == 60
    left = {name: octets for name, octets in contents(out).items() if not name.startswith(".")}
    assert left == contents(whole)


def _group_lives(group: int) -> bool:
    """Whether any process of a group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_state_of_a_folder_is_readable(tmp_path: Path) -> None:
    """rendered.json has the fingerprint; a broken one counts as another one."""
    render_run(NUMBERS[:1], read, load_branding(), tmp_path)
    state = tmp_path / "rendered.json"
    assert len(json.loads(state.read_text())["fingerprint"]) == 64
    state.write_text("{}")
    with pytest.raises(RenderingError, match="another branding"):
        render_run(NUMBERS[:1], read, load_branding(), tmp_path)
