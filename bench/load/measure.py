"""A run against a server, and what was measured between moments of it.

Counters are read at the borders of a window and subtracted, so that warm-up and ending stay outside. Latency is
counted from the moment a request was due (open loop) or sent (closed loop).
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from bench.clocks import busy_us, cpu_us, resident_kib
from bench.servers import RunningServer
from ocs.latency import LatencyHistogram, upper_bound
from ocs.simulation.profile import LoadProfile
from ocs.simulation.report import QUANTILES, LoadReport
from ocs.simulation.run import LoadRun, loop_for
from ocs.simulation.schedule import RateStep

SAMPLE_S: Final = 0.5


@dataclass(frozen=True)
class Window:
    """A part of a run, in seconds from its start; ``rate`` is what is offered meanwhile (0 = closed loop)."""

    name: str
    start_s: float
    end_s: float
    rate: int = 0


@dataclass
class Sample:
    """All counters at one moment. CPU times are of the server, its store and this generator."""

    at_us: int = 0
    requests: int = 0
    answered: int = 0
    shed: int = 0
    malformed: int = 0
    server_cpu_us: int = 0
    store_cpu_us: int = 0
    own_cpu_us: int = 0
    busy_us: int = 0
    server_kib: int = 0
    counts: list[int] = field(default_factory=list)


@dataclass
class WindowOutcome:
    """What happened in a window. Latencies leave out what was shed with 3004."""

    window: Window
    seconds: float
    figures: dict[str, int | float | str]


@dataclass
class LoadOutcome:
    """A whole run: its final report, its windows, and the samples between them."""

    profile: LoadProfile
    report: LoadReport
    windows: list[WindowOutcome]
    samples: list[Sample]
    started_us: int = 0
    """On the machine's monotonic clock."""


Watcher = Callable[[Sample, Sample], None]


def closed_loop(profile: LoadProfile, warm_up_s: float, seconds: int) -> tuple[LoadProfile, list[Window]]:
    """A closed loop that is measured for so many seconds after its warm-up."""
    whole = int(warm_up_s + seconds + 0.999)
    return replace(profile, seconds=whole), [Window("closed loop", warm_up_s, warm_up_s + seconds)]


def rate_steps(
    profile: LoadProfile, rates: list[int], warm_up_s: int, seconds: int
) -> tuple[LoadProfile, list[Window]]:
    """An open loop at one rate after the other; the first seconds of each are not measured."""
    steps = []
    windows = []
    start_s = 0
    for rate in rates:
        steps.append(RateStep(warm_up_s + seconds, rate, rate))
        windows.append(Window(f"{rate:,}/s", start_s + warm_up_s, start_s + warm_up_s + seconds, rate))
        start_s += warm_up_s + seconds
    return replace(profile, steps=tuple(steps)), windows


def ramp(profile: LoadProfile, first: int, last: int, seconds: int) -> tuple[LoadProfile, list[Window]]:
    """An open loop whose rate goes evenly from one to another, measured second by second."""
    windows = []
    for second in range(seconds):
        rate = first + (last - first) * (2 * second + 1) // (2 * seconds)
        windows.append(Window(f"{rate:,}/s", second, second + 1, rate))
    return replace(profile, steps=(RateStep(seconds, first, last),)), windows


def run_windows(
    profile: LoadProfile, windows: list[Window], server: RunningServer, watch: Watcher | None = None
) -> LoadOutcome:
    """Run a profile against a server and measure its windows. The profile's host and port are the server's."""
    ports = tuple(each.port for each in server.companions)
    aimed = replace(profile, host=server.host, port=server.port, more_ports=ports)

    async def whole() -> LoadOutcome:
        run = LoadRun(aimed)
        recorder = asyncio.create_task(_record(run, windows, server, watch))
        report = await run.run()
        if run.started_ns == 0:
            recorder.cancel()
            return LoadOutcome(aimed, report, [], [])
        samples, borders = await recorder
        outcomes = [outcome_of(each, borders[each.start_s], borders[each.end_s]) for each in windows]
        return LoadOutcome(aimed, report, outcomes, samples, run.started_ns // 1000)

    with asyncio.Runner(loop_factory=lambda: loop_for(aimed)) as runner:
        return runner.run(whole())


async def _record(
    run: LoadRun, windows: list[Window], server: RunningServer, watch: Watcher | None
) -> tuple[list[Sample], dict[float, Sample]]:
    """Samples twice a second, and one at each border of a window."""
    while run.started_ns == 0:  # noqa: ASYNC110  (a moment of connecting, before anything is measured)
        await asyncio.sleep(0.001)
    wanted = sorted({at for each in windows for at in (each.start_s, each.end_s)})
    last_s = wanted[-1]
    grid = {step * SAMPLE_S for step in range(int(last_s / SAMPLE_S) + 1)}
    samples: list[Sample] = []
    borders: dict[float, Sample] = {}
    for at_s in sorted(grid | set(wanted)):
        await asyncio.sleep(max(run.started_ns / 1e9 + at_s - time.monotonic(), 0))
        sample = _sample(run, server)
        if at_s in wanted:
            borders[at_s] = sample
        if watch is not None and samples:
            watch(samples[-1], sample)
        samples.append(sample)
    return samples, borders


def _sample(run: LoadRun, server: RunningServer) -> Sample:
    total = run.total()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return Sample(
        (time.monotonic_ns() - run.started_ns) // 1000,
        total.requests,
        total.answered,
        total.shed,
        total.malformed,
        sum(cpu_us(pid) for pid in server.pids),
        cpu_us(server.store_pid),
        round((usage.ru_utime + usage.ru_stime) * 1e6),
        busy_us(),
        sum(resident_kib(pid) for pid in server.pids),
        total.latency.counts(),
    )


def latency_between(first: Sample, last: Sample) -> LatencyHistogram:
    """The histogram of what was answered between two samples; its highest value is known to a step only."""
    histogram = LatencyHistogram()
    for place, (before, after) in enumerate(zip(first.counts, last.counts, strict=True)):
        if after > before:
            histogram.record_many(upper_bound(place), after - before)
    return histogram


def outcome_of(window: Window, first: Sample, last: Sample) -> WindowOutcome:
    """The figures of a window from the samples at its borders.

    ``others_cpu_percent`` is what the rest of the machine used meanwhile, in percent of one core: the noise.
    """
    seconds = max(last.at_us - first.at_us, 1) / 1e6
    server_us = last.server_cpu_us - first.server_cpu_us
    store_us = last.store_cpu_us - first.store_cpu_us
    own_us = last.own_cpu_us - first.own_cpu_us
    others_us = last.busy_us - first.busy_us - server_us - store_us - own_us
    answered = last.answered - first.answered
    histogram = latency_between(first, last)
    figures: dict[str, int | float | str] = {
        "answers": answered,
        "answers_per_s": round(answered / seconds),
        "admitted_per_s": round((answered - last.shed + first.shed) / seconds),
        "shed": last.shed - first.shed,
        "malformed": last.malformed - first.malformed,
        **{name: histogram.quantile(place) for name, place in QUANTILES.items()},
        "max_us": int(histogram.highest),
        "server_cpu_us": round(server_us / max(answered, 1), 2),
        "store_cpu_us": round(store_us / max(answered, 1), 2),
        "generator_cpu_us": round(own_us / max(answered, 1), 2),
        "others_cpu_percent": round(max(others_us, 0) / 1e4 / seconds),
        "server_mib": round(last.server_kib / 1024),
    }
    if window.rate:
        figures["offered_per_s"] = window.rate
    return WindowOutcome(window, seconds, figures)
