"""Real servers for the tests: a Valkey or Redis process in a folder of its own, ended with its test run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from balance.redis_store.address import StoreAddress, parse_address
from balance.redis_store.binary import binary_of_wheel
from balance.redis_store.launch import launch_command

DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")


def binary_of(kind: str) -> Path:
    """The program of a kind of server; skips the test where it is absent."""
    found = binary_of_wheel() if kind == "valkey" else shutil.which("redis-server")
    if found is None:
        pytest.skip(f"no {kind} server on this machine")
    return Path(found)


class ServerProcess:
    """A server on a unix socket, with further settings as given."""

    def __init__(self, binary: Path, folder: Path, *settings: str) -> None:
        self.binary = binary
        self.folder = folder
        self.settings = settings
        self.socket_path = folder / "s"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> StoreAddress:
        """The address of the unix socket."""
        return parse_address(f"unix:{self.socket_path}")

    def start(self) -> None:
        """Start and wait until it answers and has loaded."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["--port", "0", "--unixsocket", str(self.socket_path), "--dir", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                launch_command(self.binary, [*command, *self.settings]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        for _ in range(1000):
            if self._answers():
                return
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.01)
        raise AssertionError("the server does not answer")

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.settimeout(1)
                probe.connect(str(self.socket_path))
                probe.sendall(b"PING\r\n")
                return not probe.recv(64).startswith(b"-LOADING")
            except OSError:
                return False

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
