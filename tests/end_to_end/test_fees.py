"""Kill -9 of who takes fees and who sells add-ons, and of the store: each is taken once."""

import asyncio
import json
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from balance.opening import open_store
from balance.store import StateStore
from ocs.demo.server_process import ocs_command
from tests.end_to_end.served import HEADER, ROOT, Served, account, books, command, load_subscribers, serving

SUBSCRIBERS, FIRST = 3000, 440000
PLAN = """\
service_contexts: { data: [32251@3gpp.org] }
plans:
  surf:
    name: Surf
    currency: EUR
    fees: { base: { amount: 2.00 EUR, every: year } }
    data: [{ rating_group: any, price: 1.00 EUR per 1 MB }]
addons:
  extra: { name: X, currency: EUR, fee: 1.00 EUR, bundles: { data: { units: 1 MB, for: { service: data } } } }
"""
FEES = "    fees: { base: { amount: 2.00 EUR, every: year } }\n"


def price_list(folder: Path, name: str, text: str) -> tuple[str, str]:
    """The option of a price list that is made in a folder."""
    (folder / name).mkdir()
    (folder / name / "plans.yaml").write_text(text)
    return "--catalogue", str(folder / name)


def kill_after(served: Served, more: int, *command: str) -> int:
    """Kill a command when so many more records were made, or it has ended; how many there were then."""
    process = subprocess.Popen(ocs_command(*command), cwd=ROOT, stdout=subprocess.DEVNULL)
    found = asyncio.run(until_records(served, more, process))
    process.kill()
    process.wait()
    return found


async def until_records(served: Served, more: int, process: subprocess.Popen[bytes]) -> int:
    """Wait until so many more records were made, or the process has ended; how many there are."""
    store = await open_store(None, served.data, tool=True)
    try:
        before, end_s = -1, time.monotonic() + 60
        while True:
            found = await records_made(store)
            before = found if before < 0 else before
            if found >= before + more or process.poll() is not None:
                return found
            assert time.monotonic() < end_s
            await asyncio.sleep(0.002)
    finally:
        await store.close()


async def until_one_record(served: Served) -> None:
    """Wait until there is a record."""
    store = await open_store(None, served.data, tool=True)
    try:
        end_s = time.monotonic() + 90
        while await records_made(store) == 0:
            assert time.monotonic() < end_s
            await asyncio.sleep(0.1)
    finally:
        await store.close()


async def records_made(store: StateStore) -> int:
    """How many records there ever were."""
    while True:
        first = await store.outbox_first()
        with suppress(ValueError):  # they went into a file a moment ago
            return first - 1 + len(await store.outbox_read(first, 1 << 20))


def taken(records: Path) -> Counter[tuple[str, str]]:
    """How often was taken what, by account and rule, of all record files."""
    lines = [line for file in records.glob("cdr-*") for line in file.read_text().splitlines()]
    found = [json.loads(line) for line in lines]
    return Counter((record["account"], record["charges"][0]["rule"]) for record in found)


def test_fees_are_taken_once_by_processes_that_are_killed(tmp_path: Path) -> None:
    """Killed amid their commits, at last with the store; whoever comes next goes on, until nothing is due."""
    free = price_list(tmp_path, "free", PLAN.replace(FEES, ""))
    priced = price_list(tmp_path, "priced", PLAN)
    with serving(tmp_path / "data", f'[catalogue]\npath = "{free[1]}"\n') as served:
        load_subscribers(served, *(f"{FIRST + n},,,surf,5.00" for n in range(SUBSCRIBERS)))
        fees = ("account", "fees", "--json", *served.where, *priced)
        amid = [kill_after(served, 100, *fees) for _ in range(3)]
        served.kill_store()
        assert 0 < amid[0] < amid[1] < amid[2] < SUBSCRIBERS
        assert 0 < json.loads(command(*fees))["fees"] < SUBSCRIBERS
        assert json.loads(command(*fees))["fees"] == 0
        totals = books(served)
    assert totals["EUR"]["debited_micros"] == SUBSCRIBERS * 2_000_000
    expected = {(str(FIRST + n), "surf/base"): 1 for n in range(SUBSCRIBERS)}
    assert taken(tmp_path / "data" / "cdr") == expected


def test_a_server_takes_fees_when_a_day_has_begun(tmp_path: Path) -> None:
    """Nobody asks it to, and no session comes; nothing is due then."""
    free = price_list(tmp_path, "free", PLAN.replace(FEES, ""))
    priced = price_list(tmp_path, "priced", PLAN)
    data = tmp_path / "data"
    data.mkdir()
    (data / "subscribers.csv").write_text(f"{HEADER}{FIRST},,,surf,5.00\n")
    command("subscriber", "load", str(data / "subscribers.csv"), "--data", str(data), *free)
    config = f'[catalogue]\npath = "{priced[1]}"\n[records]\nlake_every_s = 1\n'
    with serving(data, config) as served:
        asyncio.run(until_one_record(served))
        assert account(served, str(FIRST))["balance_micros"] == 3_000_000
        assert json.loads(command("account", "fees", "--json", *served.where))["fees"] == 0
        books(served)
    assert taken(data / "cdr") == {(str(FIRST), "surf/base"): 1}


def test_an_add_on_is_bought_once_by_commands_that_are_killed(tmp_path: Path) -> None:
    """At any moment of their lives; a repeat with the same reference makes good what was not done."""
    free = price_list(tmp_path, "free", PLAN.replace(FEES, ""))
    with serving(tmp_path / "data", f'[catalogue]\npath = "{free[1]}"\n') as served:
        load_subscribers(served, f"{FIRST},,,surf,5.00")
        buy = ("account", "buy", str(FIRST), "extra", "--reference", "r1", *served.where, *free)
        kill_after(served, 1, *buy)
        for life_s in (0.3, 0.6, 0.9):
            process = subprocess.Popen(ocs_command(*buy), cwd=ROOT, stdout=subprocess.DEVNULL)
            time.sleep(life_s)
            process.kill()
            process.wait()
        command(*buy)
        shown = account(served, str(FIRST))
        assert (shown["balance_micros"], shown["buckets"][0]["remaining"]) == (4_000_000, 1_000_000)
        books(served)
    assert taken(tmp_path / "data" / "cdr") == {(str(FIRST), "extra/fee"): 1}
