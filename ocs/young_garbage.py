"""Python's garbage collector beside traffic: it looks at what was made lately, never at all that is remembered.

Left to itself it would look at everything made since it last did, at moments that depend on how many more
objects were made than freed: seldom, and then for 50 ms and more. What a request or a connection leaves behind
has no cycles. What else does leaves them young.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PERIOD_S: Final = 0.25
"""Short: at a hundred thousand requests a second a look at the sessions of a second would take 10 ms."""
TURN_OF_A_THREAD_S: Final = 0.0001
"""After so long a thread that makes a catalogue or writes records lets the traffic go on."""


class YoungGarbage:
    """Looks for cycles among what was made since the last look. One server has a process for itself."""

    def __init__(self) -> None:
        self._put_off = 0

    def take_over(self) -> None:
        """Take all that there is out of the collector's sight, and switch it off but for ``run``."""
        gc.collect()
        gc.freeze()
        gc.disable()
        sys.setswitchinterval(TURN_OF_A_THREAD_S)

    def give_back(self) -> None:
        """Let the collector work by itself again."""
        gc.enable()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            self.look()

    def look(self) -> None:
        """Free the young cycles, unless much is being made that will stay."""
        if not self._put_off:
            gc.collect(0)

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """While something large is made; afterwards it is out of the collector's sight."""
        self._put_off += 1
        try:
            yield
        finally:
            self._put_off -= 1
            gc.freeze()
