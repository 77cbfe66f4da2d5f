"""The comparison, the curves and the micro-benchmarks: their own logic, and one tiny run of each."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.clocks import cpu_us, resident_kib
from bench.compare import Rounds, compare, other_server, profile_for, summary
from bench.machine import ROOT
from bench.micro import instructions
from bench.micro.cases import conversation
from bench.micro.stores import change_sets, memory_costs, packing_costs, valkey_costs
from bench.micro.timing import cpu_ns_of
from bench.points import Plan
from bench.processes import curve_of_processes
from bench.results import Figure
from bench.rules import write_catalogue
from bench.scale import cost_of_shedding, cpu_of_one_shed, curve_of_mixes, curve_of_rules
from bench.servers import (
    DURABLE,
    ECHO,
    LIBRARY,
    MEMORY,
    RunningServer,
    ServerOptions,
    ServerStartError,
    Workshop,
)
from config.catalogue_file import load_catalogue
from ocs.simulation.profile import LoadProfile


def test_our_own_cpu_time_goes_up() -> None:
    """The kernel's accounting of a process that works, and 0 for a process that is not known."""
    before = cpu_us(os.getpid())
    while cpu_us(os.getpid()) == before:
        sum(range(100_000))

    assert cpu_us(0) == 0
    assert resident_kib(0) == 0
    assert resident_kib(os.getpid()) > 1000


def test_a_round_is_summed_up_by_its_median() -> None:
    """Figures are the median of the rounds; CPU is compared with the echo's."""
    rounds: Rounds = {
        ECHO: [{"answers_per_s": 100, "server_cpu_us": 0.5}],
        MEMORY: [{"answers_per_s": n, "server_cpu_us": n / 10} for n in (30, 10, 20)],
    }
    echo, ours = summary(rounds, "again", {"rounds": 3})

    assert (echo.figures["times_echo"], ours.figures["times_echo"]) == (1.0, 4.0)
    assert ours.figures["answers_per_s"] == 20
    assert (ours.figures["lowest_answers_per_s"], ours.figures["highest_answers_per_s"]) == (10, 30)


def test_another_server_is_named_on_the_command_line() -> None:
    """Its process and its store's are optional."""
    found = other_server("theirs=127.0.0.1:3868:17:18")
    assert (found.kind, found.host, found.port, found.pid, found.store_pid) == (
        "theirs",
        "127.0.0.1",
        3868,
        17,
        18,
    )
    assert other_server("theirs=localhost:3868").pids == [0]


STARTS_A_SERVER = """
import time
from bench.servers import ECHO, ServerOptions, Workshop
with Workshop() as workshop:
    print(workshop.start(ECHO, ServerOptions()).pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word to the child is Linux's")
def test_a_bench_that_is_killed_leaves_no_server() -> None:
    """A server ends with the process that measures it, also where that had no time to stop it."""
    with subprocess.Popen([sys.executable, "-c", STARTS_A_SERVER], cwd=ROOT, stdout=subprocess.PIPE) as bench:
        assert bench.stdout is not None
        server = int(bench.stdout.readline())
        assert runs(server)
        bench.kill()
    end_s = time.monotonic() + 10
    while runs(server):
        assert time.monotonic() < end_s
        time.sleep(0.02)


def runs(process: int) -> bool:
    """Whether a process has not ended, whoever is to take note of its end."""
    try:
        status = Path("/proc", str(process), "stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_the_library_gets_one_connection_with_all_requests() -> None:
    """python-diameter tells connections apart by Hop-by-Hop identifiers, which two gateways may both use."""
    profile = profile_for(RunningServer(LIBRARY, "", 0, 0), LoadProfile(gateways=4, window=64))
    assert (profile.gateways, profile.window) == (1, 256)


def test_catalogues_of_any_size_load(tmp_path: Path) -> None:
    """A generated catalogue has the wanted number of rules and the plan that is charged."""
    catalogue = load_catalogue(write_catalogue(tmp_path / "catalogue.yaml", 1200))
    rules = sum(len(table) for plan in catalogue.plans.values() for table in plan.rules.values())

    assert rules == 1200
    rule = catalogue.plans["payg"].rule_for("data", 1, b"internet")
    assert rule is not None


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The error carries what the server wrote."""
    broken = tmp_path / "ocs.toml"
    broken.write_text("[limits]\nbatch_sise = 1\n")
    with Workshop() as workshop, pytest.raises(ServerStartError, match="batch_si"):
        workshop.start(MEMORY, ServerOptions(subscribers=1, config=str(broken)))


def test_servers_beside_each_other() -> None:
    """Echo, library and our server in one short round; each has figures, and the command is named."""
    profile = LoadProfile(gateways=2, window=4, subscribers=100)
    found = compare([ECHO, LIBRARY, MEMORY], [], profile, ServerOptions(subscribers=100), 1, 1)

    assert [each.case for each in found] == [ECHO, LIBRARY, MEMORY]
    assert all(int(each.figures["answers_per_s"]) > 0 for each in found)
    assert (
        found[0].command == "python -m bench.compare --kinds echo,python-diameter,memory --rounds 1 --seconds 1"
    )


@pytest.mark.soak
def test_two_processes_on_one_store() -> None:
    """Both points, under even load and in a closed loop, with answers from the same durable store."""
    found = curve_of_processes(Plan(1, short=True))
    assert [each.parameters["processes"] for each in found] == [1, 1, 2, 2]
    assert found[0].figures["server_cpu_of_one_percent"] == 100
    assert int(found[2].figures["server_cpu_of_one_percent"]) > 0
    assert all(int(each.figures["answers"]) > 0 for each in found)


@pytest.mark.soak
def test_shedding_is_measured_on_a_server_that_sheds() -> None:
    """Nearly all answers are 3004 where one request is admitted at a time."""
    (found,) = cost_of_shedding(Plan(1, short=True))
    assert int(found.figures["shed"]) * 2 > int(found.figures["answers"])
    assert found.parameters["server"] == DURABLE
    assert "one_3004_us" in found.figures


def test_what_a_3004_costs_is_told_apart_from_what_is_served() -> None:
    """Two runs in which a 3004 takes 2 us and a served request 100."""
    runs: list[dict[str, Figure]] = [
        {"answers": shed + served, "shed": shed, "server_cpu_us": (2 * shed + 100 * served) / (shed + served)}
        for shed, served in ((50_000, 9_000), (290_000, 5_000))
    ]
    assert cpu_of_one_shed(*runs) == 2.0
    assert cpu_of_one_shed(runs[0], runs[0]) == 0.0


@pytest.mark.soak
def test_rules_make_a_curve() -> None:
    """Each size of catalogue is one point."""
    assert [each.parameters["rules"] for each in curve_of_rules(Plan(1, short=True))] == [10, 1000]


@pytest.mark.soak
def test_mixes_make_a_curve() -> None:
    """The mix is measured, and told beside its figures."""
    (found,) = curve_of_mixes(Plan(1, short=True))
    assert found.parameters["mix"] == "data=60,voice=25,sms=15"
    assert int(found.figures["answers_per_s"]) > 0


def test_micro_cases_can_be_called() -> None:
    """Every case runs, and its CPU time is a number above nothing for the longer ones."""
    cases = instructions.all_cases()
    for case in cases:
        case.call()
    by_name = {case.name: case for case in cases}

    assert len(by_name) == len(cases)
    assert cpu_ns_of(by_name["decide CCR-U, 8 RG"].call, rounds=1, round_ns=1_000_000) > 0


def test_commits_are_measured(tmp_path: Path) -> None:
    """Packing, the memory store and a private Valkey each give a cost for every batch size."""
    talk = conversation(1)
    sets = change_sets(talk, 3, 4)
    assert [len(each.keys) for each in sets] == [2, 2, 2]
    assert [cost.batch for cost in packing_costs()] == [1, 16, 64, 256]
    assert all(cost.client_us > 0 for cost in asyncio.run(memory_costs(0.05)))
    valkey = asyncio.run(valkey_costs(tmp_path / "data", os.getpid(), 0.1))
    assert all(cost.wall_us > 0 and cost.store_us >= 0 for cost in valkey)


def test_missing_valgrind_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without valgrind there is a sentence instead of counts."""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "valgrind is not installed" in instructions.unavailable()
