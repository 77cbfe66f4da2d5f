"""How many requests may be in flight: a fixed bound, and under overload what was lately answered in some time.

Requests that merely come at once are taken, up to the fixed bound, and so are those that pile up while the
process or its store pauses. But where requests have been waiting without a break, no more may be in flight
than were answered lately in ``queue_us``: what is taken then waits about that long, whatever is offered. Where
that is not enough and requests are refused on and on, a queue serves nobody: it is cut to a part.
"""

from typing import Final

from mypy_extensions import i64

from ocs.metrics import ServerMetrics
from protocol.codes import CREDIT_CONTROL
from protocol.intake import Intake
from protocol.result_codes import TOO_BUSY

FULL_BATCHES: Final = 4
"""So many batches of requests are always taken: fewer in flight would leave the store idle between them."""

LASTING_WINDOWS: Final = 4
"""Overload lasts when requests were refused in so many times ``queue_us``, one after the other."""
PART: Final = 5
"""What is taken then waits for this part of ``queue_us``."""


class AdmissionBound(Intake):
    """``bound`` requests may be in flight now. ``queue_us`` 0: only ``in_flight_max`` bounds them."""

    def __init__(self, in_flight_max: i64, batch_size: i64, queue_us: i64, metrics: ServerMetrics) -> None:
        super().__init__()
        self.bound = in_flight_max
        self.room = in_flight_max
        self._in_flight_max = in_flight_max
        least = FULL_BATCHES * batch_size
        self._least = least if least < in_flight_max else in_flight_max
        self._queue_us = queue_us
        self._metrics = metrics
        self._standing_since_us: i64 = 0
        self._window_us: i64 = 0
        self._answered: i64 = 0
        self._answered_before: i64 = 0
        self._shed: i64 = 0
        self._windows_shed: i64 = 0

    def refused(self, request_type: i64) -> None:
        """Count a request that a connection has answered 3004."""
        metrics = self._metrics
        metrics.count_request(request_type)
        metrics.count_answer(CREDIT_CONTROL, request_type, TOO_BUSY)
        metrics.shed += 1

    def waited(self, oldest_us: i64, now_us: i64) -> None:
        """A batch was taken; what is left waits since ``oldest_us`` (0 = nothing is left)."""
        if oldest_us == 0:
            self._standing_since_us = 0
            self._windows_shed = 0
            self.bound = self._in_flight_max
            return
        if self._queue_us == 0:
            return
        if self._standing_since_us == 0:
            if 2 * (now_us - oldest_us) > self._queue_us:
                self._standing_since_us = now_us
        elif 2 * (now_us - self._standing_since_us) > self._queue_us:
            self._tighten()

    def answered(self, count: i64, now_us: i64) -> None:
        """So many requests were answered after a commit."""
        elapsed_us = now_us - self._window_us
        if elapsed_us >= self._queue_us > 0:
            self._answered_before = self._answered * self._queue_us // elapsed_us
            self._answered = 0
            self._window_us = now_us
            shed = self._metrics.shed
            self._windows_shed = self._windows_shed + 1 if shed > self._shed else 0
            self._shed = shed
        self._answered += count

    def _tighten(self) -> None:
        """Let no more be in flight than were answered in ``queue_us`` or in a part of it.

        What was answered is that of the better one of the last two windows.
        """
        bound = self._answered if self._answered > self._answered_before else self._answered_before
        if self._windows_shed >= LASTING_WINDOWS:
            bound //= PART
        if bound < self._least:  # noqa: PLR1730  (max() boxes the numbers)
            bound = self._least
        self.bound = bound if bound < self._in_flight_max else self._in_flight_max
