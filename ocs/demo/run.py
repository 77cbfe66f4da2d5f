"""The demonstration from start to end."""

import asyncio
import contextlib
import shutil
import sys
from pathlib import Path
from typing import Final

from balance.opening import open_store
from config.settings_schema import EXAMPLE_OPERATOR
from ocs.demo.observer import Observation, choose_watched, look, observe
from ocs.demo.server_process import ServerProcess, ocs_command
from ocs.demo.show import Show
from ocs.simulation.profile import LoadProfile
from ocs.simulation.report import LoadReport
from ocs.simulation.run import LoadRun, loop_for

RATE: Final = 500
SESSIONS: Final = 100
CUSTOMERS: Final = 200
"""Subscribers of the example with modest balances; some empty within a minute of this traffic."""
FIRST_MSISDN: Final = "447700100000"
FIRST_IMSI: Final = "234150000100000"
REPORT_OCTETS: Final = 1_000_000
SUBSCRIBER_FILE: Final = EXAMPLE_OPERATOR / "subscribers.csv"
RECORDS_WAIT_S: Final = 3.0


class DemoError(Exception):
    """The demonstration can not be given; the message says why."""


def prepare(data: Path, *, own: bool) -> None:
    """Make an empty data directory. What an earlier demonstration left in its ``own`` place is removed."""
    if own:
        shutil.rmtree(data, ignore_errors=True)
    if data.exists() and any(data.iterdir()):
        raise DemoError(f"{data} is not empty: the demonstration wants a place of its own")
    data.mkdir(parents=True, exist_ok=True)


def run_demo(data: Path, seconds: int) -> bool:
    """Give the demonstration in an empty data directory; true where all went well."""
    profile = LoadProfile(rate=RATE, seconds=seconds)
    with asyncio.Runner(loop_factory=lambda: loop_for(profile)) as runner:
        return runner.run(_demo(data, seconds))


async def _demo(data: Path, seconds: int) -> bool:
    say(f"Starting a server with a private store in {data}, and loading the example's subscribers.")
    server = ServerProcess(data)
    await server.start()
    try:
        say(f"  {server.ready_line}")
        loaded = await command_output("subscriber", "load", str(SUBSCRIBER_FILE), "--data", str(data))
        say(f"  {loaded[1].strip()}")
        if loaded[0]:
            return False
        report = await _traffic(server, data, seconds)
        say("\n" + report.as_text())
        say("\nProving the books: every balance against every record (ocs audit)")
        code, text = await command_output("audit", "--data", str(data))
        say("\n".join(f"  {line}" for line in text.splitlines()))
    finally:
        await server.stop()
    say(_where_next(data))
    return report.well and code == 0


async def _traffic(server: ServerProcess, data: Path, seconds: int) -> LoadReport:
    """Send the traffic and show it."""
    host, port = server.diameter
    profile = LoadProfile(
        host=host,
        port=port,
        subscribers=CUSTOMERS,
        msisdn_base=FIRST_MSISDN,
        imsi_base=FIRST_IMSI,
        rate=RATE,
        sessions=SESSIONS,
        seconds=seconds,
        requested_octets=REPORT_OCTETS,
        used_octets=REPORT_OCTETS,
    )
    form = server.facts["hot_path"]
    say(f"\n{profile.gateways} gateways, {RATE} requests a second for {seconds} s; the server runs {form}.")
    say(f"{CUSTOMERS} customers with little money: 4012 says that an account is empty.")
    say(f"Metrics meanwhile: http://{server.facts['metrics']}/metrics\n")
    seen = Observation(choose_watched(SUBSCRIBER_FILE, FIRST_MSISDN[:9]))
    store = await open_store(None, data, tool=True)
    watching = asyncio.create_task(observe(server, store, seen))
    try:
        with Show(seen, f"Gy traffic to {host}:{port}", seconds) as show:
            report = await LoadRun(profile, show.update).run()
            await asyncio.sleep(min(RECORDS_WAIT_S, seconds))
            await look(server, store, seen)
            show.update(report)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await store.close()
    return report


async def command_output(*arguments: str) -> tuple[int, str]:
    """The exit code and the output of one of our own commands."""
    process = await asyncio.create_subprocess_exec(
        *ocs_command(*arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    octets, _ = await process.communicate()
    return process.returncode or 0, octets.decode(errors="replace")


def say(text: str) -> None:
    """Tell the person who looks on."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _where_next(data: Path) -> str:
    return f"""
Where to look next
  the records           {data}/cdr/         .venv/bin/ocs cdr list --data {data}
  an account            .venv/bin/ocs account show {FIRST_MSISDN} --data {data}
  the price list        config/examples/small_mvno/catalogue.yaml
  serve and watch       .venv/bin/ocs serve --data {data}      then http://127.0.0.1:9868/metrics
  more load             .venv/bin/ocs simulate --window 64 --seconds 30 --live
  your own gateway      README.md, "Gateway engineer", and docs/connect-*.md
"""
