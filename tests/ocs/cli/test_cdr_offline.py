"""``ocs cdr import``, ``imports``, ``query`` and ``write`` as an operator types them; some are killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from balance.changes import COMMITTED, ChangeSet
from balance.opening import open_store
from balance.store import commit_sets
from tests.ocs.cdr.lake.building import record, write_journal
from tests.ocs.cli.test_commands import read, refused, run
from tests.ocs.usage_import.small_operator import VOICE_HEADER

ROOT = Path(__file__).parents[3]
CALLS = 4000


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the example's customers, the first of whom is on a contract in pounds."""
    directory = tmp_path_factory.mktemp("data")
    run("customer", "load", str(ROOT / "config/examples/small_mvno/customers.csv"), "--data", str(directory))
    return directory


def calls(path: Path, count: int, first: int = 1) -> Path:
    """Calls of the first customer in November; the last line is no usage."""
    rest = "60,00447700200000,00441614960000,MOC,23415,16\n"
    lines = [
        f"MSC1,{number},2026-11-{number % 20 + 1:02d} 10:00:00,{rest}" for number in range(first, first + count)
    ]
    path.write_text(VOICE_HEADER + "".join(lines) + f"MSC1,bad{first},yesterday,{rest}")
    return path


def test_import_query_and_suspense(data: Path, tmp_path: Path) -> None:
    """A file is imported once, what it became is listed and asked for, its bad line is corrected and fed."""
    path = calls(tmp_path / "calls.csv", 3)
    where = ("--data", str(data))
    (report,) = read("cdr", "import", str(path), "--mapping", "voice", *where)
    assert (report["accepted"], report["suspended"], report["known"]) == (3, 1, False)
    again = run("cdr", "import", str(path), "--mapping", "voice", *where).stdout
    assert "it was imported before, nothing is done" in again

    suspense = Path(report["suspense"])
    suspense.write_text(suspense.read_text().replace("yesterday", "2026-11-20 10:00:00"))
    (fed,) = read("cdr", "import", "--suspense", *where)
    assert (fed["accepted"], fed["waiting"]) == (1, 0)
    (listed,) = read("cdr", "imports", *where)
    assert (listed["accepted"], listed["suspended"]) == (4, 0)
    sql = "SELECT account, count(*) AS calls, min(currency) AS currency FROM usage GROUP BY ALL"
    found = json.loads(run("cdr", "query", sql, "--format", "json", *where).stdout)
    assert found == [{"account": "c001", "calls": 4, "currency": "GBP"}]
    assert "import-voice" in run("cdr", "query", *where).stdout


def test_what_can_not_be_done_is_said_in_a_line(data: Path, tmp_path: Path) -> None:
    """No mapping, an unknown one, SQL that is none."""
    path = str(calls(tmp_path / "calls.csv", 3))
    where = ("--data", str(data))
    assert "--mapping NAME" in refused("cdr", "import", path, *where, code=2)
    assert "there is no mapping 'fax'" in refused("cdr", "import", path, "--mapping", "fax", *where)
    assert "Parser Error" in refused("cdr", "query", "SELEC 1", *where)


def test_an_import_that_is_killed_goes_on(data: Path, tmp_path: Path) -> None:
    """Kill -9 at moments of chance; when it is let live, each line has one fate."""
    path = calls(tmp_path / "many.csv", CALLS, first=100)
    command = [
        sys.executable,
        "-m",
        "ocs",
        "cdr",
        "import",
        str(path),
        "--mapping",
        "voice",
        "--data",
        str(data),
    ]
    chance = Random(20261123)
    for _ in range(3):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.5, 2.5))
        process.kill()
        process.wait()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    listed = [one for one in read("cdr", "imports", "--data", str(data)) if one["file"] == str(path)]
    assert [(one["accepted"], one["duplicates"], one["suspended"]) for one in listed] == [(CALLS, 0, 1)]
    sql = (
        "SELECT count(*) AS n, count(DISTINCT record_id) AS ids, min(sequence) AS low, max(sequence) AS high, "  # noqa: S608
        f"count(DISTINCT sequence) AS sequences FROM usage WHERE source_file = '{path}' AND line = 0"
    )
    (found,) = json.loads(run("cdr", "query", sql, "--format", "json", "--data", str(data)).stdout)
    assert (found["n"], found["ids"], found["sequences"]) == (CALLS, CALLS, CALLS)
    assert found["high"] - found["low"] + 1 == CALLS


async def put_records(data: Path, count: int) -> None:
    """Let the store of a data directory have records that nobody has written yet."""
    store = await open_store(None, data, tool=True)
    try:
        change = ChangeSet()
        change.put(b"x:1", 0, b"\0" * 7 + b"\1", 0)
        change.events = []
        for number in range(1, count + 1):
            fields = record(number)
            del fields["sequence"]
            change.events.append(json.dumps(fields, separators=(",", ":")).encode())
        await commit_sets(store, [change])
        assert change.result == COMMITTED
    finally:
        await store.close()


def test_write_takes_all_there_is(tmp_path: Path) -> None:
    """Out of the store into the journal, lake and series in one command, and nothing twice."""
    data = tmp_path / "data"
    data.mkdir()
    settings = tmp_path / "ocs.toml"
    settings.write_text('[[records.series]]\nname = "out"\ncolumns = ["number", "record_id"]\n')
    options = ("--data", str(data), "--config", str(settings))
    assert "a memory store's records end with" in refused("cdr", "write", *options, "--store", "memory:")
    asyncio.run(put_records(data, 6))

    assert run("cdr", "write", *options).stdout == "lake: 6 records, out: 6 records\n"
    assert run("cdr", "write", *options).stdout == "lake: 0 records, out: 0 records\n"
    (path,) = (data / "records" / "out").glob("*.csv")
    assert path.name == "out-000000000001-000000000006.csv"
    assert [row["record_id"] for row in read("cdr", "list", *options)] == [f"s{n}#1" for n in range(1, 7)]


def test_a_journal_of_another_store_is_not_written_on(tmp_path: Path) -> None:
    """Complete files that the store never wrote out stop everything, with what to do."""
    write_journal(tmp_path / "cdr", [record(1)])
    assert "move the directory away or restore the store" in refused("cdr", "write", "--data", str(tmp_path))
