"""The command line of ``python -m bench.soak``.

A ramp, steps, then a long even load on a durable server. Meanwhile its catalogue, with a deck of many rates,
is reloaded again and again, and the store's log is rewritten. Told are latency and memory over time, every
pause of the server and of the store by what went on meanwhile, beside what a bystander noticed of the machine,
and whether every octet is in the books.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.load.report import as_html
from bench.soak.causes import print_causes
from bench.soak.memory import print_holdings
from bench.soak.plan import SoakPlan
from bench.soak.run import soak
from bench.soak.verdicts import verdicts
from ocs.simulation.profile import LoadProfile


def main() -> None:
    """Exit code 0 where the books balance, no answer is missing, nothing paused long and memory is flat."""
    found = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    found.add_argument("--rate", type=int, default=5000, help="requests a second of the soak")
    found.add_argument("--seconds", type=int, default=1800, help="of the soak itself")
    found.add_argument("--ramp", type=int, default=30, help="seconds of the ramp")
    found.add_argument("--step", type=int, default=15, help="seconds of each step")
    found.add_argument("--rates", type=int, default=100_000, help="in the deck that is reloaded")
    found.add_argument("--subscribers", type=int, default=20_000)
    found.add_argument("--zipf", type=float, default=0.0, help="exponent of Zipf's law; 0 = uniform")
    found.add_argument("--reload-every", type=int, default=0, help="seconds; 0 = a dozen times in all")
    found.add_argument("--config", default="", help="settings of the server, in a file")
    found.add_argument("--json", type=Path)
    found.add_argument("--html", type=Path)
    options = found.parse_args()
    window_s = max(min(60, options.seconds // 4), 1)
    plan = SoakPlan(
        options.rate,
        options.ramp,
        options.step,
        options.seconds,
        window_s,
        options.rates,
        options.reload_every,
    )
    profile = LoadProfile(
        gateways=4, subscribers=options.subscribers, sessions=options.subscribers // 4, zipf=options.zipf
    )
    data = soak(plan, profile, options.config)
    print_soak(data)
    if options.json:
        options.json.write_text(json.dumps(data, indent=1) + "\n")
    if options.html:
        options.html.write_text(as_html(data))
    problems = verdicts(data)
    print(*problems or ["all well"], sep="\n")
    sys.exit(1 if problems else 0)


def print_soak(data: dict[str, Any]) -> None:
    """Windows, pauses, memory and books, for people."""
    names = ("answers_per_s", "shed", "p50_us", "p99_us", "p99_9_us", "max_us", "server_mib")
    for each in data["windows"]:
        print(each["name"], *(f"{name} {each[name]}" for name in names))
    found = data["soak"]
    print_causes(found["pauses"])
    print(
        f"{found['reloads_told']} reloads; shed {found['shed']}; longest wait {found['longest_us']} us;",
        end=" ",
    )
    print(f"the generator stood still for up to {found['generator_stall_us']} us")
    print(f"for {found['without_core_percent']} % of the time the machine had no core for the server")
    for whose in ("server", "store"):
        first, last = found[f"{whose}_mib"] or (0, 0)
        growth = found[f"{whose}_growth_percent"]
        print(f"memory of the {whose}: {first} MiB, at the end {last} MiB; in the last quarter {growth} %")
    print(*found["warnings"], sep="\n")
    print_holdings(found["holdings"])
    books = data["books"]
    print(f"books: {'balance' if books['clean'] else books['differences'][:3]}, {json.dumps(books)[:200]}")


if __name__ == "__main__":
    main()
