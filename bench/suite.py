"""``python -m bench.suite``: the selection behind ``make bench``, within five minutes, kept and printed."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import rating, replay
from bench.compare import compare
from bench.machine import commit, machine, machine_line, versions
from bench.micro.__main__ import measure_cases, measure_stores
from bench.micro.instructions import unavailable
from bench.page import DURABILITY, PAGE, render
from bench.points import BASE, Plan
from bench.processes import curve_of_processes
from bench.results import RESULTS, Measurement, append, read_all
from bench.scale import (
    cost_of_shedding,
    curve_of_load,
    curve_of_mixes,
    curve_of_rating_groups,
    curve_of_subscribers,
)
from bench.servers import DURABLE, DURABLE_INTERPRETED, ECHO, LIBRARY, MEMORY, ServerOptions
from ocs import hotpath

COMPARED: Final = (DURABLE, MEMORY, DURABLE_INTERPRETED, ECHO, LIBRARY)
REPLAYED: Final = 50_000
REPLAY_ROUNDS: Final = 2
"""Fewer than ``bench.replay`` takes by itself: seconds are few here."""
PERCENTILES = ("p50_us", "p99_us", "p99_9_us")
CPU = ("server_cpu_us", "store_cpu_us", "others_cpu_percent")


def run_suite(seconds: int, rounds: int) -> list[Measurement]:
    """Everything in the selection; what goes on is said on stderr."""
    plan = Plan(seconds, short=True)
    found: list[Measurement] = []
    reason = unavailable()
    _say(reason or "micro-benchmarks, with instructions")
    found += measure_cases(instructions=not reason)
    found += measure_stores()
    _say("pricing, and past records again")
    found += rating.kinds() + rating.curve_of_prefixes(rating.PREFIXES_SHORT)
    found += replay.measure(REPLAYED, REPLAY_ROUNDS)
    _say(f"comparison: {', '.join(COMPARED)}")
    found += compare(list(COMPARED), [], BASE, ServerOptions(), rounds, seconds)
    for name, curve in (
        ("rating groups", curve_of_rating_groups),
        ("calls and messages too", curve_of_mixes),
        ("open loop and overload", curve_of_load),
        ("cost of a 3004", cost_of_shedding),
        ("processes", curve_of_processes),
        ("subscribers", curve_of_subscribers),
    ):
        _say(f"curve: {name}")
        found += curve(plan)
    return found


def _say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")


def mix_of(found: Measurement) -> str:
    """The message mix and the load, in words."""
    chosen = found.parameters
    load = f"{chosen['connections']}x{chosen['window']} outstanding" if chosen.get("window") else "open loop"
    if "share_percent" in chosen:
        load += f", {chosen['share_percent']} % of the maximum"
    if "processes" in chosen:
        load += f", {chosen['processes']} processes"
    kinds = chosen.get("mix", "data")
    traffic = f"{kinds} I/U*{chosen['updates']}/T, {chosen['rating_groups']} RG"
    return f"{traffic}, {chosen['subscribers']:,} subscribers, {load}"


def print_table(found: list[Measurement]) -> None:
    """One table of what was measured over sockets; CPU is per answer."""
    state = "compiled" if hotpath.compiled() else "interpreted"
    console = Console(width=None if sys.stdout.isatty() else 190)
    console.print(f"{machine_line(machine())}; commit {commit()}, {state}, Python {versions()['python']}")
    table = Table(
        "case",
        "message mix",
        "durability",
        "answers/s",
        "3004",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "server µs",
        "store µs",
        "others %",
    )
    for each in found:
        if "answers_per_s" not in each.figures:
            continue
        figures = each.figures
        kind = str(each.parameters.get("server", each.case))
        table.add_row(
            each.case,
            mix_of(each),
            DURABILITY.get(kind, "none"),
            f"{figures['answers_per_s']:,}",
            f"{figures['shed']:,}",
            *(f"{float(figures[name]) / 1000:.2f}" for name in PERCENTILES),
            *(f"{figures[name]}" for name in CPU),
        )
    console.print(table)


def main() -> None:
    """Measure, print, append, and write the page anew."""
    parser = argparse.ArgumentParser(prog="python -m bench.suite", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="measured seconds of each point")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of the comparison")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where to append")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md as it is")
    options = parser.parse_args()
    start_s = time.monotonic()
    found = run_suite(options.seconds, options.rounds)
    print_table(found)
    path = append(found, options.results)
    print(f"{len(found)} measurements appended to {path} in {time.monotonic() - start_s:.0f} s")
    if not options.no_page:
        PAGE.write_text(render(read_all(options.results)), encoding="utf-8")
        print(f"{PAGE} written")


if __name__ == "__main__":
    main()
