"""A real server of the command line, for tests that drive it from outside."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ocs.demo.server_process import endpoint, facts_of, ocs_command

ROOT = Path(__file__).parent.parent.parent
HEADER = "msisdn,imsi,account,plan,balance\n"
FIRST_MSISDN, FIRST_IMSI = 447700000000, 234150000000000
STOP_S = 20


class Served:
    """A server with its settings, which may be started, stopped and killed any number of times.

    ``config`` is the text of a settings file, ``store`` an URL; without it the store is a private one in
    ``data``. Ports are picked by the first start and kept by the others.
    """

    def __init__(self, data: Path, config: str = "", store: str = "") -> None:
        self.data = data
        self.store = store
        self.port = 0
        self.ports: list[int] = []
        self.metrics = ("127.0.0.1", 0)
        self._process: subprocess.Popen[str] | None = None
        data.mkdir(parents=True, exist_ok=True)
        self._settings = data / "test.toml"
        self._settings.write_text(config)

    @property
    def process_id(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def where(self) -> tuple[str, ...]:
        """Options that lead other commands to the same store and records."""
        store = ("--store", self.store) if self.store else ()
        return ("--config", str(self._settings), "--data", str(self.data), *store)

    @property
    def log(self) -> str:
        """What the server has logged since its first start."""
        return (self.data / "server.log").read_text()

    def start(self) -> None:
        """Start and wait for the ready line."""
        options = (*self.where, "--listen", f"127.0.0.1:{self.port}")
        with (self.data / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                ocs_command("serve", *options, "--metrics", "127.0.0.1:0"),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith("ocs ready:"):
            self.kill()
            raise AssertionError((line, self.log))
        words = line.partition(" metrics ")[0].split()
        self.ports = [endpoint(word)[1] for word in words[words.index("diameter") + 1 :]]
        self.port = self.ports[0]
        self.metrics = endpoint(facts_of(line)["metrics"])

    def signal(self, number: int) -> None:
        """Send the server a signal."""
        os.kill(self.process_id, number)

    def wait(self) -> int:
        """Wait for the server's end and give its exit code."""
        assert self._process is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        return self._process.wait(STOP_S)

    def stop(self) -> None:
        """SIGTERM, to which the server ends in order."""
        self.signal(signal.SIGTERM)
        assert self.wait() == 0, self.log

    def kill(self) -> None:
        """Kill -9 of the server."""
        assert self._process is not None
        self._process.kill()
        self.wait()

    def store_process_id(self) -> int:
        """The process of the private store, as it names itself; 0 where none answers."""
        with socket.socket(socket.AF_UNIX) as connection, suppress(OSError):
            connection.settimeout(1)
            connection.connect(str(self.data / "valkey.sock"))
            connection.sendall(b"INFO server\r\n")
            for line in connection.recv(1 << 16).decode().splitlines():
                if line.startswith("process_id:"):
                    return int(line.partition(":")[2])
        return 0

    def kill_store(self) -> None:
        """Kill -9 of the private store."""
        with suppress(ProcessLookupError):
            os.kill(self.store_process_id() or 1 << 30, signal.SIGKILL)

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None


@contextmanager
def serving(data: Path, config: str = "", store: str = "") -> Iterator[Served]:
    """Serve the example operator on free ports, with a private store in ``data``, and stop in order."""
    served = Served(data, config, store)
    served.start()
    try:
        yield served
    except BaseException:
        if served.running:
            served.kill()
        raise
    if served.running:
        served.stop()


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
    rows = (f"{FIRST_MSISDN + n},{FIRST_IMSI + n},,payg,{balance}" for n in range(count))
    load_subscribers(served, *rows)


def load_subscribers(served: Served, *rows: str) -> None:
    """Give a server subscribers, each a row of ``msisdn,imsi,account,plan,balance``."""
    file = served.data / "subscribers.csv"
    file.write_text(HEADER + "".join(row + "\n" for row in rows))
    command("subscriber", "load", str(file), *served.where)


def books(served: Served) -> Any:
    """What ``ocs audit`` proves; a difference fails."""
    return command_json("audit", *served.where)


def account(served: Served, account_id: str) -> Any:
    """An account as ``ocs account show --json`` tells it."""
    return command_json("account", "show", account_id, *served.where)
