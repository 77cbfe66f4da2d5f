"""Sessions whose gateway vanished: looked up by their deadline and given up (RFC 8506, 7: Tcc)."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from balance.keys import session_id_of
from balance.store import StateStore, StoreError
from ocs.charging.service import ChargingService

_PERIOD_S: Final = 1.0
_AT_ONCE: Final = 200

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="expiry")


class SessionExpiry:
    """Asks the store once a second which sessions are due and submits them to the charging service.

    Several servers may do so on one store: the versions let one of them win.
    """

    def __init__(self, store: StateStore, service: ChargingService, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._service = service
        self._now_ms = now_ms

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                found = await self._submit_due()
            except StoreError as error:
                _log.warning("deadlines can not be read", reason=str(error))
                found = 0
            await asyncio.sleep(0.05 if found == _AT_ONCE else _PERIOD_S)

    async def _submit_due(self) -> int:
        due = await self._store.due_sessions(self._now_ms(), _AT_ONCE)
        if due:
            self._service.submit_expiry([session_id_of(key) for key in due])
        return len(due)
