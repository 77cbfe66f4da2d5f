"""The golden messages and the captured Open5GS session, as the tests read them."""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

VECTORS = Path(__file__).parents[1] / "vectors"


class Vector(NamedTuple):
    """One message: where it comes from, which command it is, its octets."""

    name: str
    octets: bytes

    @property
    def is_ccr(self) -> bool:
        """Whether it is a Credit-Control-Request."""
        return self.octets[5:8] == b"\x00\x01\x10" and self.octets[4] & 0x80 != 0


@cache
def golden() -> dict[str, Vector]:
    """The golden messages by the first word of their name, such as A1 or CER."""
    messages = json.loads((VECTORS / "gy-golden.json").read_text())["messages"]
    vectors = [Vector(message["name"], bytes.fromhex(message["hex"])) for message in messages]
    return {vector.name.split()[0]: vector for vector in vectors}


@cache
def open5gs() -> tuple[Vector, ...]:
    """What the Open5GS SMF and its test server said to each other, in order; names begin with the direction."""
    lines = (VECTORS / "open5gs-gy.hex").read_text().splitlines()
    parts = [line.split() for line in lines if line and not line.startswith("#")]
    return tuple(Vector(f"{direction} {name}", bytes.fromhex(octets)) for _, direction, name, octets in parts)


def all_messages() -> list[Vector]:
    """Every message of both sets."""
    return [*golden().values(), *open5gs()]


def all_ccrs() -> list[Vector]:
    """Every Credit-Control-Request of both sets."""
    return [vector for vector in all_messages() if vector.is_ccr]
