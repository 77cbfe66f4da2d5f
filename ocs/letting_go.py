"""Freeing large things in pieces, so that other threads run in between.

When the last reference to a large structure goes, all its parts are freed in one go: a hundred thousand rules
keep the interpreter for a twentieth of a second.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterable
from itertools import chain
from typing import Final

from rating.giving_way import give_way

AT_ONCE: Final = 500
SETS: Final = 64
OCTETS: Final = 16
"""Objects begin at multiples of so many."""
LARGE_OCTETS: Final = 1 << 18
KEPT_OCTETS: Final = 1 << 25
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
VARIABLES: Final = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
_CONTAINERS: Final = (dict, list, tuple, set, frozenset)
_PACKAGES: Final = frozenset({"config", "rating"})


def let_go(things: list[object]) -> None:
    """Empty the list and free in pieces what only it held. Nothing changes that somebody else holds."""
    parts = things.copy()
    things.clear()
    _add_parts(parts)
    parts.reverse()  # what holds others goes before them, so that it takes none of them along
    while parts:
        del parts[-AT_ONCE:]
        give_way()


def free_large_blocks_at_once() -> bool:
    """Have the C library give back large blocks, and only these, when they are freed; False where it can not.

    glibc does so by itself until the first such block is freed; from then on blocks of that size lie between
    others, and the tables of an old deck would stay with this process. ``malloc_trim`` would give them back,
    but whoever wants memory waits for it, 10 ms and more. What is not large stays, up to ``KEPT_OCTETS``: each
    request would else have memory taken back and given anew.
    """
    if any(variable in os.environ for variable in VARIABLES):
        return True  # somebody has chosen
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another system, or another C library
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE_OCTETS) and mallopt(M_TRIM_THRESHOLD, KEPT_OCTETS))


def _add_parts(parts: list[object]) -> None:
    """Add whatever hangs on the things of a list, each after what holds it."""
    seen: list[set[int]] = [set() for _ in range(SETS)]  # a single large one would take long to grow
    for part in parts:
        seen[id(part) // OCTETS % SETS].add(id(part))
    at = 0
    while at < len(parts):
        part = parts[at]
        at += 1
        if _has_parts(part):
            for each in _parts_of(part):
                if _has_parts(each):
                    near = seen[id(each) // OCTETS % SETS]
                    if id(each) not in near:
                        near.add(id(each))
                        parts.append(each)


def _parts_of(thing: object) -> Iterable[object]:
    """What a thing holds; of a long collection one after the other, so that other threads run meanwhile."""
    if isinstance(thing, dict) and len(thing) > AT_ONCE:
        return chain(thing, thing.values())
    if isinstance(thing, (list, tuple, set, frozenset)) and len(thing) > AT_ONCE:
        return thing
    return gc.get_referents(thing)


def _has_parts(thing: object) -> bool:
    """Whether a thing is of a kind that holds others: collections, and values of configuration and rating."""
    kind = type(thing)
    return kind in _CONTAINERS or kind.__module__.partition(".")[0] in _PACKAGES
