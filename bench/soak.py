"""``python -m bench.soak``: a ramp, steps, then a long even load while things happen to the server; the books.

A third into the soak a catalogue of many rates is reloaded, at two thirds the store's log is rewritten. Told
are latency and memory over time, the longest pause anybody noticed, and whether every octet is in the books.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bench.clocks import resident_kib
from bench.load.books import audit_books
from bench.load.measure import LoadOutcome, Sample, Window, run_windows
from bench.load.report import as_html, as_json
from bench.rules import write_catalogue
from bench.servers import DURABLE, RunningServer, ServerOptions, Workshop
from ocs.simulation.profile import LoadProfile
from ocs.simulation.schedule import RateStep

STEPS: Final = (25, 50, 75, 100)
"""Percent of the rate, one after the other, before the soak."""
LONGEST_PAUSE_US: Final = 50_000
GROWTH_PERCENT: Final = 5
SETTLING_S: Final = 330
"""Closed sessions are remembered for five minutes: until then memory grows as it must."""
TICK_S: Final = 0.002


@dataclass(frozen=True)
class SoakPlan:
    """How much load and for how long, measured window by window; ``rates`` is the size of the catalogue."""

    rate: int
    ramp_s: int
    step_s: int
    soak_s: int
    window_s: int
    rates: int

    @property
    def soak_starts_s(self) -> int:
        """Seconds before the soak itself."""
        return self.ramp_s + len(STEPS) * self.step_s

    def schedule(self) -> tuple[RateStep, ...]:
        """Ramp, steps and soak."""
        ramp = RateStep(self.ramp_s, max(self.rate // 10, 1), self.rate)
        steps = [self.rate * share // 100 for share in STEPS]
        return (
            ramp,
            *(RateStep(self.step_s, rate, rate) for rate in steps),
            RateStep(self.soak_s, self.rate, self.rate),
        )

    def windows(self) -> list[Window]:
        """The ramp, each step, and the soak in equal parts."""
        found = [Window("ramp", 0, self.ramp_s, self.rate)]
        at = self.ramp_s
        for share in STEPS:
            rate = self.rate * share // 100
            found.append(Window(f"{share} %", at, at + self.step_s, rate))
            at += self.step_s
        for start in range(0, self.soak_s - self.window_s + 1, self.window_s):
            found.append(Window(f"soak {start} s", at + start, at + start + self.window_s, self.rate))
        return found


class Incidents:
    """What is done to the server during a soak, and what is noticed meanwhile.

    ``stall_us`` is the longest time for which the generator itself stood still: no answer can be seen to be
    faster. ``store_mib`` is the store's memory at each sample.
    """

    def __init__(self, server: RunningServer, plan: SoakPlan) -> None:
        self.done: list[str] = []
        self.stall_us = 0
        self.store_mib: list[tuple[float, float]] = []
        self._server = server
        self._due = [
            (plan.soak_starts_s + plan.soak_s / 3, "catalogue reloaded", self._reload),
            (plan.soak_starts_s + 2 * plan.soak_s / 3, "log rewritten", self._rewrite),
        ]
        self._ticking: asyncio.Task[None] | None = None

    def watch(self, _before: Sample, after: Sample) -> None:
        """Look at the memory, and do what is due; called twice a second."""
        at_s = after.at_us / 1e6
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().create_task(self._tick())
        self.store_mib.append((at_s, resident_kib(self._server.store_pid) / 1024))
        while self._due and at_s >= self._due[0][0]:
            _, name, act = self._due.pop(0)
            act()
            self.done.append(f"{name} at {at_s:.0f} s")

    async def _tick(self) -> None:
        while True:
            start_ns = time.monotonic_ns()
            await asyncio.sleep(TICK_S)
            late_us = (time.monotonic_ns() - start_ns) // 1000 - round(TICK_S * 1e6)
            self.stall_us = max(self.stall_us, late_us)

    def _reload(self) -> None:
        os.kill(self._server.pid, signal.SIGHUP)

    def _rewrite(self) -> None:
        with socket.socket(socket.AF_UNIX) as store:
            store.settimeout(1)
            store.connect(self._server.store_url.removeprefix("unix:"))
            store.sendall(b"BGREWRITEAOF\r\n")


def growth_percent(points: list[tuple[float, float]], from_s: float) -> float | None:
    """How much more memory the last quarter used than the one before it; None where there is too little."""
    late = [value for at_s, value in points if at_s >= from_s]
    if len(late) < 8:
        return None
    quarter = len(late) // 4
    first = sum(late[-2 * quarter : -quarter]) / quarter
    last = sum(late[-quarter:]) / quarter
    return round(100 * (last - first) / first, 2) if first else None


def verdicts(data: dict[str, Any]) -> list[str]:
    """What of the run is not as it must be; empty where all is well."""
    soak = data["soak"]
    found = []
    if not data["run"]["ok"]:
        found.append(f"answers: {data['run']['trouble'] or data['run']['faults'] or data['run']['unanswered']}")
    if not data["books"]["clean"]:
        found.append(f"books: {data['books']['differences'][:3]}")
    if soak["longest_us"] > LONGEST_PAUSE_US:
        own = soak["generator_stall_us"]
        found.append(f"a request waited {soak['longest_us']} us; the generator itself stood still for {own} us")
    for whose in ("server", "store"):
        growth = soak[f"{whose}_growth_percent"]
        if growth is not None and growth > GROWTH_PERCENT:
            found.append(f"memory of the {whose} grew by {growth} % in the last quarter")
    if not soak["reloaded"]:
        found.append("the server's log does not say that the catalogue was reloaded")
    return found


def soak_figures(outcome: LoadOutcome, incidents: Incidents, plan: SoakPlan, log: str) -> dict[str, Any]:
    """Pauses and memory of the soak itself."""
    soaking = [each.figures for each in outcome.windows if each.window.start_s >= plan.soak_starts_s]
    settled_s = plan.soak_starts_s + min(SETTLING_S, plan.soak_s // 2)
    server_mib = [(each.at_us / 1e6, each.server_kib / 1024) for each in outcome.samples]
    return {
        "incidents": incidents.done,
        "reloaded": "catalogue reloaded" in log,
        "longest_us": max((int(each["max_us"]) for each in soaking), default=0),
        "generator_stall_us": incidents.stall_us,
        "shed": sum(int(each["shed"]) for each in soaking),
        "server_growth_percent": growth_percent(server_mib, settled_s),
        "store_growth_percent": growth_percent(incidents.store_mib, settled_s),
    }


def soak(plan: SoakPlan, profile: LoadProfile) -> dict[str, Any]:
    """Run it against a durable server of our own, with the books at the end."""
    with Workshop() as workshop:
        catalogue = write_catalogue(workshop.path / "catalogue.yaml", plan.rates)
        server = workshop.start(DURABLE, ServerOptions(profile.subscribers, catalogue=str(catalogue)))
        incidents = Incidents(server, plan)
        outcome = run_windows(replace(profile, steps=plan.schedule()), plan.windows(), server, incidents.watch)
        log = server.log.read_text(errors="replace") if server.log else ""
        data = as_json(outcome, "python -m bench.soak", f"durable, {plan.rates:,} rates")
        data["soak"] = soak_figures(outcome, incidents, plan, log)
        data["books"] = audit_books(server, outcome.report.tally.octets_acknowledged)
    return data


def main() -> None:
    """Exit code 0 where the books balance, no answer is missing, nothing paused long and memory is flat."""
    found = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    found.add_argument("--rate", type=int, default=5000, help="requests a second of the soak")
    found.add_argument("--seconds", type=int, default=1800, help="of the soak itself")
    found.add_argument("--ramp", type=int, default=30, help="seconds of the ramp")
    found.add_argument("--step", type=int, default=15, help="seconds of each step")
    found.add_argument("--rates", type=int, default=100_000, help="in the catalogue that is reloaded")
    found.add_argument("--subscribers", type=int, default=20_000)
    found.add_argument("--zipf", type=float, default=0.0, help="exponent of Zipf's law; 0 = uniform")
    found.add_argument("--json", type=Path)
    found.add_argument("--html", type=Path)
    options = found.parse_args()
    window_s = max(min(60, options.seconds // 4), 1)
    plan = SoakPlan(options.rate, options.ramp, options.step, options.seconds, window_s, options.rates)
    profile = LoadProfile(
        gateways=4, subscribers=options.subscribers, sessions=options.subscribers // 4, zipf=options.zipf
    )
    data = soak(plan, profile)
    for each in data["windows"]:
        names = ("answers_per_s", "shed", "p50_us", "p99_us", "p99_9_us", "max_us", "server_mib")
        print(each["name"], *(f"{name} {each[name]}" for name in names))
    print(json.dumps(data["soak"], indent=1))
    print(json.dumps(data["books"]))
    if options.json:
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    if options.html:
        options.html.write_text(as_html(data))
    problems = verdicts(data)
    print(*problems or ["all well"], sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
