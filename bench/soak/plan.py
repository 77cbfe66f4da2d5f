"""How a soak goes: a ramp, steps, then a long even load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.load.measure import Window
from ocs.simulation.schedule import RateStep

STEPS: Final = (25, 50, 75, 100)
"""Percent of the rate, one after the other, before the soak."""
RELOADS: Final = 12
SHORTEST_BETWEEN_RELOADS_S: Final = 10
REWRITES: Final = (0.3, 0.7)
"""Parts of the soak after which the store's log is rewritten."""


@dataclass(frozen=True)
class SoakPlan:
    """How much load and for how long, measured window by window; ``rates`` is the size of the catalogue."""

    rate: int
    ramp_s: int
    step_s: int
    soak_s: int
    window_s: int
    rates: int
    reload_every_s: int = 0
    """0 = so often that the whole soak has a dozen."""

    @property
    def soak_starts_s(self) -> int:
        """Seconds before the soak itself."""
        return self.ramp_s + len(STEPS) * self.step_s

    def schedule(self) -> tuple[RateStep, ...]:
        """Ramp, steps and soak."""
        ramp = RateStep(self.ramp_s, max(self.rate // 10, 1), self.rate)
        steps = [self.rate * share // 100 for share in STEPS]
        return (
            ramp,
            *(RateStep(self.step_s, rate, rate) for rate in steps),
            RateStep(self.soak_s, self.rate, self.rate),
        )

    def windows(self) -> list[Window]:
        """The ramp, each step, and the soak in equal parts."""
        found = [Window("ramp", 0, self.ramp_s, self.rate)]
        at = self.ramp_s
        for share in STEPS:
            rate = self.rate * share // 100
            found.append(Window(f"{share} %", at, at + self.step_s, rate))
            at += self.step_s
        for start in range(0, self.soak_s - self.window_s + 1, self.window_s):
            found.append(Window(f"soak {start} s", at + start, at + start + self.window_s, self.rate))
        return found

    def reloads_s(self) -> list[float]:
        """When the catalogue is reloaded: more often than earlier ones are remembered, in a long soak."""
        if self.reload_every_s:
            until_s = self.soak_starts_s + self.soak_s
            return [float(at) for at in range(self.soak_starts_s, until_s, self.reload_every_s)][1:]
        count = max(min(RELOADS, self.soak_s // SHORTEST_BETWEEN_RELOADS_S), 1)
        return [self.soak_starts_s + self.soak_s * (number + 0.5) / (count + 0.5) for number in range(count)]

    def rewrites_s(self) -> list[float]:
        """When the store's log is rewritten."""
        return [self.soak_starts_s + self.soak_s * part for part in REWRITES]
