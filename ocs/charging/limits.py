"""The bounds of the charging service."""

from mypy_extensions import i64


class ServiceLimits:
    """Bounds: requests in flight, requests in a batch, commits under way, and how long a request is retried.

    ``queue_us`` is how long what is taken under overload may wait (0 = as long as it takes).
    """

    def __init__(
        self, in_flight: i64, batch_size: i64, commits: i64, patience_us: i64, queue_us: i64 = 0
    ) -> None:
        self.in_flight = in_flight
        self.batch_size = batch_size
        self.commits = commits
        self.patience_us = patience_us
        self.queue_us = queue_us
