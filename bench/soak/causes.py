"""Every pause of a soak under what went on meanwhile, with what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.pauses import Pause, read_pauses

EVEN_LOAD: Final = "even load"
SERVER: Final = "server"
STORE: Final = "store"
BYSTANDER: Final = "bystander"


@dataclass
class Causes:
    """Pauses of one process under one cause, in microseconds: the longest as the clock showed it, and its own.

    ``own_us`` leaves out the time for which there was no core. ``cpu_us``, ``collecting_us`` and ``blocked_us``
    are the parts of the longest of its own.
    """

    process: str
    meanwhile: str
    count: int = 0
    longest_us: int = 0
    own_us: int = 0
    cpu_us: int = 0
    collecting_us: int = 0
    blocked_us: int = 0

    def take(self, pause: Pause) -> None:
        """Count one more."""
        self.count += 1
        self.longest_us = max(self.longest_us, pause.late_us)
        if pause.own_us >= self.own_us:
            self.own_us = pause.own_us
            self.cpu_us = pause.cpu_us
            self.collecting_us = pause.collecting_us
            self.blocked_us = pause.blocked_us


def causes_of(
    process: str, pauses: Iterable[Pause], from_us: int, until_us: int, during: Callable[[int, int], str]
) -> list[Causes]:
    """The pauses that ended in a span of time, by what went on; even load first, there also without any."""
    found = {EVEN_LOAD: Causes(process, EVEN_LOAD)}
    for pause in pauses:
        if from_us <= pause.end_us <= until_us:
            meanwhile = during(pause.end_us - pause.late_us, pause.end_us) or EVEN_LOAD
            found.setdefault(meanwhile, Causes(process, meanwhile)).take(pause)
    return list(found.values())


def read_if_there(path: Path | None) -> list[Pause]:
    """The pauses of a file; none where there is no file."""
    return read_pauses(path) if path is not None and path.exists() else []


def print_causes(found: list[dict[str, object]]) -> None:
    """The table of all pauses, for people, in milliseconds."""
    table = Table("pauses over 5 ms of", "while", "count", "longest", "its own", "CPU", "of it GC", "blocked")
    for each in found:
        times = [
            f"{int(str(each[name])) / 1000:.1f}"
            for name in ("longest_us", "own_us", "cpu_us", "collecting_us", "blocked_us")
        ]
        table.add_row(str(each["process"]), str(each["meanwhile"]), str(each["count"]), *times)
    table.caption = "milliseconds; its own: without the time in which the machine had no core for it"
    Console(width=110).print(table)
