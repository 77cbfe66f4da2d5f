"""A Valkey of our own: started in the data directory, watched, restarted when it dies, stopped with us.

It listens on a unix socket only, and every write is on disk before it answers. The caller holds the data
directory's lock. On Linux the kernel stops it when this process dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import signal
import stat
import tempfile
from pathlib import Path
from typing import Final

from hiredis import ReplyError

from balance.redis_store.address import DIRECT, Endpoint, StoreAddress
from balance.redis_store.binary import find_binary
from balance.redis_store.connection import Connection, connect
from balance.redis_store.launch import launch_command, launch_environment
from balance.redis_store.preparation import server_information
from balance.store import StoreError

LOGGER = logging.getLogger(__name__)
LONGEST_SOCKET_PATH: Final = 100
SILENCE_S: Final = 30.0
"""How long a started server may give no answer at all, not even that it is loading."""
LEFTOVER_GRACE_S: Final = 1.0
STOP_WAIT_S: Final = 30.0
LONGEST_PAUSE_S: Final = 5.0
GIVES_UP_AFTER_S: Final = 0.02
LOG_FOLDER: Final = "appendonlydir"
SMALLEST_REWRITTEN_LOG: Final = "512mb"
"""A log below is not rewritten; a start reads it in two to four seconds. At 30,000 answers a second the usual
64 MB are rewritten every two seconds, for a quarter more CPU."""


def private_address(data_dir: Path) -> StoreAddress:
    """Where a data directory's private store listens. StoreError where no place for the socket is found."""
    path = data_dir.resolve() / "valkey.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        path = _short_folder(data_dir.resolve()) / "valkey.sock"
    return StoreAddress(topology=DIRECT, endpoints=(Endpoint(path=str(path)),))


def _short_folder(data_dir: Path) -> Path:
    """A folder of this user with a short path, the same for the same data directory."""
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"ocs-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StoreError(f"{folder} belongs to somebody else: the private store's socket has no safe place")
    if len(os.fsencode(folder)) > LONGEST_SOCKET_PATH - len("/valkey.sock"):
        raise StoreError(f"{folder} is too long for a unix socket; set TMPDIR to a short path")
    return folder


def base_octets(data_dir: Path) -> int:
    """How large the states are with which a private store's log begins; 0 where there is none yet."""
    return sum(part.stat().st_size for part in (data_dir / LOG_FOLDER).glob("*.base.*"))


class PrivateValkey:
    """The server process of one data directory."""

    def __init__(self, data_dir: Path, binary: Path | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.address = private_address(data_dir)
        self._binary = binary
        self._process: asyncio.subprocess.Process | None = None
        self._leftover: Connection | None = None
        self._leftover_id = 0
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def process_id(self) -> int:
        """The process id of the server that serves now; 0 where none does."""
        return self._process.pid if self._process is not None else self._leftover_id

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self.data_dir / "valkey.log"

    async def start(self) -> None:
        """Start the server, or attach to one that a killed owner left, and wait until it has loaded.

        StoreError where it does not come up; the message ends with the last lines of its log.
        """
        if not await self._attach():
            await self._launch()
        self._supervisor = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """Stop the server in an orderly way; everything that it answered is on disk anyway."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
            self._supervisor = None
        if self._leftover is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._leftover_id, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leftover.lost.wait(), STOP_WAIT_S)
            self._forget_leftover()
        await self._end_process()

    async def _end_process(self) -> None:
        process = self._process
        self._process = None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_WAIT_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _attach(self) -> bool:
        """Take over a server that still lives after its owner was killed; most of them end by themselves."""
        end_s = asyncio.get_running_loop().time() + LEFTOVER_GRACE_S
        while True:
            try:
                connection = await connect(self.address, self.address.endpoints[0])
            except StoreError:
                return False
            if asyncio.get_running_loop().time() > end_s:
                break
            connection.abort("it may end by itself")
            await asyncio.sleep(GIVES_UP_AFTER_S)
        try:
            self._leftover_id = int((await server_information(connection, b"server"))["process_id"])
        except StoreError as error:
            raise StoreError(f"a server listens on {self.address} but does not answer: {error}") from error
        self._leftover = connection
        LOGGER.warning("attached to the private store that process %d still serves", self._leftover_id)
        await self._wait_until_loaded()
        return True

    def _forget_leftover(self) -> None:
        if self._leftover is not None:
            self._leftover.abort("stopped")
        self._leftover = None
        self._leftover_id = 0

    async def _launch(self) -> None:
        binary = self._binary or find_binary()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = launch_command(binary, self._settings())
        with self.log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=launch_environment(base_octets(self.data_dir)),
                start_new_session=True,  # a Ctrl-C at our terminal is for us, we stop it when we are done
            )
        try:
            await self._wait_until_loaded()
        except BaseException:
            await self._end_process()
            raise

    def _settings(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": self.address.endpoints[0].path,
            "unixsocketperm": "700",
            "dir": str(self.data_dir),
            "appendonly": "yes",
            "appendfsync": "always",
            "no-appendfsync-on-rewrite": "no",
            "auto-aof-rewrite-min-size": SMALLEST_REWRITTEN_LOG,
            "disable-thp": "no",  # fewer entries for a fork to copy; after it small pages are copied
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": "",
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]

    async def _wait_until_loaded(self) -> None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + SILENCE_S
        while loop.time() < end_s:
            if self._process is not None and self._process.returncode is not None:
                raise StoreError(
                    f"the private store ended with {self._process.returncode}: {self._last_words()}"
                )
            state = await self._ping()
            if state == "ready":
                return
            if state == "loading":
                end_s = loop.time() + SILENCE_S
            await asyncio.sleep(GIVES_UP_AFTER_S)
        raise StoreError(f"the private store gave no answer for {SILENCE_S:g} s: {self._last_words()}")

    async def _ping(self) -> str:
        """What the server says: "ready", "loading", or "" where it says nothing."""
        try:
            connection = await connect(self.address, self.address.endpoints[0])
        except StoreError:
            return ""
        try:
            await connection.call(b"PING")
        except ReplyError as error:
            return "loading" if str(error).startswith("LOADING") else ""
        except StoreError:
            return ""
        finally:
            connection.abort("asked")
        return "ready"

    def _last_words(self) -> str:
        try:
            lines = self.log_path.read_text(errors="replace").splitlines()
        except OSError as error:
            return str(error)
        return " | ".join(lines[-5:]) or f"{self.log_path} is empty"

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = GIVES_UP_AFTER_S
        while True:
            started_s = loop.time()
            await self._wait_for_end()
            if loop.time() - started_s > LONGEST_PAUSE_S:
                pause_s = GIVES_UP_AFTER_S
            while True:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                try:
                    await self._launch()
                    break
                except (StoreError, OSError) as error:
                    LOGGER.error("the private store does not start: %s", error)  # noqa: TRY400 - no traceback wanted
            LOGGER.warning("the private store runs again, as process %d", self.process_id)

    async def _wait_for_end(self) -> None:
        if self._leftover is not None:
            await self._leftover.lost.wait()
            self._forget_leftover()
            LOGGER.error("the private store that was attached to ended")
        elif self._process is not None:
            code = await self._process.wait()
            LOGGER.error("the private store ended with %d, it is started again", code)
