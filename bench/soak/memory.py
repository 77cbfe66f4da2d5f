"""What the processes of a server hold at one moment of a soak: in RAM, and what of it is there on purpose."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from balance.redis_store.naming import OUTBOX
from bench.clocks import child_named, resident_kib
from bench.servers import RunningServer

MOST_SHOWN: Final = 40
_NUMBER: Final = re.compile(r"^(?::|(\w+):)(\d+)\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Holding:
    """Memory in MiB, and counts. ``lake_mib`` is that of the process that feeds the lake.

    ``used_mib`` is what the store needs by its own account; ``states`` are its keys: accounts, subscribers, and
    sessions that are open or closed lately. ``outbox`` counts records that are in no file yet.
    """

    at_s: float
    after: str
    server_mib: float
    lake_mib: float
    store_mib: float
    used_mib: float
    states: int
    outbox: int
    log_mib: float


def look(server: RunningServer, at_s: float, after: str, ask: Callable[[bytes], str]) -> Holding:
    """What is held now; ``ask`` sends the store a command and gives back its reply."""
    memory = _numbers(ask(b"INFO memory"))
    persistence = _numbers(ask(b"INFO persistence"))
    return Holding(
        round(at_s, 1),
        after,
        _mib(resident_kib(server.pid) * 1024),
        _mib(resident_kib(child_named(server.pid, "python")) * 1024),
        _mib(resident_kib(server.store_pid) * 1024),
        _mib(memory.get("used_memory", 0)),
        _numbers(ask(b"DBSIZE")).get("", 0),
        _numbers(ask(b"LLEN " + OUTBOX)).get("", 0),
        _mib(persistence.get("aof_current_size", 0)),
    )


def _numbers(reply: str) -> dict[str, int]:
    """Whole numbers of a reply by name; that of a reply which is only a number has the name ""."""
    return {name: int(number) for name, number in _NUMBER.findall(reply)}


def _mib(octets: int) -> float:
    return round(octets / (1 << 20), 1)


def print_holdings(found: list[dict[str, object]]) -> None:
    """The table of all moments, for people; of very many the first and the last."""
    table = Table("after", "s", "server MiB", "lake", "store", "used", "its log", "states", "outbox")
    names = ("server_mib", "lake_mib", "store_mib", "used_mib", "log_mib", "states", "outbox")
    half = MOST_SHOWN // 2
    for each in found if len(found) <= MOST_SHOWN else [*found[:half], *found[-half:]]:
        table.add_row(str(each["after"]), f"{each['at_s']:.0f}", *(str(each[name]) for name in names))
    Console(width=110).print(table)
