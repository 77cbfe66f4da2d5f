"""Metrics and health over HTTP, as Prometheus and an orchestrator see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client.parser import text_string_to_metric_families

from ocs.metrics import STAGE_TOTAL, ServerMetrics, split_answer_key
from ocs.metrics_export import ServerCollector
from ocs.watch_http import Readiness, WatchServer


@asynccontextmanager
async def watched(metrics: ServerMetrics, readiness: Readiness) -> AsyncIterator[int]:
    """A server on a free port."""
    server = WatchServer(
        ServerCollector(metrics, {"version": "0", "hot_path": "interpreted"}), lambda: readiness
    )
    _, port = await server.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await server.stop()


async def get(port: int, request: bytes) -> tuple[str, str]:
    """Status line and body of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    octets = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = octets.decode().partition("\r\n\r\n")
    return head.split("\r\n")[0], body


async def test_metrics_are_what_was_counted() -> None:
    """The exposition parses, and has the counters with their labels and complete histograms."""
    metrics = ServerMetrics()
    metrics.count_request(1)
    metrics.count_request(9)
    metrics.messages_by_command[272] = 1
    metrics.count_answer(272, 1, 2001)
    metrics.count_answer(272, 1, 2001)
    metrics.count_answer(272, 3, 5002)
    metrics.count_answer(280, 0, 2001)
    metrics.issues = {3007: 4, 5014: 1}
    metrics.record_stage(STAGE_TOTAL, 900)
    metrics.record_stage(STAGE_TOTAL, 1_500_000)
    metrics.batch_size.record(47)
    metrics.records.written = 12
    metrics.records.error = "no space left on device"
    async with watched(metrics, Readiness(ready=True, reason="serving")) as port:
        status, body = await get(port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == "HTTP/1.1 200 OK"
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert values["ocs_answers_total", "2001", "CC", "initial"] == 2
    assert values["ocs_answers_total", "5002", "CC", "termination"] == 1
    assert values["ocs_answers_total", "2001", "DW", "none"] == 1
    assert values["ocs_issues_total", "3007"] == 4
    assert values["ocs_requests_total", "initial"] == 1
    assert values["ocs_requests_total", "none"] == 1
    assert values["ocs_messages_total", "CC"] == 1
    assert values["ocs_latency_seconds_count", "total"] == 2
    assert values["ocs_latency_seconds_bucket", "+Inf", "total"] == 2
    assert values["ocs_latency_seconds_bucket", "0.001023", "total"] == 1
    assert values["ocs_batch_size_sum",] == 47
    assert values["ocs_records_written_total",] == 12
    assert values["ocs_record_writer_works",] == 0


async def test_the_buckets_are_always_the_same() -> None:
    """Rates over time need every bucket from the first scrape on."""

    def bounds(metrics: ServerMetrics) -> list[str]:
        families = ServerCollector(metrics, {}).collect()
        latency = next(family for family in families if family.name == "ocs_latency_seconds")
        return [sample.labels["le"] for sample in latency.samples if "le" in sample.labels]

    empty, used = ServerMetrics(), ServerMetrics()
    for value in (0, 20, 70_000, 1 << 50):
        used.record_stage(STAGE_TOTAL, value)
    assert bounds(empty) == bounds(used)


async def test_health_and_readiness() -> None:
    """Health is the turning loop; readiness is what the server says, with its reason."""
    metrics = ServerMetrics()
    async with watched(metrics, Readiness(ready=False, reason="the store is away")) as port:
        assert await get(port, b"GET /health HTTP/1.0\r\n\r\n") == ("HTTP/1.1 200 OK", "ok\n")
        status, body = await get(port, b"GET /ready?probe=1 HTTP/1.1\r\n\r\n")
    assert (status, body) == ("HTTP/1.1 503 Service Unavailable", "the store is away\n")
    async with watched(metrics, Readiness(ready=True, reason="serving")) as port:
        assert (await get(port, b"GET /ready HTTP/1.1\r\n\r\n"))[0] == "HTTP/1.1 200 OK"


async def test_what_is_no_question_of_ours_gets_a_short_answer() -> None:
    """Other paths and methods, rubbish and silence do not disturb the server."""
    async with watched(ServerMetrics(), Readiness(ready=True, reason="")) as port:
        assert (await get(port, b"GET / HTTP/1.1\r\n\r\n"))[0] == "HTTP/1.1 404 Not Found"
        assert (await get(port, b"POST /metrics HTTP/1.1\r\n\r\n"))[0].startswith("HTTP/1.1 405")
        assert (await get(port, b"\x01\x00\x00\x14\r\n\r\n"))[0].startswith("HTTP/1.1 405")
        assert await get(port, b"x" * 20_000 + b"\r\n\r\n") == ("", "")
        status, body = await get(port, b"HEAD /health HTTP/1.1\r\n\r\n")
        assert (status, body) == ("HTTP/1.1 200 OK", "")


def test_answer_keys_hold_three_numbers() -> None:
    """Command, request type and result code come back out of the packed key."""
    metrics = ServerMetrics()
    metrics.count_answer(272, 2, 4012)
    assert [split_answer_key(key) for key in metrics.all_answers()] == [(272, 2, 4012)]
