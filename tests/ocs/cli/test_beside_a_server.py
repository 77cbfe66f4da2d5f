"""Tools beside a server under load: top-ups are exact, audits raise no false alarm, records add up."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
OCS = [sys.executable, "-c", "from ocs.cli import main; main()"]
SUBSCRIBERS = 20
EUR = 1_000_000


class RunningServer:
    """A server process and the data directory it works on."""

    def __init__(self, process: subprocess.Popen[str], port: int, data: Path) -> None:
        self.process = process
        self.port = port
        self.data = data

    def tool(self, *arguments: str) -> Any:
        """The JSON of a command that must work beside the server."""
        line = [*OCS, "--data", str(self.data), *arguments, "--json"]
        done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server with its private Valkey and some subscribers."""
    file = tmp_path / "subscribers.csv"
    rows = (f"{447700000000 + n},{234150000000000 + n},,payg,1000" for n in range(SUBSCRIBERS))
    file.write_text("msisdn,imsi,account,plan,balance\n" + "\n".join(rows) + "\n")
    data = tmp_path / "data"
    line = [
        "serve",
        "--data",
        str(data),
        "--listen",
        "127.0.0.1:0",
        "--metrics",
        "127.0.0.1:0",
        "--load",
        str(file),
    ]
    with subprocess.Popen([*OCS, *line], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            found = re.search(r"diameter 127\.0\.0\.1:(\d+)", ready)
            assert found is not None, ready
            yield RunningServer(process, int(found[1]), data)
        finally:
            process.terminate()
            process.wait(30)


def test_tools_work_beside_a_server_under_load(server: RunningServer) -> None:
    """While gateways drive every account, top-ups credit once and audits find nothing; then all sums agree."""
    line = ["simulate", "--port", str(server.port), "--subscribers", str(SUBSCRIBERS), "--seconds", "5"]
    load = subprocess.Popen(
        [*OCS, *line, "--window", "2", "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        credited = 0
        for number in range(4):
            reference = str(number // 2)
            done = server.tool("account", "top-up", "447700000000", "2.50", "--reference", reference)
            credited += done["credited_now_micros"]
        assert credited == 5 * EUR
        during = server.tool("audit")
        assert during["differences"] == []
        report, _ = load.communicate(timeout=60)
    finally:
        load.kill()
        load.wait()
    assert load.returncode == 0, report
    after = server.tool("audit")
    assert after["EUR"]["credited_micros"] == 5 * EUR
    assert after["EUR"]["reserved_micros"] == 0
    assert (after["sessions"], after["unsettled"]) == (0, 0)
    server.process.terminate()
    server.process.wait(30)
    records = server.tool("cdr", "list", "--limit", "0")
    assert len(records) == after["records"] > 0
    assert sum(record["amount_micros"] for record in records) == after["EUR"]["debited_micros"]
    assert server.tool("audit")["differences"] == []
