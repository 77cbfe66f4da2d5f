"""How many more requests their handler takes; over that, connections refuse them unread. HOT PATH: compiled."""

from typing import Final

from mypy_extensions import i64, mypyc_attr

UNBOUNDED: Final = 1 << 60


@mypyc_attr(allow_interpreted_subclasses=True)
class Intake:
    """The room that a handler has: connections count ``room`` down, the handler says it anew."""

    def __init__(self) -> None:
        self.room: i64 = UNBOUNDED

    def refused(self, request_type: i64) -> None:
        """Learn that a connection has answered a request 3004 (DIAMETER_TOO_BUSY) without reading it."""
