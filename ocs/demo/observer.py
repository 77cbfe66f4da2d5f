"""What the demonstration watches beside its own traffic: a few accounts, the records, the server's CPU."""

import asyncio
import contextlib
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from balance.account import decode_account
from balance.keys import account_key
from balance.quantity import format_micros
from balance.store import StateStore, StoreError, load_states
from ocs.demo.server_process import ServerProcess

LOOK_S: Final = 0.5
RECORDS_METRIC: Final = b"ocs_records_written_total "


@dataclass
class Watched:
    """One subscriber that is shown: its number, its plan, the balance at first and now."""

    msisdn: str
    plan: str
    first: str = ""
    now: str = ""
    reserved: str = ""
    bucket: str = ""


@dataclass
class Observation:
    """The latest look at everything; CPU time of the server in milliseconds, before the traffic and now."""

    watched: list[Watched]
    records: int = 0
    cpu_first_ms: int = 0
    cpu_ms: int = 0


def choose_watched(subscribers: Path, prefix: str) -> list[Watched]:
    """Subscribers worth watching: the poorest and the richest payer, one with a bundle, one junior."""
    with subscribers.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["msisdn"].startswith(prefix)]
    paying = [row for row in rows if row["plan"] == "payg"]
    paying.sort(key=lambda row: (len(row["balance"]), row["balance"]))
    chosen = [paying[0], paying[-1]] if paying else []
    for plan in ("bundle", "junior"):
        chosen.extend([row for row in rows if row["plan"] == plan][:1])
    return [Watched(row["msisdn"], row["plan"]) for row in chosen]


async def observe(server: ServerProcess, store: StateStore, seen: Observation) -> None:
    """Look again and again, until cancelled."""
    while True:
        with contextlib.suppress(StoreError, OSError):
            await look(server, store, seen)
        await asyncio.sleep(LOOK_S)


async def look(server: ServerProcess, store: StateStore, seen: Observation) -> None:
    """Take one look. StoreError or OSError where the store or the server does not answer."""
    seen.cpu_ms = server.cpu_ms()
    seen.cpu_first_ms = seen.cpu_first_ms or seen.cpu_ms
    states = await load_states(store, [account_key(each.msisdn) for each in seen.watched])
    for each, state in zip(seen.watched, states, strict=True):
        if state is None:
            continue
        account = decode_account(state)
        each.now = format_micros(account.balance_micros)
        each.first = each.first or format_micros(account.opening_micros)
        each.reserved = format_micros(account.reserved_micros)
        each.bucket = "  ".join(f"{bucket.remaining // 1_000_000:,} MB" for bucket in account.buckets)
    seen.records = await records_written(*server.metrics)


async def records_written(host: str, port: int) -> int:
    """How many records the server says it has written to files."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        text = await reader.read()
    finally:
        writer.close()
    _, found, rest = text.partition(b"\n" + RECORDS_METRIC)
    return int(rest.split(b".")[0].split(b"\n")[0]) if found else 0
