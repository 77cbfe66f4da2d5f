"""``python -m bench.scale``: how cost and latency change with subscribers, rules, processes and load."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from bench.clocks import cpu_us, resident_kib
from bench.load.measure import rate_steps, run_windows
from bench.points import BASE, COMMAND, WARM_UP_S, Plan, closed_point, parameters_of
from bench.processes import curve_of_processes
from bench.results import Figure, Measurement, append
from bench.rules import write_catalogue, write_mix_catalogue
from bench.servers import DURABLE, ECHO, MEMORY, ServerOptions, Workshop
from ocs.simulation.kinds import read_mix

SUBSCRIBERS = (1_000, 10_000, 100_000, 1_000_000)
SUBSCRIBERS_FULL = (*SUBSCRIBERS, 10_000_000)
MIXES = ("data=1", "voice=1", "sms=1", "data=60,voice=25,sms=15")
RATING_GROUPS = (1, 2, 3, 4, 8)
RULES = (10, 1_000, 10_000)
RULES_FULL = (*RULES, 100_000)
SESSIONS = 20_000
"""Open in an open loop, so that there is always one with a request to send."""
SETTLED_A_SECOND = 400_000
"""Subscribers just loaded for each second of warming up: the store goes on to enlarge its tables meanwhile."""
SHEDDING_RATES = (20_000, 100_000)
SHED_SESSIONS = 120
"""Few: at the end each is terminated, and a request is admitted at a time."""
ONE_AT_A_TIME = "[limits]\nrequests_in_flight = 1\n"


def curve_of_subscribers(plan: Plan) -> list[Measurement]:
    """Subscribers of the durable server, which remembers 200,000 accounts and reads the others again.

    Told too is the start with all of them to be loaded: seconds, CPU of server and store, the store's memory.
    What the load wrote is on the disk before the measurement begins, and the store has had time to put its
    tables in order.
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
            warm_up_s = WARM_UP_S + count // SETTLED_A_SECOND
            point = closed_point(server, profile, plan.seconds, warm_up_s)
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


def curve_of_mixes(plan: Plan) -> list[Measurement]:
    """Data alone, and data with calls and messages, by one catalogue."""
    found = []
    with Workshop() as workshop:
        catalogue = write_mix_catalogue(workshop.path / "catalogue.yaml")
        server = workshop.start(DURABLE, ServerOptions(catalogue=str(catalogue)))
        for mix in MIXES[-1:] if plan.short else MIXES:
            profile = replace(BASE, mix=read_mix(mix))
            point = closed_point(server, profile, plan.seconds)
            parameters = parameters_of(profile, DURABLE, plan.seconds)
            found.append(Measurement("scale", "mixes", f"{COMMAND} mixes", parameters, point.figures))
    return found


def curve_of_load(plan: Plan) -> list[Measurement]:
    """Open loop at parts of the closed loop's maximum, and beyond it.

    An echo in the same minutes tells what of the latency is this machine's: generator, sockets, its neighbours.
    """
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
        workshop.stop(server)
        floor = workshop.start(ECHO, ServerOptions())
        outcome = run_windows(*rate_steps(profile, [most // 2], WARM_UP_S, plan.seconds), floor)
    parameters = parameters_of(outcome.profile, ECHO, plan.seconds, share_percent=50)
    found.append(Measurement("scale", "open loop", f"{COMMAND} load", parameters, outcome.windows[0].figures))
    return found


def cost_of_shedding(plan: Plan) -> list[Measurement]:
    """What a 3004 costs: a server that admits one request at a time sheds nearly all of an open loop.

    Those that it admits cost much, each being committed alone. Two rates tell the costs of both apart.
    """
    profile = replace(BASE, sessions=SHED_SESSIONS)
    with Workshop() as workshop:
        config = workshop.path / "ocs.toml"
        config.write_text(ONE_AT_A_TIME)
        server = workshop.start(DURABLE, ServerOptions(config=str(config)))
        outcome = run_windows(*rate_steps(profile, list(SHEDDING_RATES), WARM_UP_S, plan.seconds), server)
    fewer, more = (window.figures for window in outcome.windows)
    more["one_3004_us"] = cpu_of_one_shed(fewer, more)
    parameters = parameters_of(outcome.profile, DURABLE, plan.seconds, requests_in_flight=1)
    return [Measurement("scale", "shedding", f"{COMMAND} shedding", parameters, more)]


def cpu_of_one_shed(fewer: dict[str, Figure], more: dict[str, Figure]) -> float:
    """What a shed request took of the server's CPU, where one of a kind took the same at both rates."""
    cpu_us = [float(each["server_cpu_us"]) * int(each["answers"]) for each in (fewer, more)]
    shed = [int(each["shed"]) for each in (fewer, more)]
    served = [int(each["answers"]) - int(each["shed"]) for each in (fewer, more)]
    apart = shed[1] * served[0] - shed[0] * served[1]
    return round((cpu_us[1] * served[0] - cpu_us[0] * served[1]) / apart, 2) if apart else 0.0


CURVES: dict[str, Callable[[Plan], list[Measurement]]] = {
    "rating-groups": curve_of_rating_groups,
    "rules": curve_of_rules,
    "mixes": curve_of_mixes,
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
