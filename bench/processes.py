"""Server processes on one store: what sharing it costs, and what they do together."""

from __future__ import annotations

from dataclasses import replace

from bench.load.measure import LoadOutcome, rate_steps, run_windows
from bench.points import BASE, COMMAND, WARM_UP_S, Plan, closed_point, parameters_of
from bench.results import Figure, Measurement
from bench.servers import DURABLE, RunningServer, ServerOptions, Workshop

PROCESSES = (1, 2)
PROCESSES_FULL = (1, 2, 4)
GATEWAYS_OF_A_PROCESS = 4
SESSIONS_OF_A_PROCESS = 5_000
RATE_OF_A_PROCESS = 2_500
"""Answers a second: four processes, their store and the generator do not fill two cores with that."""


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
