"""What the charging service needs of the world: clocks, the event loop and a log, handed in from outside."""

from collections.abc import Callable


class Surroundings:
    """``now_ms`` is epoch milliseconds, ``now_us`` a monotonic clock in microseconds.

    ``call_soon`` runs a function at the next turn of the event loop, ``call_later`` after so many seconds.
    ``log_failure`` is told the reason and the Session-Id of a request that failed by a fault of ours.
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        now_us: Callable[[], int],
        call_soon: Callable[[Callable[[], None]], object],
        call_later: Callable[[float, Callable[[], None]], object],
        log_failure: Callable[[str, bytes], None],
    ) -> None:
        self.now_ms = now_ms
        self.now_us = now_us
        self.call_soon = call_soon
        self.call_later = call_later
        self.log_failure = log_failure
