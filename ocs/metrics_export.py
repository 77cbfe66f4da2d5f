"""ServerMetrics in the words of Prometheus: read when it asks, nothing kept twice."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from ocs.latency import STEPS, LatencyHistogram, upper_bound
from ocs.metrics import STAGE_NAMES, RecordMetrics, ServerMetrics, split_answer_key

COMMAND_NAMES: Final = {257: "CE", 258: "RA", 272: "CC", 274: "AS", 280: "DW", 282: "DP"}
REQUEST_TYPE_NAMES: Final = ("none", "initial", "update", "termination", "event")
_COUNTERS: Final = (
    ("grants", "Services that were granted units"),
    ("final_grants", "Grants with a Final-Unit-Indication"),
    ("conflicts", "Decisions made again because another writer was faster"),
    ("replays", "Repeated requests that got their stored answer"),
    ("shed", "Requests answered 3004 over the admission bound"),
    ("refused_connections", "Diameter connections closed at once because there were too many"),
    ("store_unknown", "Commits whose outcome the store did not tell"),
    ("store_transactions", "Commits that compared nothing, because nobody else had committed"),
    ("store_disturbed", "Commits that were compared after all, because somebody else had"),
    ("failed_decisions", "Requests that failed by a programming error"),
    ("sessions_opened", "Charging sessions opened"),
    ("sessions_closed", "Charging sessions closed by their client"),
    ("sessions_expired", "Charging sessions given up after their client fell silent"),
)
_LEVELS: Final = (
    ("open_sessions", "Charging sessions open now"),
    ("queue_length", "Requests waiting for a decision"),
    ("in_flight", "Requests between arrival and answer"),
    ("connections", "Diameter connections open now"),
)
_MICROSECONDS: Final = 1_000_000
_HALVES: Final = 8
"""Every eighth step of the fine histogram bounds one bucket of the exported one: two to a doubling."""
_END: Final = STEPS * 22
"""The exported buckets end at 2**25: half a minute in microseconds. Always the same ones, as rates need."""


class ServerCollector(Collector):
    """Yields the metric families; ``build`` are labels of the info metric, such as version and compiled."""

    def __init__(self, metrics: ServerMetrics, build: dict[str, str]) -> None:
        self._metrics = metrics
        self._build = build

    def collect(self) -> Iterator[Metric]:
        """All families, each made when it is asked for."""
        metrics = self._metrics
        yield InfoMetricFamily("ocs_build", "What this server is", value=self._build)
        yield self._requests()
        yield self._messages()
        yield self._answers()
        yield self._issues()
        for name, text in _COUNTERS:
            yield CounterMetricFamily(f"ocs_{name}", text, value=int(getattr(metrics, name)))
        for name, text in _LEVELS:
            yield GaugeMetricFamily(f"ocs_{name}", text, value=int(getattr(metrics, name)))
        latency = HistogramMetricFamily(
            "ocs_latency_seconds", "Time of a credit-control request by stage", labels=["stage"]
        )
        for name, histogram in zip(STAGE_NAMES, metrics.stages, strict=True):
            _add_histogram(latency, [name], histogram, _MICROSECONDS)
        yield latency
        yield _histogram(
            "ocs_store_round_trip_seconds", "Time of a commit", metrics.store_round_trip, _MICROSECONDS
        )
        yield _histogram("ocs_batch_size", "Requests decided and committed together", metrics.batch_size, 1)
        yield from _records(metrics.records)

    def _requests(self) -> Metric:
        family = CounterMetricFamily("ocs_requests", "Credit-control requests", labels=["type"])
        for name, count in zip(REQUEST_TYPE_NAMES, self._metrics.requests_by_type.counts(), strict=True):
            family.add_metric([name], count)
        return family

    def _messages(self) -> Metric:
        family = CounterMetricFamily("ocs_messages", "Diameter requests by command", labels=["command"])
        for command, count in sorted(self._metrics.messages_by_command.items()):
            family.add_metric([COMMAND_NAMES.get(command, str(command))], count)
        return family

    def _answers(self) -> Metric:
        family = CounterMetricFamily("ocs_answers", "Answers", labels=["command", "type", "result_code"])
        for key, count in sorted(self._metrics.all_answers().items()):
            command, request_type, code = split_answer_key(key)
            kind = REQUEST_TYPE_NAMES[request_type] if request_type < len(REQUEST_TYPE_NAMES) else "none"
            family.add_metric([COMMAND_NAMES.get(command, str(command)), kind, str(code)], count)
        return family

    def _issues(self) -> Metric:
        text = "Requests answered before they were decided: malformed or not acceptable"
        family = CounterMetricFamily("ocs_issues", text, labels=["result_code"])
        for code, count in sorted(self._metrics.issues.items()):
            family.add_metric([str(code)], count)
        return family


class _OneFamily(Collector):
    """A registry of one family, so that the exposition can be made in small pieces."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


def exposition_pieces(collector: Collector) -> Iterator[bytes]:
    """The text that Prometheus reads, a family at a time: a caller on an event loop can breathe in between."""
    for family in collector.collect():
        yield generate_latest(_OneFamily(family))


def _records(records: RecordMetrics) -> Iterator[Metric]:
    yield CounterMetricFamily("ocs_records_written", "Records written to files", value=int(records.written))
    yield CounterMetricFamily(
        "ocs_record_files_sealed", "Record files completed", value=int(records.files_sealed)
    )
    yield CounterMetricFamily(
        "ocs_record_failures", "Attempts to write records that failed", value=int(records.failures)
    )
    yield GaugeMetricFamily(
        "ocs_records_missing", "Records that are not in the directory", value=int(records.missing)
    )
    works = GaugeMetricFamily("ocs_record_writer_works", "0 while records can not be written")
    works.add_metric([], 0 if records.error else 1)
    yield works
    lag = GaugeMetricFamily("ocs_record_lag_seconds", "For how long records have been waiting in the outbox")
    lag.add_metric([], records.lag_ms / 1000)
    yield lag


def _histogram(name: str, text: str, histogram: LatencyHistogram, scale: int) -> Metric:
    family = HistogramMetricFamily(name, text, labels=[])
    _add_histogram(family, [], histogram, scale)
    return family


def _add_histogram(
    family: HistogramMetricFamily, labels: list[str], histogram: LatencyHistogram, scale: int
) -> None:
    buckets: list[tuple[str, float]] = []
    seen = 0
    counts = histogram.counts()
    for start in range(0, _END, _HALVES):
        seen += sum(counts[start : start + _HALVES])
        bound = upper_bound(start + _HALVES - 1)
        if scale == 1 or bound >= 16:
            buckets.append((repr(bound / scale) if scale != 1 else str(bound), seen))
    buckets.append(("+Inf", int(histogram.count)))
    family.add_metric(labels, buckets, sum_value=histogram.total / scale)
