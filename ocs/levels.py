"""Levels for the metrics that nobody counts on the way of a request: looked up once a second."""

import asyncio
from typing import Final

import structlog

from balance.store import StateStore, StoreError
from ocs.metrics import ServerMetrics
from protocol.aio import DiameterListener
from protocol.codes import CAPABILITIES_EXCHANGE, CREDIT_CONTROL, DEVICE_WATCHDOG, DISCONNECT_PEER

_PERIOD_S: Final = 1.0

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="levels")


class LevelWatch:
    """Copies what the listener and the store know into the metrics.

    ``store_error`` says why the store does not answer; "" where it does.
    """

    def __init__(self, store: StateStore, listener: DiameterListener, metrics: ServerMetrics) -> None:
        self._store = store
        self._listener = listener
        self._metrics = metrics
        self.store_error = ""

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self.look_at_peers()
            await self.look_at_store()
            await asyncio.sleep(_PERIOD_S)

    async def look_at_store(self) -> None:
        """Open sessions, and whether the store answers: a change of that is logged, not each look."""
        error = ""
        try:
            self._metrics.open_sessions = await self._store.open_session_count()
        except StoreError as failure:
            error = str(failure)
        if error and not self.store_error:
            _log.error("the store does not answer", reason=error)
        elif self.store_error and not error:
            _log.warning("the store answers again")
        self.store_error = error

    def look_at_peers(self) -> None:
        """Connections, messages by command, and the requests that were refused before they were decided."""
        metrics = self._metrics
        traffic = self._listener.traffic()
        metrics.connections = len(self._listener.peers())
        if self._listener.refused_connections > metrics.refused_connections:
            _log.warning(
                "connections refused: there are as many as are admitted",
                connections=metrics.connections,
                refused=self._listener.refused_connections,
            )
        metrics.refused_connections = self._listener.refused_connections
        metrics.messages_by_command = {
            CAPABILITIES_EXCHANGE: traffic.cer_received,
            CREDIT_CONTROL: traffic.ccr_received,
            DEVICE_WATCHDOG: traffic.dwr_received,
            DISCONNECT_PEER: traffic.dpr_received,
        }
        metrics.issues = traffic.refused
