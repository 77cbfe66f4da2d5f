"""What the curves have in common: how long a point is measured, its load, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from bench.load.measure import WindowOutcome, closed_loop, run_windows
from bench.results import Figure
from bench.servers import RunningServer
from ocs.simulation.kinds import ONLY_DATA, text_of
from ocs.simulation.profile import LoadProfile

COMMAND = "python -m bench.scale"
WARM_UP_S = 1
BASE = LoadProfile(gateways=4, window=64, subscribers=10_000)


@dataclass(frozen=True)
class Plan:
    """How long each point is measured, and whether the long points are wanted too."""

    seconds: int = 4
    full: bool = False
    short: bool = False


def parameters_of(profile: LoadProfile, kind: str, seconds: int, **more: Figure) -> dict[str, Figure]:
    """What was chosen for a point."""
    return {
        "server": kind,
        "connections": profile.gateways,
        "window": 0 if profile.paced else profile.window,
        "updates": profile.updates,
        "rating_groups": profile.rating_groups,
        "subscribers": profile.subscribers,
        "seconds": seconds,
        **({} if profile.mix == ONLY_DATA else {"mix": text_of(profile.mix)}),
        **more,
    }


def closed_point(
    server: RunningServer, profile: LoadProfile, seconds: int, warm_up_s: int = WARM_UP_S
) -> WindowOutcome:
    """One closed loop. RuntimeError where an answer was missing or malformed."""
    outcome = run_windows(*closed_loop(profile, warm_up_s, seconds), server)
    if not outcome.report.well:
        raise RuntimeError(outcome.report.as_text())
    return outcome.windows[0]
