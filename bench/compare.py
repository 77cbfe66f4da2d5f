"""``python -m bench.compare``: several servers in one run, round by round, so that all get the same weather."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.load.measure import closed_loop, run_windows
from bench.results import Figure, Measurement, append
from bench.servers import DESCRIPTIONS, ECHO, KINDS, LIBRARY, RunningServer, ServerOptions, Workshop
from ocs.simulation.profile import LoadProfile

COMMAND = "python -m bench.compare"
WARM_UP_S = 1.0
COLUMNS = {
    "answers_per_s": "answers/s",
    "p50_us": "p50 µs",
    "p99_us": "p99 µs",
    "server_cpu_us": "server µs CPU",
    "store_cpu_us": "store µs CPU",
    "times_echo": "times echo",
}

Rounds = dict[str, list[dict[str, Figure]]]


def other_server(text: str) -> RunningServer:
    """A server that runs already, from ``NAME=HOST:PORT[:PID[:STORE_PID]]``. ValueError where it is none."""
    name, _, place = text.partition("=")
    host, port, *pids = place.split(":")
    numbers = [int(each) for each in pids] + [0, 0]
    return RunningServer(name, host, int(port), numbers[0], numbers[1])


def profile_for(server: RunningServer, profile: LoadProfile) -> LoadProfile:
    """The profile, on one connection for python-diameter.

    Its node finds the connection of an answer by the Hop-by-Hop identifier alone, which is unique on one
    connection only (RFC 6733, 3), and sends answers to the wrong gateway where two use the same.
    """
    if server.kind != LIBRARY:
        return profile
    return replace(profile, gateways=1, window=profile.gateways * profile.window)


def run_rounds(servers: list[RunningServer], profile: LoadProfile, rounds: int, seconds: int) -> Rounds:
    """The figures of each server in each round. RuntimeError where an answer was missing or malformed."""
    found: Rounds = {server.kind: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            outcome = run_windows(*closed_loop(profile_for(server, profile), WARM_UP_S, seconds), server)
            if not outcome.report.well:
                raise RuntimeError(f"{server.kind}: {outcome.report.as_text()}")
            found[server.kind].append(outcome.windows[0].figures)
    return found


def summary(found: Rounds, command: str, parameters: dict[str, Figure]) -> list[Measurement]:
    """The median of the rounds for each server, and its CPU as a multiple of the echo's."""
    measurements = []
    floor = 0.0
    if found.get(ECHO):
        floor = median(float(each["server_cpu_us"]) for each in found[ECHO])
    for kind, rounds in found.items():
        figures: dict[str, Figure] = {}
        for name, value in rounds[0].items():
            middle = median(float(each[name]) for each in rounds)
            figures[name] = round(middle) if isinstance(value, int) else round(middle, 2)
        figures["lowest_answers_per_s"] = min(int(each["answers_per_s"]) for each in rounds)
        figures["highest_answers_per_s"] = max(int(each["answers_per_s"]) for each in rounds)
        if floor:
            figures["times_echo"] = round(float(figures["server_cpu_us"]) / floor, 1)
        measurements.append(Measurement("compare", kind, command, {**parameters}, figures))
    return measurements


def compare(
    kinds: list[str],
    others: list[RunningServer],
    profile: LoadProfile,
    options: ServerOptions,
    rounds: int,
    seconds: int,
) -> list[Measurement]:
    """Start the servers, let them take turns, and sum up."""
    command = f"{COMMAND} --kinds {','.join(kinds)} --rounds {rounds} --seconds {seconds}"
    if profile.rating_groups != 1:
        command += f" --rating-groups {profile.rating_groups}"
    parameters: dict[str, Figure] = {
        "connections": profile.gateways,
        "window": profile.window,
        "updates": profile.updates,
        "rating_groups": profile.rating_groups,
        "subscribers": profile.subscribers,
        "rounds": rounds,
        "seconds": seconds,
    }
    with Workshop() as workshop:
        servers = [workshop.start(kind, options) for kind in kinds]
        return summary(run_rounds([*servers, *others], profile, rounds, seconds), command, parameters)


def print_table(found: list[Measurement]) -> None:
    """The servers, for people."""
    table = Table("server", *COLUMNS.values(), "what it is")
    for each in found:
        row = (str(each.figures.get(name, "")) for name in COLUMNS)
        table.add_row(each.case, *row, DESCRIPTIONS.get(each.case, "given"))
    Console(width=None if sys.stdout.isatty() else 150).print(table)


def main() -> None:
    """Compare, print, and append to the results when told to."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"servers to start, of {', '.join(KINDS)}")
    parser.add_argument("--other", action="append", default=[], help="NAME=HOST:PORT[:PID[:STORE_PID]]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="measured seconds of each server in a round")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--rating-groups", type=int, default=1)
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--cores", default="", help="pin the started servers to these cores, such as 0 or 0,2")
    parser.add_argument("--save", action="store_true", help="append to bench/results")
    options = parser.parse_args()
    kinds = [each for each in options.kinds.split(",") if each]
    unknown = [each for each in kinds if each not in KINDS]
    if unknown:
        parser.error(f"--kinds: {', '.join(unknown)}: none of {', '.join(KINDS)}")
    profile = LoadProfile(
        gateways=options.connections,
        window=options.window,
        rating_groups=options.rating_groups,
        subscribers=options.subscribers,
    )
    cores = tuple(int(each) for each in options.cores.split(",") if each)
    wanted = ServerOptions(options.subscribers, max(options.rating_groups, 1), cores=cores)
    others = [other_server(each) for each in options.other]
    found = compare(kinds, others, profile, wanted, options.rounds, options.seconds)
    print_table(found)
    if options.save:
        print(f"appended to {append(found)}")


if __name__ == "__main__":
    main()
