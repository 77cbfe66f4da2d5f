"""The command ocs against a real private Valkey: what an operator types, and what scripts read."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from balance.memory import MemoryStore
from ocs.cdr.files import open_name, sealed_name
from ocs.cli import cli
from ocs.doctor import GOOD, WARNING, check_store

CSV = """msisdn,imsi,account,plan,balance
447700000001,234150000000001,,payg,100.00
447700000002,234150000000002,,bundle,5
447700000003,,family,payg,7
,234150000000004,family,payg,
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with four subscribers."""
    directory = tmp_path_factory.mktemp("data")
    file = directory / "subscribers.csv"
    file.write_text(CSV)
    loaded = run("subscriber", "load", str(file), "--data", str(directory), "--json")
    assert json.loads(loaded.stdout)["created"] == 4
    return directory


def run(*arguments: str) -> Result:
    """Run a command line that must work."""
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.stderr
    return result


def read(*arguments: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(run(*arguments, "--json").stdout)


def refused(*arguments: str, code: int = 1) -> str:
    """What a command line that must fail says on stderr."""
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result.stderr


def test_loading_again_is_idempotent(data: Path) -> None:
    """The second load finds everything as it should be."""
    summary = read("subscriber", "load", "--data", str(data), str(data / "subscribers.csv"))
    assert (summary["unchanged"], summary["created"], summary["updated"]) == (4, 0, 0)


def test_shared_options_stand_before_or_after(data: Path) -> None:
    """Before all, after the group, or after the subcommand; the last one wins."""
    for line in (
        ["--data", str(data), "account", "show", "family"],
        ["account", "--data", str(data), "show", "family"],
        ["account", "show", "family", "--data", str(data)],
        ["--data", "/nowhere", "account", "show", "family", "--data", str(data)],
    ):
        assert read(*line)["balance_micros"] == 7_000_000


def test_the_environment_stands_behind_every_option(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is named on the command line wins, wherever it stands; without it the environment counts."""
    monkeypatch.setenv("OCS_DATA", "/nowhere")
    for line in (
        ["--data", str(data), "account", "show", "family"],
        ["account", "--data", str(data), "show", "family"],
        ["account", "show", "family", "--data", str(data)],
    ):
        assert read(*line)["balance_micros"] == 7_000_000
    assert "/nowhere" in refused("account", "show", "family")


def test_a_subscriber_is_shown_by_either_identity(data: Path) -> None:
    """MSISDN, with or without plus, and IMSI lead to the same subscriber."""
    shown = read("subscriber", "show", "447700000001", "--data", str(data))
    assert shown == {
        "msisdn": "447700000001",
        "imsi": "234150000000001",
        "account": "447700000001",
        "plan": "payg",
        "status": "active",
        "group": "",
        "time_zone": "",
        "activated_at": shown["activated_at"],
    }
    assert str(shown["activated_at"]).startswith("20")
    assert read("subscriber", "show", "imsi:234150000000001", "--data", str(data)) == shown
    assert read("subscriber", "show", "+447700000001", "--data", str(data)) == shown
    assert "family" in run("subscriber", "show", "imsi:234150000000004", "--data", str(data)).stdout


def test_an_account_shows_money_buckets_and_sessions(data: Path) -> None:
    """The JSON has the contract's fields, and people get the same in words."""
    shown = read("account", "show", "447700000002", "--data", str(data))
    assert (shown["balance_micros"], shown["reserved_micros"], shown["currency"]) == (5_000_000, 0, "EUR")
    assert [(b["remaining"], b["reserved"]) for b in shown["buckets"]] == [(1_000_000_000, 0)]
    assert shown["sessions"] == []
    assert "5.00 EUR" in run("account", "show", "447700000002", "--data", str(data)).stdout


def test_a_top_up_with_a_reference_is_given_once(data: Path) -> None:
    """The second time nothing moves; without a reference every call counts and prints its own."""
    line = ["account", "top-up", "447700000001", "1.50", "--data", str(data)]
    first = read(*line, "--reference", "bank-7")
    second = read(*line, "--reference", "bank-7")
    assert (first["balance_micros"], first["repeated"]) == (101_500_000, False)
    assert (second["balance_micros"], second["repeated"]) == (101_500_000, True)
    third = read(*line)
    assert third["credited_micros"] == 3_000_000
    assert third["reference"] != ""
    assert "already used for 1.50" in refused(*line[:3], "2", "--data", str(data), "--reference", "bank-7")


def test_the_audit_has_the_figures_of_the_contract(data: Path) -> None:
    """Sums for each currency stand under its code."""
    figures = read("audit", "--data", str(data))
    assert (figures["accounts"], figures["sessions"], figures["records"]) == (3, 0, 0)
    euros = figures["EUR"]
    assert euros["opening_micros"] == 112_000_000
    assert (
        euros["opening_micros"] + euros["credited_micros"] - euros["debited_micros"] == euros["balance_micros"]
    )
    assert figures["differences"] == []


def test_the_audit_fails_where_records_do_not_belong_to_the_store(data: Path, tmp_path: Path) -> None:
    """Complete files that are ahead of the store are a difference, and exit code 1."""
    lost = tmp_path / "ocs.toml"
    lost.write_text(f'[records]\ndirectory = "{tmp_path}"\n')
    write_records(tmp_path / sealed_name(1, 2), [2])
    result = CliRunner().invoke(cli, ["audit", "--data", str(data), "--config", str(lost), "--json"])
    assert result.exit_code == 1
    assert "records up to 2, but the outbox begins at 1" in json.loads(result.stdout)["differences"][0]


def test_a_file_with_mistakes_is_refused_whole(data: Path, tmp_path: Path) -> None:
    """All mistakes are named with file and line, and nothing was written."""
    file = tmp_path / "bad.csv"
    file.write_text(
        "msisdn,imsi,account,plan,balance\n447700000099,,,payg,1\n44x,,,gold,1\n447700000098,,,payg,x\n"
    )
    said = refused("subscriber", "load", str(file), "--data", str(data))
    assert f"{file}:3" in said
    assert f"{file}:4" in said
    assert "no subscriber" in refused("subscriber", "show", "447700000099", "--data", str(data))


def test_what_is_not_there_is_said_in_one_line(data: Path) -> None:
    """Unknown accounts, subscribers, directories and files: one line, exit code 1."""
    for line, said in (
        (["account", "show", "nobody", "--data", str(data)], "there is no account nobody"),
        (["account", "top-up", "nobody", "1", "--data", str(data)], "there is no account nobody"),
        (["subscriber", "show", "1", "--data", str(data)], "there is no subscriber 1"),
        (["subscriber", "load", "/nowhere.csv", "--data", str(data)], "/nowhere.csv"),
        (["audit", "--data", "/nowhere"], "there is no data directory /nowhere"),
        (["audit", "--config", "/nowhere.toml"], "/nowhere.toml"),
        (["cdr", "list", "--data", "/nowhere"], "there is no record directory"),
        (["tariff", "check", "/nowhere"], "/nowhere"),
    ):
        assert said in refused(*line), line


def test_usage_errors_have_exit_code_two(data: Path) -> None:
    """An amount that is none, unknown commands and options, a time that is none."""
    assert "not a decimal" in refused("account", "top-up", "a", "ten", "--data", str(data), code=2)
    assert "more than six decimals" in refused(
        "account", "top-up", "a", "0.0000001", "--data", str(data), code=2
    )
    refused("bogus", code=2)
    refused("account", "show", code=2)
    assert "neither a time nor a span" in refused("cdr", "list", "--since", "soon", "--data", str(data), code=2)


def test_an_unreachable_store_is_said_in_one_line(tmp_path: Path) -> None:
    """A store URL that leads nowhere."""
    said = refused("account", "show", "a", "--store", f"unix:{tmp_path}/none.sock")
    assert said.startswith("ocs: ")
    assert said.count("\n") == 1


def test_the_doctor_looks_at_everything(data: Path) -> None:
    """Versions, hot path, disk, open files, catalogue and store have a finding, none of them bad here."""
    findings = {each["name"]: each for each in read("doctor", "--data", str(data))}
    for name in ("ocs", "libraries", "hot path", "open files", "catalogue", "disk", "store: durability"):
        assert findings[name]["status"] != "bad"
    assert "durable after" in findings["disk"]["text"]


def test_the_doctor_finds_what_is_bad(data: Path) -> None:
    """A catalogue that can not be loaded is exit code 1."""
    result = CliRunner().invoke(cli, ["doctor", "--data", str(data), "--catalogue", "/nowhere"])
    assert result.exit_code == 1
    assert "BAD" in result.stdout


async def test_the_doctor_warns_of_a_store_that_forgets() -> None:
    """What a crash can lose is a warning, not a good finding."""
    findings = {each.name: each for each in await check_store(MemoryStore(lambda: 0))}
    assert findings["store: durability"].status == WARNING
    assert findings["store: kind"].status == GOOD


def test_the_catalogue_is_checked_and_shown() -> None:
    """The example operator is right, and its price list names its plans."""
    assert "no errors" in run("tariff", "check").stdout
    assert "payg" in run("tariff", "show").stdout


def test_the_version_is_printed() -> None:
    """For people and for scripts."""
    assert run("version").stdout.startswith("ocs ")
    assert read("version")["hot_path"] in {"compiled", "interpreted"}


def test_help_names_every_command() -> None:
    """And imports none of them."""
    said = run("--help").stdout
    for name in ("account", "audit", "cdr", "serve", "simulate", "subscriber"):
        assert name in said


def write_records(path: Path, numbers: list[int]) -> None:
    """Write a record file as the server does."""
    lines = []
    for number in numbers:
        fields = {
            "sequence": number,
            "record_id": f"s;{number}#1",
            "session_id": f"s;{number}",
            "account": "a" if number % 2 else "b",
            "service": "data",
            "rating_group": None,
            "closed_at": f"2026-11-23T00:00:0{number}.000Z",
            "cause": "normal",
            "partial": False,
            "unit_kind": "octets",
            "used_units": 10,
            "amount_micros": 10,
            "currency": "EUR",
            "charges": [{"rule": "payg/data", "units": 10}],
            "buckets": [],
        }
        lines.append(json.dumps(fields, separators=(",", ":")) + "\n")
    path.write_text("".join(lines))


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A data directory with five records in two files."""
    directory = tmp_path / "cdr"
    directory.mkdir()
    write_records(directory / sealed_name(1, 3), [1, 2, 3])
    write_records(directory / open_name(4), [4, 5])
    return tmp_path


def test_records_are_listed_and_chosen(records: Path) -> None:
    """By account, session and time; the newest last."""
    base = ["cdr", "list", "--data", str(records)]
    assert [record["sequence"] for record in read(*base)] == [1, 2, 3, 4, 5]
    assert [record["sequence"] for record in read(*base, "--limit", "2")] == [4, 5]
    assert [record["sequence"] for record in read(*base, "--account", "b")] == [2, 4]
    assert [record["sequence"] for record in read(*base, "--session", "s;3")] == [3]
    assert [record["sequence"] for record in read(*base, "--since", "2026-11-23T01:00:04+01:00")] == [4, 5]
    assert "0.00001 EUR" in run(*base).stdout.replace("  ", " ")


def test_records_are_exported(records: Path, tmp_path: Path) -> None:
    """JSON Lines are the files' own lines; CSV has a header and one row a record."""
    base = ["cdr", "export", "--data", str(records)]
    lines = run(*base).stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3, 4, 5]
    target = tmp_path / "out.csv"
    run(*base, "--format", "csv", "--account", "a", "--output", str(target))
    rows = target.read_text().splitlines()
    assert rows[0].startswith("sequence,record_id,")
    assert len(rows) == 4
    assert '"[{""rule"":""payg/data"",""units"":10}]"' in rows[1]


def test_an_export_of_incomplete_files_fails(records: Path) -> None:
    """What there is comes out, what is missing is said, and the exit code tells."""
    (records / "cdr" / sealed_name(1, 3)).unlink()
    result = CliRunner().invoke(cli, ["cdr", "export", "--data", str(records)])
    assert result.exit_code == 1
    assert "records 1 to 3 are missing" in result.stderr
    assert len(result.stdout.splitlines()) == 2
