"""``ocs payment``: what people type, and what files of payments may say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.issues import ConfigError
from ocs.cli import cli
from ocs.database import migrate, open_database
from ocs.payments.days import is_far_back, is_to_come
from ocs.payments.payments_file import read_payments
from tests.ocs.payments.accounts import EUR, add_accounts, add_invoice
from tests.ocs.payments.test_restoring import add_online


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with an account that owes 20 euros since October."""
    engine = open_database(f"sqlite:///{tmp_path / 'ocs.db'}")
    migrate(engine)
    add_accounts(engine, A="EUR")
    add_invoice(engine, "2026-000001", "A", 20 * EUR, "2026-10-01", "2026-10-15")
    engine.dispose()
    return tmp_path


def run(data: Path, *arguments: str) -> Result:
    """One command on the data directory."""
    return CliRunner().invoke(cli, ["payment", *arguments, "--data", str(data)])


def test_record_show_reverse_and_age(data: Path) -> None:
    """A payment's life on the command line."""
    line = ["record", "--account", "A", "--amount", "12.50", "--date", "2026-11-05", "--reference", "b1"]

    assert (
        "payment 1: 12.50 EUR of 2026-11-05 recorded; reference b1\nA owes 7.50 EUR" in run(data, *line).output
    )
    assert "was recorded before, nothing changed" in run(data, *line).output
    shown = json.loads(run(data, "show", "A", "--json").output)
    assert shown["balance_micros"] == 7_500_000
    assert [one["open_micros"] for one in shown["invoices"]] == [7_500_000]
    assert "payment 1  2026-000001   12.50" in run(data, "show", "A").output
    aged = json.loads(run(data, "ageing", "--as-of", "2026-11-30", "--json").output)
    assert aged["totals"][0]["open_micros"]["31-60"] == 7_500_000
    back = run(data, "reverse", "1", "--date", "2026-11-09", "--reason", "returned")
    assert "taken back on 2026-11-09" in back.output
    assert "A owes 20.00 EUR" in back.output
    assert "20.00" in run(data, "ageing", "--as-of", "2026-11-30", "--csv").output


def test_refusals_are_one_line(data: Path) -> None:
    """What is refused says why, with exit code 1 or 2 and no trace."""
    wrong = run(data, "record", "--account", "A", "--amount", "1", "--currency", "usd", "--date", "2026-11-05",
                "--reference", "x")  # fmt: skip
    assert wrong.exit_code == 1
    assert "the payment is in USD, the account in EUR" in wrong.stderr
    for arguments, message in (
        (["--amount", "1", "--date", "2026-11-05"], "name an --account"),
        (["--account", "A", "--amount", "1,5", "--date", "2026-11-05"], "is not a decimal amount"),
        (["--account", "A", "--amount", "1", "--date", "05.11.2026"], "is not a day"),
    ):
        refused = run(data, "record", *arguments, "--reference", "x")
        assert refused.exit_code == 2
        assert message in refused.stderr
    assert "there is no account X" in run(data, "show", "X").stderr


def test_a_day_to_come_is_refused_and_one_long_ago_told(data: Path) -> None:
    """Of a payment and of its return; a file says how many such days it has, and is recorded."""
    now = datetime.now(UTC).date()
    to_come, long_ago = ((now + timedelta(days=days)).isoformat() for days in (3, -400))
    line = ["record", "--account", "A", "--amount", "1", "--reference", "x", "--date"]
    for arguments in ([*line, to_come], ["reverse", "1", "--reason", "returned", "--date", to_come]):
        refused = run(data, *arguments)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr == f"ocs: {to_come} is in the future: record it when it has come\n"
    told = run(data, *line, long_ago)
    assert told.exit_code == 0
    assert told.stderr == f"ocs: {long_ago} is more than a year ago; `ocs payment reverse 1` takes it back\n"
    assert run(data, *line, long_ago).stderr == ""
    file = data / "bank.csv"
    file.write_text(f"account,amount,date,reference\nA,1,{now},y\nA,1,{to_come},z\nA,1,{long_ago},x\n")
    assert run(data, "load", str(file)).stderr == f"ocs: days in the future: 1, the first at {file}:3\n"
    file.write_text(f"account,amount,date,reference\nA,1,{long_ago},w\nA,1,{long_ago},v\n")
    loaded = run(data, "load", str(file))
    assert loaded.stderr == f"ocs: days more than a year ago: 2, the first at {file}:2\n"
    assert "2 payments recorded" in loaded.stdout


def test_a_day_is_to_come_when_it_has_begun_nowhere() -> None:
    """In the first zone it begins fourteen hours before it does in UTC."""
    noon = 1_795_780_800_000 - 1_795_780_800_000 % 86_400_000 + 12 * 3_600_000
    today = datetime.fromtimestamp(noon // 1000, UTC).date()
    tomorrow, after = ((today + timedelta(days=days)).isoformat() for days in (1, 2))
    assert [is_to_come(tomorrow, noon), is_to_come(after, noon)] == [False, True]
    assert is_to_come(tomorrow, noon - 3 * 3_600_000)
    year, more = ((today - timedelta(days=days)).isoformat() for days in (366, 367))
    assert [is_far_back(year, noon), is_far_back(more, noon)] == [False, True]


def test_online_credit_is_shown_as_of_the_day_too(data: Path) -> None:
    """What was charged by then, and what of it payments by then had given back; else what is posted."""
    engine = open_database(f"sqlite:///{data / 'ocs.db'}")
    add_invoice(engine, "2026-000002", "A", 10 * EUR, "2026-11-01", "2026-11-15")
    add_online(engine, "2026-000001", A=8 * EUR)
    add_online(engine, "2026-000002", A=2 * EUR)
    engine.dispose()
    for day, reference in (("2026-10-20", "b1"), ("2026-11-05", "b2")):
        run(data, "record", "--account", "A", "--amount", "10", "--date", day, "--reference", reference)

    def online(*arguments: str) -> list[tuple[str, int]]:
        shown = json.loads(run(data, "show", "A", "--json", *arguments).output)
        return [(one["invoice_number"], one["posted_micros"]) for one in shown["online"]]

    assert online("--as-of", "2026-09-30") == []
    assert online("--as-of", "2026-10-19") == [("2026-000001", 0)]
    assert online("--as-of", "2026-11-04") == [("2026-000001", 4 * EUR), ("2026-000002", 0)]
    assert online() == online("--as-of", "2026-11-05") == [("2026-000001", 8 * EUR), ("2026-000002", 0)]


def test_a_file_of_payments_is_recorded_whole_and_once(data: Path) -> None:
    """Loading it again changes nothing."""
    file = data / "bank.csv"
    file.write_text("Invoice,amount,date,reference\n2026-000001,5,2026-11-05,b1\n2026-000001,7,2026-11-06,b2\n")

    assert "2 payments recorded, 0 were recorded before" in run(data, "load", str(file)).output
    assert "0 payments recorded, 2 were recorded before" in run(data, "load", str(file)).output
    file.write_text("account,amount,date,reference\nA,5,2026-11-07,b3\nX,7,2026-11-06,b4\n")
    refused = run(data, "load", str(file))
    assert refused.exit_code == 1
    assert f"{file}:3: there is no account X; nothing was recorded" in refused.stderr
    assert json.loads(run(data, "show", "A", "--json").output)["balance_micros"] == 8 * EUR


@pytest.mark.parametrize(
    ("text", "issues"),
    [
        ("account,amount,date\n", ["1: column 'reference' is missing"]),
        ("amount,date,reference\n", ["1: neither a column 'account' nor a column 'invoice'"]),
        ("account,acount,amount,date,reference\n", ["1: unknown column 'acount'"]),
        (
            "account,amount,date,reference\nA,1.0000001,2026-11-05,x\nA,1,2026-02-30,y\n,1,2026-11-05,\n",
            [
                "2: '1.0000001' has more than six decimals",
                "3: '2026-02-30' is not a day",
                "4: neither",
                "4: the ref",
            ],
        ),
        ("account,amount,date,reference\nA,1,2026-11-05,x,more\n", ["2: more fields than the header has"]),
    ],
)
def test_mistakes_in_a_file_have_their_line(tmp_path: Path, text: str, issues: list[str]) -> None:
    """Every mistake is listed, none of the file is used."""
    file = tmp_path / "bank.csv"
    file.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_payments(file)
    found = [str(issue).removeprefix(f"{file}:") for issue in raised.value.issues]

    assert len(found) == len(issues)
    assert all(one.startswith(start) for one, start in zip(found, issues, strict=True))
