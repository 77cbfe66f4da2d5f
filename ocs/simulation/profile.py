"""What traffic to make: where to, whose, how much of it and for how long."""

from dataclasses import dataclass
from typing import Final

MAX_SERVICES: Final = 60
"""MSCCs in one request."""


@dataclass(frozen=True)
class LoadProfile:
    """The traffic of a run.

    ``rate`` is requests a second over all gateways (open loop: ``sessions`` are open at a time, and latency
    counts from the moment a request was due); 0 means closed loop: each gateway keeps ``window`` requests
    outstanding. ``updates`` CCR-Us lie between a session's CCR-I and its CCR-T. ``rating_groups`` 0 sends one
    MSCC without Rating-Group. Each report says between half of ``used_octets`` and all of it, never more than
    was granted.
    """

    host: str = "127.0.0.1"
    port: int = 3868
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
        wanted = max(self.sessions_at_once(), self.gateways)
        if self.subscribers < wanted:
            found.append(f"--subscribers {self.subscribers}: {wanted} sessions at a time need as many")
        if self.rating_groups > MAX_SERVICES:
            found.append(f"--rating-groups {self.rating_groups}: at most {MAX_SERVICES}")
        return found

    def sessions_at_once(self) -> int:
        """How many sessions are open at a time, over all gateways."""
        return self.sessions if self.rate else self.gateways * self.window

    def origin_host(self, gateway: int) -> str:
        """The Origin-Host of a gateway, which are numbered from 1."""
        return f"pgw{gateway}.{self.realm}"
