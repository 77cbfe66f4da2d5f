"""``python -m bench.load``: drive a server and see what it does."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from bench.load.books import audit_books
from bench.load.measure import (
    LoadOutcome,
    Sample,
    Window,
    closed_loop,
    latency_between,
    ramp,
    rate_steps,
    run_windows,
)
from bench.load.report import COLUMNS, as_html, as_json
from bench.rules import write_mix_catalogue
from bench.servers import DESCRIPTIONS, KINDS, RunningServer, ServerOptions, Workshop
from ocs.simulation.kinds import ONLY_DATA, read_mix
from ocs.simulation.profile import LoadProfile


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    where = found.add_argument_group("the server: one that runs, or one that is started")
    where.add_argument("--host", default="127.0.0.1")
    where.add_argument("--port", type=int, default=3868)
    where.add_argument("--pid", type=int, default=0, help="its process, for CPU and memory")
    where.add_argument("--store-pid", type=int, default=0, help="its store's process")
    where.add_argument("--serve", choices=KINDS, help="start this one on a free port instead")
    where.add_argument("--cores", default="", help="pin a started server to cores, such as 0 or 0,2")
    load = found.add_argument_group("the load: closed loop by default")
    load.add_argument("--window", type=int, default=64, help="closed loop: requests outstanding per connection")
    load.add_argument("--rate", type=int, default=0, help="open loop: requests a second")
    load.add_argument(
        "--steps", default="", help="open loop: rates one after the other, such as 5000,10000,20000"
    )
    load.add_argument("--ramp", default="", help="open loop: FROM:TO requests a second over --seconds")
    load.add_argument("--seconds", type=int, default=10, help="measured seconds (of each step)")
    load.add_argument("--warm-up", type=int, default=2, help="seconds before, not measured")
    load.add_argument("--connections", type=int, default=4)
    load.add_argument("--sessions", type=int, default=1000, help="open loop: sessions open at a time")
    load.add_argument("--updates", type=int, default=4, help="CCR-Us between a session's CCR-I and CCR-T")
    load.add_argument("--rating-groups", type=int, default=1, help="MSCCs in a request; 0 = one without group")
    load.add_argument(
        "--mix",
        type=read_mix,
        default=ONLY_DATA,
        help="kinds with shares, such as data=70,voice=20,sms=8,iec=2",
    )
    load.add_argument("--subscribers", type=int, default=10_000)
    load.add_argument("--zipf", type=float, default=0.0, help="exponent of Zipf's law; 0 = uniform")
    load.add_argument("--seed", type=int, default=1)
    out = found.add_argument_group("the outcome")
    out.add_argument(
        "--books", action="store_true", help="afterwards: ocs audit, and octets debited = acknowledged"
    )
    out.add_argument("--json", type=Path, help="write JSON here; - for stdout")
    out.add_argument("--html", type=Path, help="write a report with plots here")
    out.add_argument("--quiet", action="store_true", help="no live table")
    return found


def profile_of(options: argparse.Namespace) -> tuple[LoadProfile, list[Window]]:
    """The traffic and the windows that the options ask for."""
    base = LoadProfile(
        subscribers=options.subscribers,
        window=options.window,
        gateways=options.connections,
        sessions=options.sessions,
        updates=options.updates,
        rating_groups=options.rating_groups,
        zipf=options.zipf,
        mix=options.mix,
        seed=options.seed,
    )
    if options.ramp:
        first, _, last = options.ramp.partition(":")
        return ramp(base, int(first), int(last), options.seconds)
    if options.steps or options.rate:
        rates = [int(each) for each in options.steps.split(",")] if options.steps else [options.rate]
        return rate_steps(base, rates, options.warm_up, options.seconds)
    return closed_loop(base, options.warm_up, options.seconds)


class LiveTable:
    """The last seconds of a run, shown on stderr while it goes."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._live = Live(console=Console(stderr=True), refresh_per_second=4)

    def __enter__(self) -> LiveTable:  # noqa: PYI034  (it is no base class)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, before: Sample, after: Sample) -> None:
        """Add half a second."""
        seconds = max(after.at_us - before.at_us, 1) / 1e6
        histogram = latency_between(before, after)
        answered = max(after.answered - before.answered, 1)
        self._rows.append(
            [
                f"{after.at_us / 1e6:.1f}",
                f"{(after.answered - before.answered) / seconds:,.0f}",
                f"{(after.shed - before.shed) / seconds:,.0f}",
                *(f"{histogram.quantile(place) / 1000:.2f}" for place in (5000, 9900, 9990)),
                f"{(after.server_cpu_us - before.server_cpu_us) / answered:.1f}",
                f"{(after.store_cpu_us - before.store_cpu_us) / answered:.1f}",
                f"{after.server_kib / 1024:.0f}",
            ]
        )
        table = Table(
            "s", "answers/s", "3004/s", "p50 ms", "p99 ms", "p99.9 ms", "server µs", "store µs", "MiB"
        )
        for row in self._rows[-12:]:
            table.add_row(*row)
        self._live.update(table)


def drive(options: argparse.Namespace, server: RunningServer) -> LoadOutcome:
    """Run the load, with the live table unless it is not wanted."""
    profile, windows = profile_of(options)
    faults = profile.faults()
    if faults:
        raise SystemExit("; ".join(faults))
    if options.quiet or not sys.stderr.isatty():
        return run_windows(profile, windows, server)
    with LiveTable() as live:
        return run_windows(profile, windows, server, live.show)


def print_table(data: dict[str, Any]) -> None:
    """The windows, for people."""
    table = Table("window", *COLUMNS.values())
    for each in data["windows"]:
        table.add_row(each["name"], *(str(each.get(key, "")) for key in COLUMNS))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    run = data["run"]
    console.print(f"{run['answers']:,} answers, {run['malformed']} malformed, {run['unanswered']} unanswered")
    console.print(*run["faults"][:3], run["trouble"], sep="\n")


def outcome_data(options: argparse.Namespace, server: RunningServer, about: str) -> dict[str, Any]:
    """Drive, audit if asked to, and give the JSON data."""
    outcome = drive(options, server)
    command = "python -m bench.load " + shlex.join(sys.argv[1:])
    data = as_json(outcome, command, about)
    if options.books:
        data["books"] = audit_books(server, outcome.report.tally)
    return data


def main() -> None:
    """Exit code 0 where all requests were answered well and the books, if asked for, balance."""
    options = parser().parse_args()
    if options.serve:
        cores = tuple(int(each) for each in options.cores.split(",") if each)
        wanted = ServerOptions(options.subscribers, max(options.rating_groups, 1), cores=cores)
        with Workshop() as workshop:
            if options.mix != ONLY_DATA:
                wanted = replace(wanted, catalogue=str(write_mix_catalogue(workshop.path / "catalogue.yaml")))
            server = workshop.start(options.serve, wanted)
            data = outcome_data(options, server, DESCRIPTIONS[options.serve])
    else:
        server = RunningServer("given", options.host, options.port, options.pid, options.store_pid)
        data = outcome_data(options, server, f"{options.host}:{options.port}")
    if options.json == Path("-"):
        print(json.dumps(data))
    else:
        print_table(data)
        if "books" in data:
            print("books: " + json.dumps(data["books"]))
        if options.json:
            options.json.write_text(json.dumps(data, indent=1) + "\n")
    if options.html:
        options.html.write_text(as_html(data))
    sys.exit(0 if data["run"]["ok"] and data.get("books", {"clean": True})["clean"] else 1)


if __name__ == "__main__":
    main()
