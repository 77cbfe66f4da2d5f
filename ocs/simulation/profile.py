"""What traffic to make: where to, whose, how much of it and for how long."""

import random
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from ocs.simulation.kinds import DATA, KINDS, ONLY_DATA, Mix, TrafficKind
from ocs.simulation.schedule import RateStep, Schedule
from ocs.simulation.session import NO_RATING_GROUP, Behaviour, SessionKind
from ocs.simulation.template import RequestTemplate

MAX_SERVICES: Final = 60
"""MSCCs in one request."""
DRAWS: Final = 1 << 17
"""Subscribers drawn for the sessions of a gateway before the same draws come again."""


@dataclass(frozen=True)
class LoadProfile:
    """The traffic of a run.

    ``rate`` is requests a second over all gateways (open loop: ``sessions`` are open at a time, and latency
    counts from the moment a request was due); 0 means closed loop: each gateway keeps ``window`` requests
    outstanding. ``updates`` CCR-Us lie between a session's CCR-I and its CCR-T. ``rating_groups`` 0 sends one
    MSCC without Rating-Group. Each report says between half of ``used_octets`` and all of it, never more than
    was granted. ``steps`` are rates one after the other instead of ``rate`` and ``seconds``. ``zipf`` above 0
    draws the subscribers by Zipf's law with that exponent, so that a few have many sessions at a time;
    otherwise each has at most one. Gateways are spread over ``port`` and ``more_ports``.

    ``mix`` has the kinds of traffic with their shares of the sessions. ``service_context``, ``updates``,
    ``rating_groups`` and octets are those of data; other kinds have one MSCC without Rating-Group.
    """

    host: str = "127.0.0.1"
    port: int = 3868
    more_ports: tuple[int, ...] = ()
    subscribers: int = 1000
    rate: int = 0
    sessions: int = 200
    window: int = 16
    seconds: int = 10
    gateways: int = 4
    updates: int = 4
    rating_groups: int = 1
    first_rating_group: int = 1
    msisdn_base: str = "447700000000"
    imsi_base: str = "234150000000000"
    realm: str = "example.net"
    service_context: str = "32251@3gpp.org"
    apn: str = "internet"
    requested_octets: int = 1_000_000
    used_octets: int = 1_000_000
    timeout_s: int = 10
    seed: int = 1
    steps: tuple[RateStep, ...] = ()
    zipf: float = 0.0
    mix: Mix = ONLY_DATA

    def faults(self) -> list[str]:
        """What is wrong with the numbers, in words; empty where they can be run."""
        found = []
        if not self.msisdn_base.isdecimal() or not self.imsi_base.isdecimal():
            found.append("--msisdn-base and --imsi-base are digits")
        if self.gateways < 1 or self.seconds < 1 or self.updates < 0 or self.rating_groups < 0 or self.rate < 0:
            found.append(
                "--gateways and --seconds are 1 or more; --updates, --rating-groups and --rate 0 or more"
            )
        if self.rate == 0 and self.window < 1:
            found.append("give --rate or a --window of at least 1")
        if any(step.seconds < 1 or step.rate < 1 or step.rate_at_end < 1 for step in self.steps):
            found.append("every step has 1 second and 1 request a second at least")
        wanted = max(self.sessions_at_once(), self.gateways)
        if self.subscribers < wanted and not self.zipf:
            found.append(f"--subscribers {self.subscribers}: {wanted} sessions at a time need as many")
        if self.rating_groups > MAX_SERVICES:
            found.append(f"--rating-groups {self.rating_groups}: at most {MAX_SERVICES}")
        return found

    def sessions_at_once(self) -> int:
        """How many sessions are open at a time, over all gateways."""
        return self.sessions if self.paced else self.gateways * self.window

    @property
    def paced(self) -> bool:
        """Whether the loop is open: requests have a moment at which they are due."""
        return self.rate > 0 or bool(self.steps)

    def schedule(self) -> Schedule:
        """The moments of an open loop's requests."""
        return Schedule(list(self.steps) or [RateStep(self.seconds, self.rate, self.rate)])

    def services_of(self, kind: TrafficKind) -> int:
        """How many MSCCs a request of a kind has."""
        return max(self.rating_groups, 1) if kind.name == DATA else 1

    def first_group_of(self, kind: TrafficKind) -> int:
        """The first rating group of a kind's requests, or NO_RATING_GROUP."""
        return self.first_rating_group if kind.name == DATA and self.rating_groups else NO_RATING_GROUP

    def behaviour_of(self, gateway: int, templates: dict[str, list[RequestTemplate]]) -> Behaviour:
        """What a gateway does whose requests are made of these templates, by kind."""
        kinds = []
        draws: list[int] = []
        for place, (name, share) in enumerate(self.mix):
            kind = KINDS[name]
            draws += [place] * share
            kinds.append(
                SessionKind(
                    templates[name],
                    updates=self.updates if kind.updates is None else kind.updates,
                    services=self.services_of(kind),
                    first_rating_group=self.first_group_of(kind),
                    used=kind.used or self.used_octets,
                    unit=kind.unit,
                    event=kind.event,
                )
            )
        sessions = max(self.sessions_at_once() // self.gateways, 1)
        return Behaviour(kinds, draws, seed=self.seed + gateway, paced=self.paced, sessions=sessions)

    def subscribers_of(self, gateway: int) -> list[int]:
        """The subscribers of a gateway's sessions, in turn; with ``zipf``, all draw from all."""
        if self.zipf:
            chance = random.Random(self.seed * 1000 + gateway)
            weights = list(accumulate(rank**-self.zipf for rank in range(1, self.subscribers + 1)))
            return chance.choices(range(self.subscribers), cum_weights=weights, k=DRAWS)
        own = list(range(gateway - 1, self.subscribers, self.gateways))
        random.Random(self.seed).shuffle(own)
        return own

    def port_of(self, gateway: int) -> int:
        """The port that a gateway connects to."""
        ports = (self.port, *self.more_ports)
        return ports[(gateway - 1) % len(ports)]

    def origin_host(self, gateway: int) -> str:
        """The Origin-Host of a gateway, which are numbered from 1."""
        return f"pgw{gateway}.{self.realm}"
