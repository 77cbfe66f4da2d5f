"""The newcomer's road: the demonstration, traffic whose books agree, and the example of the documentation."""

import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.served import ROOT, command, command_json, load_payers, serving


def test_demonstration_runs_and_its_books_balance(tmp_path: Path) -> None:
    """``ocs demo`` ends well in a few seconds where that is asked, and shows what it promises."""
    shown = command("demo", "--seconds", "2", "--data", str(tmp_path / "demo"))

    assert "1201 created" in shown
    assert re.search(r"result codes 2001: [1-9]", shown)
    assert re.search(r"447700100002 bundle 10\.00 [\d,]+ MB", shown)
    assert "The books balance." in shown
    assert "Where to look next" in shown


def test_demonstration_touches_no_data_of_others(tmp_path: Path) -> None:
    """A directory that holds something is refused and left as it is."""
    (tmp_path / "precious").write_text("money")
    command("demo", "--data", str(tmp_path), expected=1)

    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_octets_acknowledged_are_octets_charged(tmp_path: Path) -> None:
    """What gateways were acknowledged, in closed and open loop, is what accounts and records were charged."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 60, "100000.00")
        common = ("simulate", "--port", str(served.port), "--subscribers", "60", "--seconds", "1")
        closed = command_json(*common, "--window", "6", "--rating-groups", "3")
        paced = command_json(*common, "--rate", "150", "--sessions", "30", "--rating-groups", "0")
        books = command_json("audit", "--data", str(served.data))

    for report in (closed, paced):
        assert report["ok"]
        assert report["sessions"]["started"] == report["sessions"]["ended"] > 0
        assert report["octets_reported"] == report["octets_acknowledged"]
    assert books["differences"] == []
    assert books["EUR"]["debited_micros"] == closed["octets_acknowledged"] + paced["octets_acknowledged"]
    assert books["EUR"]["reserved_micros"] == 0
    assert books["records"] >= closed["sessions"]["started"] * 3


def test_emptying_accounts_end_their_sessions(tmp_path: Path) -> None:
    """Subscribers with little money get final units, then 4012, and gateways find nothing malformed."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 16, "3.000000")
        options = ("--subscribers", "16", "--seconds", "1", "--window", "4")
        report = command_json("simulate", "--port", str(served.port), *options)
        books = command_json("audit", "--data", str(served.data))

    assert report["ok"]
    assert report["final_units"] > 0
    assert report["result_codes"]["initial"]["4012"] > 0
    assert 0 <= books["EUR"]["balance_micros"] < 16 * 3_000_000
    assert books["EUR"]["debited_micros"] == report["octets_acknowledged"]


def test_simulation_without_a_server_fails_in_words() -> None:
    """Nobody listening is told in a sentence, with exit code 1."""
    shown = command("simulate", "--port", "9", "--seconds", "1", expected=1)

    assert "127.0.0.1:9" in shown


def test_python_diameter_example_of_the_documentation_runs(tmp_path: Path) -> None:
    """The program in docs/connect-python-diameter.md is granted what it asks for."""
    page = (ROOT / "docs" / "connect-python-diameter.md").read_text()
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "10.00")
        program = found[1].replace(":3868", f":{served.port}")
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
        )

    assert done.stdout.split() == ["2001", "1000000"], done.stderr
