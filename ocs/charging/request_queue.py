"""Requests in the order in which they may be decided: those of one session after each other, in turn."""

from mypy_extensions import i64

from ocs.charging.pending import Pending


class RequestQueue:
    """What was taken and not yet answered. ``ready`` are those that nothing keeps from being decided."""

    def __init__(self) -> None:
        self.in_flight: i64 = 0
        self.ready: list[Pending] = []
        self._taken: dict[bytes, Pending] = {}
        self._behind: dict[bytes, list[Pending]] = {}

    def add(self, pending: Pending) -> None:
        """Take a request in; it waits for the earlier ones of its session."""
        self.in_flight += 1
        if self._taken.setdefault(pending.session_id, pending) is pending:
            self.ready.append(pending)
        else:
            self._behind.setdefault(pending.session_id, []).append(pending)

    def take(self, size: i64) -> list[Pending]:
        """Take up to so many ready requests out, to be decided."""
        batch = self.ready[:size]
        del self.ready[:size]
        return batch

    def oldest_us(self) -> i64:
        """Since when the first of the ready requests waits; 0 where there is none."""
        return self.ready[0].received_us if self.ready else 0

    def again(self, requests: list[Pending]) -> None:
        """Let requests that were taken out be decided once more."""
        self.ready.extend(requests)

    def done(self, pending: Pending) -> None:
        """Forget an answered request: the next one of its session is ready."""
        self.in_flight -= 1
        behind = self._behind.get(pending.session_id) if self._behind else None
        if behind is None:
            del self._taken[pending.session_id]
            return
        self.ready.append(behind.pop(0))
        if not behind:
            del self._behind[pending.session_id]
