"""The soak: its schedule, its verdicts, and one short run with all that happens in a long one."""

from typing import Any

from bench.soak import SoakPlan, growth_percent, soak, verdicts
from ocs.simulation.profile import LoadProfile

PLAN = SoakPlan(rate=1000, ramp_s=10, step_s=5, soak_s=60, window_s=20, rates=100)


def test_windows_and_schedule_have_the_same_seconds() -> None:
    """Ramp, steps and soak follow each other without a gap, as the load does."""
    windows = PLAN.windows()
    assert [each.start_s for each in windows[1:]] == [each.end_s for each in windows[:-1]]
    assert windows[-1].end_s == sum(step.seconds for step in PLAN.schedule()) == PLAN.soak_starts_s + 60
    assert [step.rate for step in PLAN.schedule()] == [100, 250, 500, 750, 1000, 1000]


def test_growth_compares_the_last_two_quarters() -> None:
    """Memory that is flat has grown by nothing; what came before the soak settled does not count."""
    flat = [(float(second), 100.0 if second >= 10 else 1.0) for second in range(50)]
    assert growth_percent(flat, 10) == 0
    assert growth_percent([(at_s, 100 + at_s) for at_s, _ in flat], 10) == 7.43
    assert growth_percent(flat[:5], 0) is None


def _data(**changes: Any) -> dict[str, Any]:
    figures = {
        "longest_us": 20_000,
        "generator_stall_us": 5_000,
        "server_growth_percent": 0.1,
        "store_growth_percent": None,
        "reloaded": True,
        **changes,
    }
    return {"run": {"ok": True}, "books": {"clean": True, "differences": []}, "soak": figures}


def test_what_is_not_well_is_said() -> None:
    """A pause, growing memory, and a reload that did not happen each have their line."""
    assert verdicts(_data()) == []
    assert "60000 us" in verdicts(_data(longest_us=60_000))[0]
    assert "server grew by 9" in verdicts(_data(server_growth_percent=9.0))[0]
    assert "reloaded" in verdicts(_data(reloaded=False))[0]


def test_a_short_soak_keeps_the_books() -> None:
    """Reload and rewrite happen under load, every answer comes, and every octet is accounted for."""
    plan = SoakPlan(rate=200, ramp_s=1, step_s=1, soak_s=6, window_s=3, rates=200)
    data = soak(plan, LoadProfile(gateways=2, subscribers=200, sessions=50))
    assert data["run"]["ok"], data["run"]
    assert data["books"]["clean"], data["books"]
    assert [each.split(" at ")[0] for each in data["soak"]["incidents"]] == [
        "catalogue reloaded",
        "log rewritten",
    ]
    assert data["soak"]["reloaded"]
