"""The soak: its schedule, pauses by cause, verdicts, and one short run with all that happens in a long one."""

from typing import Any

from bench.beat import Clocks, pause_between
from bench.pauses import Pause
from bench.soak.causes import BYSTANDER, EVEN_LOAD, SERVER, causes_of
from bench.soak.incidents import RELOAD, REWRITE
from bench.soak.plan import SoakPlan
from bench.soak.run import soak
from bench.soak.verdicts import growth_percent, verdicts
from ocs.simulation.profile import LoadProfile

PLAN = SoakPlan(rate=1000, ramp_s=10, step_s=5, soak_s=60, window_s=20, rates=100)


def test_windows_and_schedule_have_the_same_seconds() -> None:
    """Ramp, steps and soak follow each other without a gap, as the load does."""
    windows = PLAN.windows()
    assert [each.start_s for each in windows[1:]] == [each.end_s for each in windows[:-1]]
    assert windows[-1].end_s == sum(step.seconds for step in PLAN.schedule()) == PLAN.soak_starts_s + 60
    assert [step.rate for step in PLAN.schedule()] == [100, 250, 500, 750, 1000, 1000]


def test_reloads_come_within_the_soak_and_not_too_often() -> None:
    """Twelve in a long soak, which is more than catalogues are remembered; at least one in a short one."""
    long = SoakPlan(rate=1, ramp_s=10, step_s=5, soak_s=1800, window_s=60, rates=1)
    assert len(long.reloads_s()) == 12
    assert len(PLAN.reloads_s()) == 6
    assert len(SoakPlan(1, 1, 1, 5, 5, 1).reloads_s()) == 1
    for plan in (long, PLAN):
        moments = plan.reloads_s()
        assert plan.soak_starts_s < moments[0] < moments[-1] < plan.soak_starts_s + plan.soak_s


def test_growth_compares_the_last_two_quarters() -> None:
    """Memory that is flat has grown by nothing; what came before the soak settled does not count."""
    flat = [(float(second), 100.0 if second >= 10 else 1.0) for second in range(50)]
    assert growth_percent(flat, 10) == 0
    assert growth_percent([(at_s, 100 + at_s) for at_s, _ in flat], 10) == 7.43
    assert growth_percent(flat[:5], 0) is None


def test_a_pause_is_charged_to_what_it_was_made_of() -> None:
    """Time without a core is the machine's, also where another thread had none while this one waited for it."""
    start = Clocks(1_000_000, 0, 0, 0, 0)
    busy = pause_between(start, Clocks(1_062_000, 60_000, 1_000, 0, 20_000))
    assert (busy.late_us, busy.own_us, busy.cpu_us, busy.collecting_us) == (60_000, 59_000, 60_000, 20_000)
    starved = pause_between(start, Clocks(1_062_000, 2_000, 55_000, 0, 0))
    assert (starved.own_us, starved.machine_us, starved.blocked_us) == (5_000, 55_000, 3_000)
    held = pause_between(start, Clocks(1_062_000, 2_000, 0, 30_000, 0))
    assert (held.own_us, held.machine_us, held.blocked_us) == (30_000, 30_000, 28_000)
    assert pause_between(start, Clocks(1_002_500, 500, 0, 0, 0)).late_us == 500


def test_pauses_are_told_by_what_went_on_meanwhile() -> None:
    """Only those of the soak count; the parts are those of the longest of the process's own."""
    pauses = [
        Pause(900, 800, 1, 0, 0, 0),
        Pause(20_000, 9_000, 8_000, 7_000, 0, 0),
        Pause(60_000, 12_000, 1_000, 0, 11_500, 0),
        Pause(90_000, 5_000, 0, 0, 0, 5_000),
    ]
    found = causes_of(SERVER, pauses, 1_000, 95_000, lambda start, _end: RELOAD if start == 85_000 else "")
    even, reload = found
    assert (even.meanwhile, even.count, even.longest_us, even.own_us) == (EVEN_LOAD, 2, 12_000, 9_000)
    assert (even.cpu_us, even.collecting_us) == (8_000, 7_000)
    assert (reload.meanwhile, reload.count, reload.blocked_us) == (RELOAD, 1, 5_000)


def _data(process: str = SERVER, own_us: int = 20_000, machine_us: int = 0, **changes: Any) -> dict[str, Any]:
    pause = {"process": process, "meanwhile": RELOAD, "longest_us": own_us + machine_us, "own_us": own_us}
    figures = {
        "longest_us": 20_000,
        "generator_stall_us": 5_000,
        "without_core_percent": 0.5,
        "pauses": [pause],
        "server_growth_percent": 0.1,
        "store_growth_percent": None,
        "reloads_asked": 2,
        "reloads_told": 2,
        **changes,
    }
    return {"run": {"ok": True}, "books": {"clean": True, "differences": []}, "soak": figures}


def test_what_is_not_well_is_said() -> None:
    """A pause of its own, a wait that nothing explains, growing memory and a reload that did not happen."""
    assert verdicts(_data()) == []
    assert verdicts(_data(own_us=60_000)) == ["the server paused for 60000 us: reload of the catalogue"]
    assert verdicts(_data(own_us=10_000, machine_us=300_000, longest_us=310_000)) == []
    assert verdicts(_data(process=BYSTANDER, own_us=60_000)) == []
    assert "waited 90000 us" in verdicts(_data(longest_us=90_000))[0]
    assert verdicts(_data(longest_us=90_000, without_core_percent=30.0)) == []
    assert "server grew by 9" in verdicts(_data(server_growth_percent=9.0))[0]
    assert "1 reloads, 2 were asked" in verdicts(_data(reloads_told=1))[0]


def test_a_short_soak_keeps_the_books() -> None:
    """Reload and rewrite happen under load, every answer comes, and every octet is accounted for."""
    plan = SoakPlan(rate=200, ramp_s=1, step_s=1, soak_s=6, window_s=3, rates=200)
    data = soak(plan, LoadProfile(gateways=2, subscribers=200, sessions=50))
    assert data["run"]["ok"], data["run"]
    assert data["books"]["clean"], data["books"]
    found = data["soak"]
    assert sorted(each["name"] for each in found["incidents"]) == [RELOAD, REWRITE, REWRITE]
    assert found["reloads_told"] == found["reloads_asked"] == 1
    assert [each["process"] for each in found["pauses"] if each["meanwhile"] == EVEN_LOAD] == [
        SERVER,
        "store",
        BYSTANDER,
    ]
