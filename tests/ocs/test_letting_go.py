"""Large structures are freed in pieces: all of it, and nothing that somebody else holds."""

from __future__ import annotations

import platform
import subprocess
import sys
from typing import Final

from ocs.letting_go import AT_ONCE, let_go
from rating.catalogue import Catalogue, Plan


class Part:
    """Something that tells when it is freed."""

    freed = 0

    def __del__(self) -> None:
        """Count it."""
        Part.freed += 1


def test_everything_is_freed_and_what_is_held_elsewhere_stays_whole() -> None:
    """Nested and shared parts go; a list that somebody holds keeps its own."""
    Part.freed = 0
    kept = [Part()]
    shared = (Part(),)
    tree: list[object] = [[{"name": (Part(), [Part()]), number: shared} for number in range(AT_ONCE)], kept]
    things: list[object] = [tree, shared]
    del tree, shared
    let_go(things)
    assert things == []
    assert Part.freed == 2 * AT_ONCE + 1
    assert len(kept) == 1


def test_values_of_rating_are_taken_apart() -> None:
    """A catalogue's plans are freed after it, one by one, and a plan that is still used stays as it is."""
    plan = Plan("p", "P", "EUR", True, {}, {}, [])
    before = sys.getrefcount(plan)
    things: list[object] = [Catalogue("v", {"p": plan}, {}, frozenset())]
    assert sys.getrefcount(plan) == before + 1
    let_go(things)
    assert sys.getrefcount(plan) == before
    assert plan.rules == {}


def test_the_order_is_from_the_whole_to_its_parts() -> None:
    """A deep chain is freed link by link, however deep it is."""
    Part.freed = 0
    chain: list[object] = [Part()]
    for _ in range(10 * AT_ONCE):
        chain = [chain]
    things: list[object] = [chain]
    del chain
    let_go(things)
    assert Part.freed == 1


ALONE: Final = """
import os
from bench.clocks import resident_kib
from ocs.letting_go import LARGE_OCTETS, free_large_blocks_at_once

print(free_large_blocks_at_once())
blocks = [b"x" * LARGE_OCTETS for _ in range(100)]
kept = blocks[::2]
before = resident_kib(os.getpid())
del blocks
print((before - resident_kib(os.getpid())) * 1024 // LARGE_OCTETS, len(kept))
"""


def test_large_blocks_go_back_to_the_system_at_once() -> None:
    """On Linux with glibc what lay between blocks in use is no longer resident; elsewhere nothing happens.

    In a process of its own: where much was freed before, blocks are made of that.
    """
    found = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True).stdout
    able, freed, kept = found.split()
    if able == "True":
        assert int(freed) >= 40
        assert kept == "50"
    else:
        assert (sys.platform, platform.libc_ver()[0]) != ("linux", "glibc")
