"""What is done to the server during a soak, and from when until when it went on."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.clocks import resident_kib
from bench.load.measure import Sample
from bench.rules import write_deck
from bench.servers import RunningServer
from bench.soak.memory import Holding, look
from bench.soak.plan import SoakPlan

TICK_S: Final = 0.002
LOOK_EVERY_S: Final = 60
STORE_PATIENCE_S: Final = 30
AFTERWARDS_S: Final = 3
"""What no longer holds is freed after the log says that the catalogue was reloaded."""
UNUSUAL: Final = ("[warning", "[error", "Traceback")
MOST_WARNINGS: Final = 20
RELOAD: Final = "reload of the catalogue"
REWRITE: Final = "rewrite of the store's log"


@dataclass
class Incident:
    """Something that was done; microseconds on the machine's monotonic clock, ``end_us`` 0 while it goes on."""

    name: str
    start_us: int
    end_us: int = 0


class Incidents:
    """Does what is due, and looks when it is over.

    ``stall_us`` is the longest time for which the generator itself stood still: no answer can be seen to be
    faster. ``store_mib`` is the store's memory at each sample, ``holdings`` what all hold before the soak, some
    seconds after each incident, and once a minute.
    """

    def __init__(self, server: RunningServer, plan: SoakPlan, catalogue: Path) -> None:
        self.done: list[Incident] = []
        self.failed: list[str] = []
        self.stall_us = 0
        self.store_mib: list[tuple[float, float]] = []
        self.holdings: list[Holding] = []
        self._looked_after = -1
        self._look_at_s = float(plan.soak_starts_s)
        self._server = server
        self._plan = plan
        self._catalogue = catalogue
        self._reloads = 0
        self._due = sorted(
            [(at_s, RELOAD) for at_s in plan.reloads_s()] + [(at_s, REWRITE) for at_s in plan.rewrites_s()]
        )
        self._ticking: asyncio.Task[None] | None = None

    def watch(self, _before: Sample, after: Sample) -> None:
        """Look at the memory, and do what is due; called twice a second."""
        at_s = after.at_us / 1e6
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().create_task(self._tick())
        self.store_mib.append((at_s, resident_kib(self._server.store_pid) / 1024))
        self._look()
        self._look_at_memory(at_s)
        while self._due and at_s >= self._due[0][0]:
            _, name = self._due.pop(0)
            act = self._reload if name == RELOAD else self._rewrite
            self.done.append(Incident(name, time.monotonic_ns() // 1000))
            act()

    def _look_at_memory(self, at_s: float) -> None:
        """Note what is held after each incident, and once a minute."""
        for number, each in enumerate(self.done):
            if number > self._looked_after and each.end_us:
                since_us = time.monotonic_ns() // 1000 - each.end_us
                if since_us < AFTERWARDS_S * 1_000_000:
                    return
                self._looked_after = number
                self._hold(at_s, each.name)
        if at_s >= self._look_at_s:
            self._hold(at_s, "")

    def _hold(self, at_s: float, after: str) -> None:
        self.holdings.append(look(self._server, at_s, after, self._ask_store))
        self._look_at_s = at_s + LOOK_EVERY_S

    async def _tick(self) -> None:
        while True:
            start_ns = time.monotonic_ns()
            await asyncio.sleep(TICK_S)
            late_us = (time.monotonic_ns() - start_ns) // 1000 - round(TICK_S * 1e6)
            self.stall_us = max(self.stall_us, late_us)

    def _reload(self) -> None:
        self._reloads += 1
        write_deck(self._catalogue, self._plan.rates, self._reloads)
        os.kill(self._server.pid, signal.SIGHUP)

    def _rewrite(self) -> None:
        self._ask_store(b"BGREWRITEAOF")

    def _ask_store(self, command: bytes) -> str:
        with socket.socket(socket.AF_UNIX) as store:
            store.settimeout(STORE_PATIENCE_S)
            store.connect(self._server.store_url.removeprefix("unix:"))
            store.sendall(command + b"\r\n")
            return store.recv(100_000).decode(errors="replace")

    def _look(self) -> None:
        """Note which of the incidents are over."""
        over: dict[str, Callable[[int], bool]] = {RELOAD: self._is_reloaded, REWRITE: self._is_rewritten}
        counts = dict.fromkeys(over, 0)
        for each in self.done:
            counts[each.name] += 1
            if each.end_us == 0 and over[each.name](counts[each.name]):
                each.end_us = time.monotonic_ns() // 1000

    def _is_reloaded(self, count: int) -> bool:
        return self.reloads_told() >= count

    def _is_rewritten(self, _count: int) -> bool:
        found = re.search(r"aof_rewrite_in_progress:(\d)", self._ask_store(b"INFO persistence"))
        return found is not None and found[1] == "0"

    def reloads_told(self) -> int:
        """How often the server's log says that the catalogue was reloaded."""
        log = self._server.log
        return log.read_text(errors="replace").count("catalogue reloaded") if log else 0

    def warnings(self) -> list[str]:
        """The first lines of the server's log that tell of something unusual."""
        log = self._server.log
        lines = log.read_text(errors="replace").splitlines() if log else []
        return [line for line in lines if any(level in line for level in UNUSUAL)][:MOST_WARNINGS]

    def during(self, start_us: int, end_us: int) -> str:
        """What went on in a span of time; "" for nothing."""
        for each in self.done:
            last_us = (each.end_us or end_us) + AFTERWARDS_S * 1_000_000
            if start_us <= last_us and end_us >= each.start_us:
                return each.name
        return ""
