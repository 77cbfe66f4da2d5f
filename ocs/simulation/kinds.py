"""The kinds of traffic: whose sessions or events they are, and in what they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocs.simulation.session import EVENTS, OCTETS, SECONDS


@dataclass(frozen=True)
class TrafficKind:
    """One kind. ``unit`` is that of its reports; ``requested`` and ``used`` are of that unit.

    An ``event`` is one EVENT_REQUEST that debits at once (IEC); every other kind is sessions, of which those of
    ``updates`` None have as many CCR-Us as the profile says. An empty ``service_context`` is the profile's.
    """

    name: str
    service_context: str
    unit: int
    requested: int
    used: int
    updates: int | None
    event: bool


DATA: Final = "data"

KINDS: Final = {
    kind.name: kind
    for kind in (
        TrafficKind(DATA, "", OCTETS, 0, 0, None, event=False),
        TrafficKind("voice", "32260@3gpp.org", SECONDS, 60, 60, None, event=False),
        TrafficKind("sms", "32274@3gpp.org", EVENTS, 1, 1, 0, event=False),
        TrafficKind("iec", "32274@3gpp.org", EVENTS, 1, 1, 0, event=True),
    )
}
"""Data of a packet gateway (TS 32.251), calls (TS 32.260), messages reserved or debited at once (TS 32.274)."""

Mix = tuple[tuple[str, int], ...]
"""Names of kinds, each with its share of the sessions and events."""

ONLY_DATA: Final[Mix] = ((DATA, 1),)


def read_mix(text: str) -> Mix:
    """The mix in ``data=70,voice=20,sms=10``. ValueError, in words, where it is none."""
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        if name not in KINDS:
            raise ValueError(f"a mix is of {', '.join(KINDS)}, not of {name!r}")
        if name in found:
            raise ValueError(f"{name} occurs twice in a mix")
        if not share.isdecimal() or not 1 <= int(share) <= 1000:
            raise ValueError(f"the share of {name} is a number from 1 to 1000, not {share!r}")
        found[name] = int(share)
    return tuple(found.items())


def text_of(mix: Mix) -> str:
    """A mix in words that ``read_mix`` reads."""
    return ",".join(f"{name}={share}" for name, share in mix)
