"""``python -m bench.bystander SOCKET STORE_PID OWN_FILE STORE_FILE``: what a process notices that does nothing.

Every few milliseconds it sleeps, and asks the store for a PONG. How late it wakes up tells how much the machine
holds up anybody; how late the answer comes is a pause of the store, with what the kernel says of it.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import IO, Final

from bench.pauses import Pause, WaitingClock

TICK_S: Final = 0.004
WORTH_TELLING_US: Final = 5_000


class Bystander:
    """Sleeps, asks, and tells what took long; until the store is gone or it is ended."""

    def __init__(self, store: socket.socket, store_pid: int, own: IO[str], stores: IO[str]) -> None:
        self._store = store
        self._own_clock = WaitingClock("thread-self")
        self._store_clock = WaitingClock(str(store_pid))
        self._own = own
        self._stores = stores

    def run(self) -> None:
        """Until the store closes the connection."""
        while True:
            self._sleep()
            if not self._ask():
                return

    def _sleep(self) -> None:
        start_us = _now_us()
        waited_us = self._own_clock.waited_us()
        time.sleep(TICK_S)
        end_us = _now_us()
        late = end_us - start_us - round(TICK_S * 1e6)
        if late >= WORTH_TELLING_US:
            waited = self._own_clock.waited_us() - waited_us
            self._own.write(Pause(end_us, late, 0, 0, waited, max(late - waited, 0)).as_line())

    def _ask(self) -> bool:
        start_us = _now_us()
        own_us, store_us = self._own_clock.waited_us(), self._store_clock.waited_us()
        self._store.sendall(b"PING\r\n")
        if not self._store.recv(100):
            return False
        end_us = _now_us()
        late = end_us - start_us
        if late >= WORTH_TELLING_US:
            machine = self._own_clock.waited_us() - own_us + self._store_clock.waited_us() - store_us
            self._stores.write(Pause(end_us, late, 0, 0, machine, max(late - machine, 0)).as_line())
        return True


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def main() -> None:
    """Watch until the store ends."""
    path, store_pid, own, stores = sys.argv[1:]
    with (
        socket.socket(socket.AF_UNIX) as store,
        Path(own).open("w", buffering=1) as own_file,
        Path(stores).open("w", buffering=1) as stores_file,
    ):
        store.connect(path)
        try:
            Bystander(store, int(store_pid), own_file, stores_file).run()
        except OSError:
            return


if __name__ == "__main__":
    main()
