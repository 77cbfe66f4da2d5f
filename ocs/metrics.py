"""What the server counts about itself: plain numbers that the charging service raises, read when somebody asks.

Nothing here has a lock or a clock. One event loop raises the numbers, and the exporter reads them on that loop.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from ocs.latency import LatencyHistogram
from protocol.codes import CREDIT_CONTROL
from protocol.messages import EVENT_REQUEST, INITIAL_REQUEST, TERMINATION_REQUEST, UPDATE_REQUEST
from protocol.result_codes import SUCCESS

STAGE_QUEUE: Final = 0
"""From the octets' arrival to the decision's beginning."""
STAGE_DECIDE: Final = 1
"""The decision itself, state decoding and encoding included."""
STAGE_COMMIT: Final = 2
"""From the commit's start to its durable end."""
STAGE_TOTAL: Final = 3
"""From the octets' arrival to the answer's hand-over to the socket."""
STAGE_NAMES: Final = ("queue", "decide", "commit", "total")


class RecordMetrics:
    """The record writer's numbers. ``lag_ms``: for how long it has not been level with the outbox."""

    def __init__(self) -> None:
        self.written: i64 = 0
        self.files_sealed: i64 = 0
        self.missing: i64 = 0
        self.failures: i64 = 0
        self.lag_ms: i64 = 0
        self.error = ""


@mypyc_attr(acyclic=True)
class CountByType:
    """How many there were of each CC-Request-Type (RFC 8506, 8.3); ``other`` counts those of none."""

    def __init__(self) -> None:
        self.other: i64 = 0
        self.initial: i64 = 0
        self.update: i64 = 0
        self.termination: i64 = 0
        self.event: i64 = 0

    def add(self, request_type: i64) -> None:
        """Count one."""
        if request_type == UPDATE_REQUEST:
            self.update += 1
        elif request_type == INITIAL_REQUEST:
            self.initial += 1
        elif request_type == TERMINATION_REQUEST:
            self.termination += 1
        elif request_type == EVENT_REQUEST:
            self.event += 1
        else:
            self.other += 1

    def counts(self) -> list[int]:
        """The counts in a list, each at the place of its type; the others' at 0."""
        return [self.other, self.initial, self.update, self.termination, self.event]


class ServerMetrics:
    """Counters, which only rise; and levels: open sessions, queue length, requests in flight, connections."""

    def __init__(self) -> None:
        self.requests_by_type = CountByType()
        self.successes = CountByType()
        self.answers: dict[int, int] = {}
        self.stages: list[LatencyHistogram] = [LatencyHistogram() for _ in STAGE_NAMES]
        self.batch_size = LatencyHistogram()
        self.store_round_trip = LatencyHistogram()
        self.grants: i64 = 0
        self.final_grants: i64 = 0
        self.conflicts: i64 = 0
        self.store_transactions: i64 = 0
        self.store_disturbed: i64 = 0
        self.replays: i64 = 0
        self.shed: i64 = 0
        self.issues: dict[int, int] = {}
        self.refused_connections: i64 = 0
        self.store_unknown: i64 = 0
        self.failed_decisions: i64 = 0
        self.sessions_opened: i64 = 0
        self.sessions_closed: i64 = 0
        self.sessions_expired: i64 = 0
        self.messages_by_command: dict[int, int] = {}
        self.open_sessions: i64 = 0
        self.queue_length: i64 = 0
        self.in_flight: i64 = 0
        self.connections: i64 = 0
        self.records = RecordMetrics()

    def count_request(self, request_type: i64) -> None:
        """A CCR arrived; an unknown CC-Request-Type counts as 0."""
        self.requests_by_type.add(request_type)

    def count_answer(self, command: i64, request_type: i64, result_code: i64) -> None:
        """An answer left; ``request_type`` 0 where the command has none."""
        if result_code == SUCCESS and command == CREDIT_CONTROL:
            self.successes.add(request_type)
            return
        key: i64 = _answer_key(command, request_type, result_code)
        self.answers[key] = self.answers.get(key, 0) + 1

    def all_answers(self) -> dict[int, int]:
        """How many answers left, by command, type and code (``split_answer_key``)."""
        every = dict(self.answers)
        for request_type, count in enumerate(self.successes.counts()):
            if count:
                every[_answer_key(CREDIT_CONTROL, request_type, SUCCESS)] = count
        return every

    def record_stage(self, stage: i64, elapsed_us: i64) -> None:
        """A request spent this many microseconds in a stage."""
        self.stages[stage].record(elapsed_us)


def _answer_key(command: i64, request_type: i64, result_code: i64) -> i64:
    return (command << 24) | ((request_type & 0xFF) << 16) | (result_code & 0xFFFF)


def split_answer_key(key: int) -> tuple[int, int, int]:
    """Command, CC-Request-Type and Result-Code of a key of ``ServerMetrics.all_answers``."""
    return key >> 24, (key >> 16) & 0xFF, key & 0xFFFF
