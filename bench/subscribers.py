"""Subscribers to be charged: as many as wanted, rich enough for any run, an octet for a micro."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocs.simulation.profile import LoadProfile

PLAN: Final = "payg"
BALANCE: Final = "1000000000.00"


def write_subscribers(path: Path, count: int) -> Path:
    """Write a subscriber file with the numbers that the generator uses by default; the path."""
    profile = LoadProfile()
    msisdn, imsi = int(profile.msisdn_base), int(profile.imsi_base)
    with path.open("w", encoding="ascii") as file:
        file.write("msisdn,imsi,account,plan,balance\n")
        for number in range(count):
            file.write(f"{msisdn + number},{imsi + number:015},,{PLAN},{BALANCE}\n")
    return path
