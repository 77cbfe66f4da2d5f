"""What a load balancer and an operator are told while the store is away."""

import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.balance.servers import DURABLE, ServerProcess, binary_of
from tests.end_to_end.served import Served, serving

PATIENCE_S = 30.0


def test_a_server_whose_store_is_away_is_not_ready(tmp_path: Path) -> None:
    """Not ready while the store is away, ready again by itself, healthy all the time; each change is logged."""
    store = ServerProcess(binary_of("valkey"), tmp_path / "v", *DURABLE)
    store.start()
    try:
        with serving(tmp_path / "data", store=f"unix:{store.socket_path}") as served:
            assert asked(served, "ready") == (200, "serving")
            store.kill()
            await_status(served, 503)
            assert asked(served, "ready") == (503, "the store does not answer")
            assert asked(served, "health") == (200, "ok")
            store.start()
            await_status(served, 200)
            log = served.log
    finally:
        store.stop()

    assert log.count("the store does not answer") == 1
    assert log.count("the store answers again") == 1


def await_status(served: Served, status: int) -> None:
    """Wait until the readiness is as it should become."""
    end = time.monotonic() + PATIENCE_S
    while asked(served, "ready")[0] != status:
        assert time.monotonic() < end, served.log
        time.sleep(0.05)


def asked(served: Served, path: str) -> tuple[int, str]:
    """The status and the text of a page."""
    host, port = served.metrics
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/{path}", timeout=10) as answer:
            return answer.status, answer.read().decode().strip()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode().strip()
