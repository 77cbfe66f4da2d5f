"""A proxy between client and server that loses requests or replies when told to."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from balance.redis_store.address import StoreAddress, parse_address
from tests.balance.servers import ServerProcess


class LossyProxy:
    """Passes octets on, except those of a direction that is to be lost; ``cut`` ends all connections."""

    def __init__(self, server: ServerProcess, folder: Path) -> None:
        self._target = server.socket_path
        self._path = folder / "proxy"
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._listener: asyncio.Server | None = None
        self.lose_requests = False
        self.lose_replies = False
        self.hold_requests = False
        self.refuse = False
        self.pause_before = b""
        """Requests from here on wait for ``go_on``; set when they have come so far: ``paused``."""
        self.paused = asyncio.Event()
        self.go_on = asyncio.Event()
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self.arrived = asyncio.Event()
        """Set when something came that is lost now."""

    def address(self, timeout_s: float) -> StoreAddress:
        """Where to connect to."""
        return parse_address(f"unix:{self._path}?timeout_s={timeout_s}")

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_unix_server(self._accept, self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """End all connections but those with held requests at once, and pass on again."""
        holders = [writer for writer, _ in self._held]
        for writer in self._writers:
            if writer not in holders:
                writer.transport.abort()
        self._writers = holders
        self.lose_requests = self.lose_replies = self.hold_requests = False
        self.arrived.clear()

    async def deliver_held(self) -> None:
        """Send the held requests to the server now, where it still listens to their connections."""
        for writer, data in self._held:
            with contextlib.suppress(OSError):
                writer.write(data)
                await writer.drain()
        self._held.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        self._writers += [writer, far_writer]
        for source, target, requests in ((reader, far_writer, True), (far_reader, writer, False)):
            task = asyncio.create_task(self._pass_on(source, target, requests=requests))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, requests: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if self.lose_requests if requests else self.lose_replies:
                    self.arrived.set()
                    continue
                if requests and self.hold_requests:
                    self._held.append((target, data))
                    self.arrived.set()
                    continue
                at = data.find(self.pause_before) if requests and self.pause_before else -1
                if at >= 0:
                    self.pause_before = b""
                    target.write(data[:at])
                    self.paused.set()
                    await self.go_on.wait()
                    data = data[at:]
                target.write(data)
                await target.drain()
        if target not in [writer for writer, _ in self._held]:
            with contextlib.suppress(OSError):
                target.close()
