"""One soak: a server with a beat, a bystander, load, incidents; then the books."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from bench.load.books import audit_books
from bench.load.measure import LoadOutcome, run_windows
from bench.load.report import as_json
from bench.machine import ROOT
from bench.rules import write_deck
from bench.servers import DURABLE, RunningServer, ServerOptions, Workshop
from bench.soak.causes import BYSTANDER, SERVER, STORE, causes_of, read_if_there
from bench.soak.incidents import RELOAD, Incidents
from bench.soak.plan import SoakPlan
from bench.soak.verdicts import growth_percent
from config.settings import load_settings
from ocs.simulation.profile import LoadProfile

SETTLING_S: Final = 30
"""So long after closed sessions are forgotten too: before, memory grows as it must, and is not judged."""


@dataclass
class Watched:
    """Where the pauses of each process are written."""

    server: Path | None
    store: Path
    bystander: Path

    def pauses(self, incidents: Incidents, from_us: int, until_us: int) -> list[dict[str, object]]:
        """All of a span of time by their causes."""
        files = ((SERVER, self.server), (STORE, self.store), (BYSTANDER, self.bystander))
        return [
            asdict(cause)
            for process, path in files
            for cause in causes_of(process, read_if_there(path), from_us, until_us, incidents.during)
        ]

    def without_core_percent(self, from_us: int, seconds: int) -> float:
        """Percent of a span of time in which the server paused because the machine had no core for it."""
        until_us = from_us + seconds * 1_000_000
        pauses = [each for each in read_if_there(self.server) if from_us <= each.end_us <= until_us]
        return round(sum(each.machine_us for each in pauses) / seconds / 1e4, 1)


def soak(plan: SoakPlan, profile: LoadProfile, config: str = "") -> dict[str, Any]:
    """Run it against a durable server of our own, with the books at the end. ``config`` names its settings."""
    with Workshop() as workshop:
        catalogue = write_deck(workshop.path / "catalogue", plan.rates, 0)
        options = ServerOptions(profile.subscribers, config=config, catalogue=str(catalogue), beat=True)
        server = workshop.start(DURABLE, options)
        incidents = Incidents(server, plan, catalogue)
        with _bystander(workshop.path, server) as watched:
            outcome = run_windows(
                replace(profile, steps=plan.schedule()), plan.windows(), server, incidents.watch
            )
        data = as_json(outcome, "python -m bench.soak", f"durable, {plan.rates:,} rates")
        settings = load_settings(Path(config) if config else None)
        settling_s = settings.charging.remember_closed_s + SETTLING_S
        data["soak"] = soak_figures(outcome, incidents, plan, watched, settling_s)
        data["books"] = audit_books(server, outcome.report.tally)
    return data


@contextmanager
def _bystander(folder: Path, server: RunningServer) -> Iterator[Watched]:
    """A process that watches machine and store as long as the soak takes."""
    watched = Watched(server.beats, folder / "store-pauses", folder / "bystander-pauses")
    socket = server.store_url.removeprefix("unix:")
    files = (str(watched.bystander), str(watched.store))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.bystander", socket, str(server.store_pid), *files], cwd=ROOT
    )
    try:
        yield watched
    finally:
        process.terminate()
        process.wait()


def soak_figures(
    outcome: LoadOutcome, incidents: Incidents, plan: SoakPlan, watched: Watched, settling_s: int
) -> dict[str, Any]:
    """Pauses and memory of the soak itself."""
    soaking = [each.figures for each in outcome.windows if each.window.start_s >= plan.soak_starts_s]
    settled_s = plan.soak_starts_s + max(settling_s, plan.soak_s // 4)
    server_mib = [(each.at_us / 1e6, each.server_kib / 1024) for each in outcome.samples]
    from_us = outcome.started_us + plan.soak_starts_s * 1_000_000
    return {
        "incidents": [asdict(each) for each in incidents.done],
        "reloads_asked": sum(each.name == RELOAD for each in incidents.done),
        "reloads_told": incidents.reloads_told(),
        "longest_us": max((int(each["max_us"]) for each in soaking), default=0),
        "generator_stall_us": incidents.stall_us,
        "pauses": watched.pauses(incidents, from_us, from_us + plan.soak_s * 1_000_000),
        "without_core_percent": watched.without_core_percent(from_us, plan.soak_s),
        "shed": sum(int(each["shed"]) for each in soaking),
        "server_mib": _first_and_last(server_mib, plan.soak_starts_s),
        "store_mib": _first_and_last(incidents.store_mib, plan.soak_starts_s),
        "warnings": incidents.warnings(),
        "holdings": [asdict(each) for each in incidents.holdings],
        "server_growth_percent": growth_percent(server_mib, settled_s),
        "store_growth_percent": growth_percent(incidents.store_mib, settled_s),
    }


def _first_and_last(points: list[tuple[float, float]], from_s: float) -> list[int]:
    """The memory at the beginning of the soak and at its end, in MiB."""
    values = [round(value) for at_s, value in points if at_s >= from_s]
    return [values[0], values[-1]] if values else []
