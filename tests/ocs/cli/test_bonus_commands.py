"""Top-ups and referrals on the command line, on the plans of the example operator; the books balance after."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ocs.cli import cli

CSV = """\
msisdn,imsi,account,plan,balance
447900000001,,,talk,5
447900000002,,,talk,0
447900000003,,family,talk,0
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with three subscribers of a plan with bonuses."""
    file = tmp_path / "subscribers.csv"
    file.write_text(CSV)
    assert _run("subscriber", "load", str(file), "--data", str(tmp_path)).exit_code == 0
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def _read(*arguments: str) -> Any:
    result = _run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_bonuses_are_given_told_and_shown(data: Path) -> None:
    """Once each, in JSON and in words; whose it is must be clear; credit is shown as money."""
    at = ("--data", str(data))
    top_up = ("account", "top-up", "447900000001", "25", "--reference", "v1", *at)
    assert "25.00 credited; bonus talk/top-up; balance 32.00 EUR" in _run(*top_up).stdout
    again = _read(*top_up)
    assert (again["repeated"], again["bonuses"], again["credited_micros"]) == (
        True,
        ["talk/top-up"],
        27_000_000,
    )
    assert _read("account", "top-up", "447900000002", "25", "--no-bonus", *at)["bonuses"] == []
    shared = _run("account", "top-up", "family", "25", *at)
    assert shared.exit_code == 1
    assert "say --subscriber" in shared.stderr
    whose = _read("account", "top-up", "family", "25", "--subscriber", "447900000003", *at)
    assert whose["balance_micros"] == 27_000_000
    refer = ("account", "refer", "447900000001", "447900000002", *at)
    assert "447900000001 brought 447900000002: bonus talk/friend, talk/friend given" in _run(*refer).stdout
    assert _read(*refer)["repeated"]
    assert "there is no subscriber 4479" in _run("account", "refer", "4479", "447900000002", *at).stderr
    shown = _run("account", "show", "447900000001", *at).stdout
    assert "talk/welcome#credit" in shown
    assert "1.00      0.00     1.00  EUR" in shown
    assert _run("audit", "--online", *at).exit_code == 0
