"""The collector looks at young objects only, and at none while something large is made."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from ocs.young_garbage import YoungGarbage


class Node:
    """Something that can be in a cycle with itself."""

    def __init__(self) -> None:
        self.other = self


@pytest.fixture
def garbage() -> Iterator[YoungGarbage]:
    """The collector as a server has it; afterwards everything is as it was."""
    interval = sys.getswitchinterval()
    found = YoungGarbage()
    found.take_over()
    yield found
    gc.unfreeze()
    found.give_back()
    assert gc.isenabled()
    sys.setswitchinterval(interval)


def test_young_cycles_are_freed(garbage: YoungGarbage) -> None:
    """A cycle that nobody holds goes with the next look, although the collector is switched off."""
    assert not gc.isenabled()
    lost = weakref.ref(Node())
    assert lost() is not None
    garbage.look()
    assert lost() is None


def test_what_stays_is_looked_at_once(garbage: YoungGarbage) -> None:
    """However much is remembered, a look is at what came since the one before."""
    kept = [[number] for number in range(1000)]
    garbage.look()
    assert len(kept) == 1000
    assert len(gc.get_objects(0)) < 500


def test_nothing_is_looked_at_while_something_large_is_made(garbage: YoungGarbage) -> None:
    """What was made meanwhile is out of sight for good."""
    frozen = gc.get_freeze_count()
    with garbage.put_off():
        made = [[number] for number in range(1000)]
        lost = weakref.ref(Node())
        garbage.look()
        assert lost() is not None
    assert gc.get_freeze_count() >= frozen + len(made)
    garbage.look()
    assert lost() is not None
