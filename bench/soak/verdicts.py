"""What of a soak is not as it must be."""

from __future__ import annotations

from typing import Any, Final

from bench.soak.causes import BYSTANDER

LONGEST_PAUSE_US: Final = 50_000
GROWTH_PERCENT: Final = 5
BUSY_PERCENT: Final = 2
"""Where the server had no core for longer, the machine has other work, and requests queue for that reason."""


def growth_percent(points: list[tuple[float, float]], from_s: float) -> float | None:
    """How much more memory the last quarter used than the one before it; None where there is too little."""
    late = [value for at_s, value in points if at_s >= from_s]
    if len(late) < 8:
        return None
    quarter = len(late) // 4
    first = sum(late[-2 * quarter : -quarter]) / quarter
    last = sum(late[-quarter:]) / quarter
    return round(100 * (last - first) / first, 2) if first else None


def verdicts(data: dict[str, Any]) -> list[str]:
    """What of the run is not as it must be; empty where all is well."""
    soak = data["soak"]
    found = []
    if not data["run"]["ok"]:
        found.append(f"answers: {data['run']['trouble'] or data['run']['faults'] or data['run']['unanswered']}")
    if not data["books"]["clean"]:
        found.append(f"books: {data['books']['differences'][:3]}")
    found += _of_pauses(soak)
    for whose in ("server", "store"):
        growth = soak[f"{whose}_growth_percent"]
        if growth is not None and growth > GROWTH_PERCENT:
            found.append(f"memory of the {whose} grew by {growth} % in the last quarter")
    if soak["reloads_told"] < soak["reloads_asked"]:
        found.append(
            f"the server's log tells of {soak['reloads_told']} reloads, {soak['reloads_asked']} were asked for"
        )
    return found


def _of_pauses(soak: dict[str, Any]) -> list[str]:
    """Pauses that are the server's or the store's own, and a wait of a request that no pause explains."""
    found = []
    explained = soak["generator_stall_us"]
    for each in soak["pauses"]:
        explained = max(explained, each["longest_us"])
        if each["process"] != BYSTANDER and each["own_us"] > LONGEST_PAUSE_US:
            found.append(f"the {each['process']} paused for {each['own_us']} us: {each['meanwhile']}")
    over_us = soak["longest_us"] - explained
    if over_us > LONGEST_PAUSE_US and soak["without_core_percent"] <= BUSY_PERCENT:
        found.append(f"a request waited {soak['longest_us']} us, {over_us} us more than any pause explains")
    return found
