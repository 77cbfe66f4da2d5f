"""Keeping the process that feeds lake and series alive beside a server, and out of its way."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Final

import structlog

AGAIN_S: Final = 30.0
"""After so long a process that died is started again."""
STOP_S: Final = 10.0
"""A process that is amid a pass gets so long; what it had not committed the next one makes anew."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="lake")


class FeedingChild:
    """Starts the process with its orders, again where it dies, and ends it by the end of its stdin.

    ``module`` is what Python runs: the feeding, or it with something beside it.
    """

    def __init__(self, order: dict[str, Any], module: str = "ocs.cdr.feeding_process") -> None:
        self._order = order
        self._module = module
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin in the background."""
        self._task = asyncio.create_task(self._keep(), name="feeding-child")

    async def stop(self) -> None:
        """End the process; by force where it takes too long."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while True:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", self._module),
                    stdin=asyncio.subprocess.PIPE,
                    start_new_session=True,  # a terminal's interrupt is the server's business
                )
                self._process = process
                if process.stdin is not None:
                    process.stdin.write(json.dumps(self._order).encode() + b"\n")
                    await process.stdin.drain()
                code = await process.wait()
                _log.error("the process that feeds the lake ended", exit_code=code, again_s=AGAIN_S)
            except OSError as error:
                _log.error("lake and series are not fed", reason=str(error), again_s=AGAIN_S)
            await asyncio.sleep(AGAIN_S)
