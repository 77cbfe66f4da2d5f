"""``python -m bench.micro``: what each part of an answer costs."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.micro.instructions import all_cases, count_instructions, unavailable
from bench.micro.stores import all_costs
from bench.micro.timing import cpu_ns_of
from bench.results import Figure, Measurement, append
from bench.servers import path_with_wheel
from ocs import hotpath

COMMAND = "python -m bench.micro"


def measure_cases(*, instructions: bool) -> list[Measurement]:
    """CPU time of every case, and its instructions where valgrind is there."""
    counts: dict[str, int] = {}
    if instructions:
        counts = count_instructions()
    found = []
    for case in all_cases():
        figures: dict[str, Figure] = {"cpu_us": round(cpu_ns_of(case.call) / case.operations / 1000, 3)}
        if case.name in counts:
            figures["instructions"] = counts[case.name]
        found.append(Measurement("micro", case.name, COMMAND, {}, figures))
    return found


def measure_stores() -> list[Measurement]:
    """What committing costs, per change set."""
    found = []
    os.environ["PATH"] = path_with_wheel()
    with tempfile.TemporaryDirectory(prefix="ocs-bench-") as folder:
        for cost in all_costs(Path(folder), os.getpid()):
            figures: dict[str, Figure] = {"cpu_us": round(cost.client_us, 3)}
            if cost.store_us >= 0:
                figures["store_cpu_us"] = round(cost.store_us, 2)
            if cost.wall_us >= 0:
                figures["wall_us"] = round(cost.wall_us, 2)
            found.append(Measurement("micro", cost.name, COMMAND, {"batch": cost.batch}, figures))
    return found


def print_table(found: list[Measurement]) -> None:
    """The figures, for people."""
    table = Table("part", "batch", "µs CPU", "instructions", "store µs CPU", "µs wall")
    for each in found:
        figures = each.figures
        table.add_row(
            each.case,
            str(each.parameters.get("batch", "")),
            *(str(figures.get(name, "")) for name in ("cpu_us", "instructions", "store_cpu_us", "wall_us")),
        )
    Console().print(table)


def main() -> None:
    """Measure, print, and append to the results when told to."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--save", action="store_true", help="append to bench/results")
    parser.add_argument("--no-instructions", action="store_true", help="leave valgrind out")
    parser.add_argument("--no-stores", action="store_true", help="leave the stores out")
    options = parser.parse_args()
    print("compiled" if hotpath.compiled() else "interpreted")
    reason = unavailable()
    if reason and not options.no_instructions:
        print(reason)
    found = measure_cases(instructions=not options.no_instructions and not reason)
    if not options.no_stores:
        found += measure_stores()
    print_table(found)
    if options.save:
        print(f"appended to {append(found)}")


if __name__ == "__main__":
    main()
