"""The load bench: schedules, subscribers, windows, reports, and short real runs."""

import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.charts import line_chart, linear_ticks, log_ticks, short
from bench.load.measure import (
    Sample,
    Window,
    closed_loop,
    latency_between,
    outcome_of,
    ramp,
    rate_steps,
    run_windows,
)
from bench.load.report import as_html, as_json
from bench.machine import ROOT
from bench.servers import ECHO, MEMORY, ServerOptions, Workshop
from ocs.latency import LatencyHistogram
from ocs.simulation.profile import LoadProfile
from ocs.simulation.schedule import RateStep, Schedule
from ocs.simulation.session import OCTETS

SECOND_NS = 1_000_000_000


def test_a_constant_rate_is_evenly_spaced() -> None:
    """Each request is due one interval behind the last, and the end holds for all that come later."""
    schedule = Schedule([RateStep(2, 1000, 1000)])

    assert schedule.count == 2000
    assert [schedule.due_ns(number) for number in range(3)] == [0, 1_000_000, 2_000_000]
    assert schedule.due_ns(2000) == 2 * SECOND_NS


def test_steps_follow_each_other() -> None:
    """The first request of a step is due when the step begins, also when it is asked for out of order."""
    schedule = Schedule([RateStep(1, 100, 100), RateStep(1, 1000, 1000), RateStep(1, 10, 10)])

    assert schedule.due_ns(100) == SECOND_NS
    assert schedule.due_ns(1100) == 2 * SECOND_NS
    assert schedule.due_ns(99) < SECOND_NS


def test_a_ramp_goes_evenly() -> None:
    """In a ramp the number of requests by a moment is the area under the rate, and the gaps only shrink."""
    schedule = Schedule([RateStep(4, 100, 300)])
    moments = [schedule.due_ns(number) for number in range(schedule.count)]
    by_half_time = sum(moment < 2 * SECOND_NS for moment in moments)
    gaps = [after - before for before, after in itertools.pairwise(moments)]

    assert schedule.count == 800
    assert abs(by_half_time - 300) <= 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(gaps))


def test_a_ramp_may_go_down() -> None:
    """A falling ramp ends with the wider gaps, and no moment lies behind its end."""
    schedule = Schedule([RateStep(2, 200, 50)])
    moments = [schedule.due_ns(number) for number in range(schedule.count)]

    assert moments == sorted(moments)
    assert moments[-1] < 2 * SECOND_NS
    assert moments[-1] - moments[-2] > moments[1] - moments[0]


def test_zipf_prefers_the_first_subscribers() -> None:
    """By Zipf's law with exponent 1 the first subscriber comes about twice as often as the second."""
    draws = Counter(LoadProfile(zipf=1.0, subscribers=1000).subscribers_of(1))

    assert 1.8 < draws[0] / draws[1] < 2.2
    assert draws[0] > 50 * draws.get(500, 0)
    assert set(draws) <= set(range(1000))


def test_uniform_gateways_share_the_subscribers() -> None:
    """Without Zipf's law every subscriber belongs to one gateway, in a shuffled order."""
    profile = LoadProfile(subscribers=1000, gateways=3)
    own = [profile.subscribers_of(number) for number in (1, 2, 3)]

    assert sorted(itertools.chain(*own)) == list(range(1000))
    assert own[0] != sorted(own[0])


def test_the_same_seed_makes_the_same_draws() -> None:
    """Subscribers depend on the seed and the gateway alone."""
    profile = LoadProfile(zipf=1.2, subscribers=100, seed=7)

    assert profile.subscribers_of(1) == profile.subscribers_of(1)
    assert profile.subscribers_of(1) != profile.subscribers_of(2)


def sample(at_us: int, values: list[int], shed: int = 0) -> Sample:
    """Counters as if so many microseconds had been recorded since the start."""
    histogram = LatencyHistogram()
    for value in values:
        histogram.record(value)
    return Sample(
        at_us=at_us,
        answered=len(values) + shed,
        shed=shed,
        server_cpu_us=10 * len(values),
        busy_us=10 * len(values) + at_us // 2,
        counts=histogram.counts(),
    )


def test_a_window_counts_what_came_between_its_borders() -> None:
    """What was answered before a window counts neither in its rate nor in its latency nor in its CPU."""
    before = sample(1_000_000, [5000] * 100)
    after = sample(3_000_000, [5000] * 100 + [10] * 50, shed=10)
    figures = outcome_of(Window("", 1, 3, 40), before, after).figures

    assert figures["answers"] == 60
    assert figures["answers_per_s"] == 30
    assert figures["admitted_per_s"] == 25
    assert (figures["p50_us"], figures["max_us"]) == (10, 10)
    assert figures["server_cpu_us"] == round(500 / 60, 2)
    assert figures["offered_per_s"] == 40
    assert figures["others_cpu_percent"] == 50


def test_the_difference_of_histograms_is_a_histogram() -> None:
    """Quantiles between two samples are those of the values recorded between them, to a step."""
    values = list(range(1, 2001))
    found = latency_between(sample(0, [7] * 1000), sample(1, [7] * 1000 + values))

    assert found.count == 2000
    assert 1000 <= found.quantile(5000) <= 1064


def test_windows_leave_the_warm_up_out() -> None:
    """Every kind of run measures so many seconds behind its warm-up."""
    profile, windows = closed_loop(LoadProfile(), 1.5, 3)
    assert (profile.seconds, windows[0].start_s, windows[0].end_s) == (5, 1.5, 4.5)
    profile, windows = rate_steps(LoadProfile(), [100, 200], 1, 4)
    assert [(each.start_s, each.end_s, each.rate) for each in windows] == [(1, 5, 100), (6, 10, 200)]
    assert [step.seconds for step in profile.steps] == [5, 5]
    profile, windows = ramp(LoadProfile(), 100, 300, 2)
    assert [each.rate for each in windows] == [150, 250]


def test_charts_are_plain_svg() -> None:
    """A chart is one element without script or reference; names are escaped, ticks enclose the values."""
    chart = line_chart("a < b", "s", "µs", {"p50": [(0, 10), (1, 2000)], "absent": []}, log_y=True)

    assert chart.startswith("<svg")
    assert chart.endswith("</svg>")
    assert "a &lt; b" in chart
    assert "absent" not in chart
    assert chart.count("<polyline") == 1
    assert "script" not in chart
    assert "href" not in chart
    assert log_ticks(10, 2000) == [10, 100, 1000, 10_000]
    assert linear_ticks(0, 7)[0] == 0
    assert linear_ticks(0, 7)[-1] >= 7
    assert line_chart("empty", "s", "", {}).endswith("</svg>")
    assert [short(value) for value in (250, 1500, 2_000_000)] == ["250", "1.5k", "2M"]


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    """Servers for the short runs."""
    with Workshop() as found:
        yield found


def test_closed_and_open_loop_against_the_echo(workshop: Workshop) -> None:
    """Both loops run, every answer is well-formed, windows and series are filled, and the page shows them."""
    server = workshop.start(ECHO, ServerOptions(rating_groups=2))
    base = LoadProfile(rating_groups=2, gateways=2, window=4)
    outcome = run_windows(*closed_loop(base, 0.5, 1), server)
    assert outcome.report.well, outcome.report.as_text()
    assert int(outcome.windows[0].figures["answers"]) > 0

    outcome = run_windows(*rate_steps(base, [200, 400], 0, 1), server)
    assert outcome.report.well, outcome.report.as_text()
    assert [each.figures["offered_per_s"] for each in outcome.windows] == [200, 400]
    data = as_json(outcome, "python -m bench.load", "echo")
    assert json.loads(json.dumps(data))["windows"][1]["name"] == "400/s"
    page = as_html(data)
    assert page.count("<svg") == 4
    assert "src=" not in page
    assert "400/s" in page


def test_zipf_against_our_server(workshop: Workshop) -> None:
    """Subscribers with several sessions at a time are charged without an error of form."""
    server = workshop.start(MEMORY, ServerOptions(subscribers=50))
    profile = LoadProfile(zipf=1.1, subscribers=50, gateways=2, window=8)
    outcome = run_windows(*closed_loop(profile, 0, 1), server)

    assert outcome.report.well, outcome.report.as_text()
    assert outcome.report.tally.units[OCTETS].acknowledged > 0


def test_the_command_writes_json_html_and_books(tmp_path: Path) -> None:
    """``python -m bench.load`` with a durable server: books balance, files are there, exit code 0."""
    page, data = tmp_path / "run.html", tmp_path / "run.json"
    command = [
        sys.executable,
        "-m",
        "bench.load",
        "--serve",
        "durable",
        "--subscribers",
        "200",
        "--seconds",
        "1",
    ]
    command += ["--warm-up", "0", "--window", "8", "--books", "--json", str(data), "--html", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)

    assert done.returncode == 0, done.stdout + done.stderr
    books = json.loads(data.read_text())["books"]
    assert books["clean"]
    assert books["acknowledged_units"] == books["debited_micros"] > 0
    assert "Books balance" in page.read_text()
