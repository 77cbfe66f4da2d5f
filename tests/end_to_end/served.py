"""A real server of the command line, for tests that drive it from outside."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ocs.demo.server_process import endpoint, facts_of, ocs_command

ROOT = Path(__file__).parent.parent.parent
HEADER = "msisdn,imsi,account,plan,balance\n"


class Served:
    """Where a running server is reached."""

    def __init__(self, data: Path, ready_line: str) -> None:
        facts = facts_of(ready_line)
        self.data = data
        self.port = endpoint(facts["diameter"])[1]
        self.metrics = endpoint(facts["metrics"])


@contextmanager
def serving(data: Path) -> Iterator[Served]:
    """Serve the example operator on free ports with a private store in ``data``, and stop in order."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "server.log").open("w") as log:
        process = subprocess.Popen(
            ocs_command("serve", "--data", str(data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline().strip()
            assert line.startswith("ocs ready:"), (line, (data / "server.log").read_text())
            yield Served(data, line)
        finally:
            process.terminate()
            process.stdout.close()
            assert process.wait(20) == 0


def command(*arguments: str, expected: int = 0) -> str:
    """The output of a command that must end with an exit code."""
    done = subprocess.run(
        ocs_command(*arguments), capture_output=True, text=True, check=False, cwd=ROOT, timeout=110
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def command_json(*arguments: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(command(*arguments, "--json"))


def load_payers(served: Served, count: int, balance: str) -> None:
    """Give a server that many subscribers on the plan payg, from the simulation's first number on."""
    file = served.data / "payers.csv"
    rows = (f"{447700000000 + n},{234150000000000 + n},,payg,{balance}\n" for n in range(count))
    file.write_text(HEADER + "".join(rows))
    command("subscriber", "load", str(file), "--data", str(served.data))
