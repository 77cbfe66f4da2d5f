"""``ocs serve`` as a child process."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from ocs import hotpath

START_S: Final = 30.0
STOP_S: Final = 15.0


class ServerFailedError(Exception):
    """The server did not come up; the message is what it said."""


class ServerProcess:
    """A server on free ports of the loopback address, with its private store in ``data``."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.diameter: tuple[str, int] = ("", 0)
        self.metrics: tuple[str, int] = ("", 0)
        self.facts: dict[str, str] = {}
        self.ready_line = ""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait for the ready line; ServerFailedError where none comes."""
        log = self.data / "server.log"
        with log.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *ocs_command("serve"),
                *("--data", str(self.data), "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"),
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        line = ""
        try:
            async with asyncio.timeout(START_S):
                while self._process.stdout is not None and not line.startswith("ocs ready:"):
                    octets = await self._process.stdout.readline()
                    if not octets:
                        break
                    line = octets.decode().strip()
        except TimeoutError:
            await self.stop()
        if not line.startswith("ocs ready:"):
            raise ServerFailedError(f"the server did not start:\n{log.read_text(errors='replace').strip()}")
        self.ready_line = line
        self.facts = facts_of(line)
        self.diameter = endpoint(self.facts["diameter"])
        self.metrics = endpoint(self.facts["metrics"])

    async def stop(self) -> None:
        """Stop in order; by force where that takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    def cpu_ms(self) -> int:
        """The CPU time that the server has used, in milliseconds; 0 where the system does not tell."""
        if self._process is None:
            return 0
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def ocs_command(*arguments: str) -> list[str]:
    """The command line of a subcommand, in this very installation, wherever it is called from."""
    program = f"import sys; sys.path.insert(0, {str(hotpath.ROOT)!r}); from ocs.cli import main; main()"
    return [sys.executable, "-P", "-c", program, *arguments]


def facts_of(ready_line: str) -> dict[str, str]:
    """The pairs of words of a ready line: diameter, metrics, store and so on."""
    words = ready_line.removeprefix("ocs ready:").split()
    names = ("diameter", "metrics", "store", "catalogue", "pid")
    found = {name: words[at + 1] for at, name in enumerate(words[:-1]) if name in names}
    found["hot_path"] = "compiled" if "compiled" in words else "interpreted"
    return found


def endpoint(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
