"""``python -m bench.scale``: how cost and latency change with subscribers, rules, processes and load."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table

from bench.clocks import cpu_us, resident_kib
from bench.load.measure import LoadOutcome, WindowOutcome, closed_loop, rate_steps, run_windows
from bench.results import Figure, Measurement, append
from bench.rules import write_catalogue
from bench.servers import DURABLE, MEMORY, RunningServer, ServerOptions, Workshop
from ocs.simulation.profile import LoadProfile

COMMAND = "python -m bench.scale"
WARM_UP_S = 1
BASE = LoadProfile(gateways=4, window=64, subscribers=10_000)
SUBSCRIBERS = (1_000, 10_000, 100_000, 1_000_000)
SUBSCRIBERS_FULL = (*SUBSCRIBERS, 10_000_000)
RATING_GROUPS = (1, 2, 3, 4, 8)
PROCESSES = (1, 2)
PROCESSES_FULL = (1, 2, 4)
RULES = (10, 1_000, 10_000)
RULES_FULL = (*RULES, 100_000)
SESSIONS = 20_000
"""Open in an open loop, so that there is always one with a request to send."""
GATEWAYS_OF_A_PROCESS = 4
SESSIONS_OF_A_PROCESS = 5_000
RATE_OF_A_PROCESS = 2_500
"""Answers a second: four processes, their store and the generator do not fill two cores with that."""
ONE_AT_A_TIME = "[limits]\nrequests_in_flight = 1\n"


@dataclass(frozen=True)
class Plan:
    """How long each point is measured, and whether the long points are wanted too."""

    seconds: int = 4
    full: bool = False
    short: bool = False


def parameters_of(profile: LoadProfile, kind: str, seconds: int, **more: Figure) -> dict[str, Figure]:
    """What was chosen for a point."""
    return {
        "server": kind,
        "connections": profile.gateways,
        "window": 0 if profile.paced else profile.window,
        "updates": profile.updates,
        "rating_groups": profile.rating_groups,
        "subscribers": profile.subscribers,
        "seconds": seconds,
        **more,
    }


def closed_point(server: RunningServer, profile: LoadProfile, seconds: int) -> WindowOutcome:
    """One closed loop. RuntimeError where an answer was missing or malformed."""
    outcome = run_windows(*closed_loop(profile, WARM_UP_S, seconds), server)
    if not outcome.report.well:
        raise RuntimeError(outcome.report.as_text())
    return outcome.windows[0]


def curve_of_subscribers(plan: Plan) -> list[Measurement]:
    """Subscribers of the durable server, which remembers 200,000 accounts and reads the others again.

    Told too is the start with all of them to be loaded: seconds, CPU of server and store, the store's memory.
    What the load wrote is on the disk before the measurement begins.
    """
    counts = (1_000, 100_000) if plan.short else SUBSCRIBERS_FULL if plan.full else SUBSCRIBERS
    found = []
    for count in counts:
        profile = replace(BASE, subscribers=count)
        with Workshop() as workshop:
            start_s = time.monotonic()
            server = workshop.start(DURABLE, ServerOptions(subscribers=count))
            start_s = time.monotonic() - start_s
            loading = {
                "started_in_s": round(start_s, 1),
                "start_cpu_s": round(cpu_us(server.pid) / 1e6, 1),
                "start_store_cpu_s": round(cpu_us(server.store_pid) / 1e6, 1),
                "store_mib": resident_kib(server.store_pid) // 1024,
            }
            os.sync()  # else commits wait for what the load wrote: gigabytes with many subscribers
            point = closed_point(server, profile, plan.seconds)
        point.figures |= loading
        parameters = parameters_of(profile, DURABLE, plan.seconds)
        found.append(Measurement("scale", "subscribers", f"{COMMAND} subscribers", parameters, point.figures))
    return found


def curve_of_rating_groups(plan: Plan) -> list[Measurement]:
    """MSCCs in a request."""
    found = []
    with Workshop() as workshop:
        for kind in (MEMORY, DURABLE):
            server = workshop.start(kind, ServerOptions())
            for groups in (1, 3, 8) if plan.short else RATING_GROUPS:
                profile = replace(BASE, rating_groups=groups)
                point = closed_point(server, profile, plan.seconds)
                parameters = parameters_of(profile, kind, plan.seconds)
                command = f"{COMMAND} rating-groups"
                found.append(Measurement("scale", "rating groups", command, parameters, point.figures))
            workshop.stop(server)
    return found


def curve_of_rules(plan: Plan) -> list[Measurement]:
    """Rules of a catalogue, half of them in the subscribers' own plan."""
    counts = (10, 1_000) if plan.short else RULES_FULL if plan.full else RULES
    found = []
    for count in counts:
        with Workshop() as workshop:
            catalogue = write_catalogue(workshop.path / "catalogue.yaml", count)
            server = workshop.start(MEMORY, ServerOptions(catalogue=str(catalogue)))
            point = closed_point(server, BASE, plan.seconds)
        parameters = parameters_of(BASE, MEMORY, plan.seconds, rules=count)
        found.append(Measurement("scale", "rules", f"{COMMAND} rules", parameters, point.figures))
    return found


def curve_of_processes(plan: Plan) -> list[Measurement]:
    """Server processes on one Valkey: each offered the same modest load, and then all that the cores give.

    The first tells what sharing a store costs: CPU per answer beside that of one process alone. In the second
    all processes share this machine's cores with store and generator.
    """
    found = []
    alone: dict[str, Figure] = {}
    for count in PROCESSES_FULL if plan.full else PROCESSES:
        with Workshop() as workshop:
            server = workshop.start(DURABLE, ServerOptions(subscribers=count * 2 * SESSIONS_OF_A_PROCESS))
            for _ in range(count - 1):
                server.companions.append(workshop.start(DURABLE, ServerOptions(), server.store_url))
            even = modest_point(server, count, plan.seconds)
            closed = closed_point(server, BASE, plan.seconds)
        figures = even.windows[0].figures
        alone = alone or figures
        figures |= beside_one(figures, alone, count)
        for case, profile, point in (
            ("processes, even load", even.profile, figures),
            ("processes", BASE, closed.figures),
        ):
            parameters = parameters_of(profile, DURABLE, plan.seconds, processes=count)
            found.append(Measurement("scale", case, f"{COMMAND} processes", parameters, point))
    return found


def modest_point(server: RunningServer, count: int, seconds: int) -> LoadOutcome:
    """An open loop of the same rate for each process. RuntimeError where an answer was missing or malformed."""
    profile = replace(
        BASE,
        gateways=GATEWAYS_OF_A_PROCESS * count,
        sessions=SESSIONS_OF_A_PROCESS * count,
        subscribers=2 * SESSIONS_OF_A_PROCESS * count,
    )
    outcome = run_windows(*rate_steps(profile, [RATE_OF_A_PROCESS * count], WARM_UP_S, seconds), server)
    if not outcome.report.well:
        raise RuntimeError(outcome.report.as_text())
    return outcome


def beside_one(figures: dict[str, Figure], alone: dict[str, Figure], count: int) -> dict[str, Figure]:
    """Answers of a process and CPU of an answer, in percent of those of one process alone."""
    answers = float(figures["admitted_per_s"]) / count
    found: dict[str, Figure] = {"answers_of_one_percent": round(100 * answers / float(alone["admitted_per_s"]))}
    for name in ("server_cpu", "store_cpu"):
        part = float(figures[f"{name}_us"]) / max(float(alone[f"{name}_us"]), 0.01)
        found[f"{name}_of_one_percent"] = round(100 * part)
    return found


def curve_of_load(plan: Plan) -> list[Measurement]:
    """Open loop at parts of the closed loop's maximum, and beyond it."""
    profile = replace(BASE, sessions=SESSIONS, subscribers=2 * SESSIONS, timeout_s=30)
    shares = (50, 150) if plan.short else (25, 50, 75, 90, 110, 150)
    found = []
    with Workshop() as workshop:
        server = workshop.start(DURABLE, ServerOptions(subscribers=2 * SESSIONS))
        most = int(closed_point(server, BASE, plan.seconds).figures["answers_per_s"])
        for share in shares:
            rate = most * share // 100
            outcome = run_windows(*rate_steps(profile, [rate], WARM_UP_S, plan.seconds), server)
            point = outcome.windows[0]
            case = "overload" if share > 100 else "open loop"
            parameters = parameters_of(outcome.profile, DURABLE, plan.seconds, share_percent=share)
            found.append(Measurement("scale", case, f"{COMMAND} load", parameters, point.figures))
    return found


def cost_of_shedding(plan: Plan) -> list[Measurement]:
    """What a 3004 costs: a server that admits one request at a time sheds nearly all of an open loop."""
    rate = 100_000
    profile = replace(BASE, sessions=SESSIONS, subscribers=2 * SESSIONS)
    with Workshop() as workshop:
        config = workshop.path / "ocs.toml"
        config.write_text(ONE_AT_A_TIME)
        server = workshop.start(DURABLE, ServerOptions(subscribers=2 * SESSIONS, config=str(config)))
        outcome = run_windows(*rate_steps(profile, [rate], WARM_UP_S, plan.seconds), server)
    parameters = parameters_of(outcome.profile, DURABLE, plan.seconds, requests_in_flight=1)
    return [Measurement("scale", "shedding", f"{COMMAND} shedding", parameters, outcome.windows[0].figures)]


CURVES: dict[str, Callable[[Plan], list[Measurement]]] = {
    "rating-groups": curve_of_rating_groups,
    "rules": curve_of_rules,
    "processes": curve_of_processes,
    "load": curve_of_load,
    "shedding": cost_of_shedding,
    "subscribers": curve_of_subscribers,
}


def print_table(found: list[Measurement]) -> None:
    """The points, for people."""
    names = (
        "answers_per_s",
        "shed",
        "p50_us",
        "p99_us",
        "p99_9_us",
        "server_cpu_us",
        "server_cpu_of_one_percent",
        "store_cpu_us",
        "server_mib",
        "started_in_s",
        "store_mib",
    )
    table = Table("curve", "point", *names)
    for each in found:
        chosen = ("subscribers", "rating_groups", "rules", "processes", "share_percent")
        point = ", ".join(f"{name} {each.parameters[name]}" for name in chosen if name in each.parameters)
        table.add_row(each.case, point, *(str(each.figures.get(name, "")) for name in names))
    Console(width=170).print(table)


def main() -> None:
    """Measure curves, print, and append to the results when told to."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("curves", nargs="*", choices=[*CURVES, []], help="all without one")
    parser.add_argument("--seconds", type=int, default=4, help="measured seconds of each point")
    parser.add_argument(
        "--full", action="store_true", help="the long points too: 10 M subscribers, 4 processes"
    )
    parser.add_argument("--save", action="store_true", help="append to bench/results")
    options = parser.parse_args()
    plan = Plan(options.seconds, options.full)
    found = []
    for name in options.curves or CURVES:
        points = CURVES[name](plan)
        print_table(points)
        found += points
    if options.save:
        print(f"appended to {append(found)}")


if __name__ == "__main__":
    main()
