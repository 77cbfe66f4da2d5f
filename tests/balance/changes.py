"""Short words for states and change sets."""

from __future__ import annotations

from balance.changes import ChangeSet


def state(version: int, body: bytes = b"") -> bytes:
    """A state: its version and what follows."""
    return version.to_bytes(8, "big") + body


def change(
    *puts: tuple[bytes, int, bytes],
    life_ms: int = 0,
    events: list[bytes] | None = None,
    deadlines: list[tuple[bytes, int]] | None = None,
    opened: list[tuple[bytes, bytes]] | None = None,
    closed: list[tuple[bytes, bytes]] | None = None,
) -> ChangeSet:
    """A change set of (key, expected version, new state)."""
    made = ChangeSet()
    for key, expected, value in puts:
        made.put(key, expected, value, life_ms)
    made.events = events or []
    made.deadlines = deadlines or []
    made.opened = opened or []
    made.closed = closed or []
    return made


def results(sets: list[ChangeSet]) -> list[int]:
    """The results of change sets."""
    return [int(each.result) for each in sets]
