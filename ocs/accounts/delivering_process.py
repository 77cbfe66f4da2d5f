"""The process beside ``ocs serve``: after each feeding of the lake it brings to the store what waits for it.

``python -m ocs.accounts.delivering_process``, with the orders of ``ocs.cdr.feeding_process``. Restored credit
is delivered, and numbers whose subscription has ended are barred. Commands do both by themselves; this is for
those that could not reach the store, and for what ends later. When a day has begun, the fees of prepaid plans
are taken.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import structlog

from balance.opening import epoch_ms, open_store
from balance.store import StoreError
from ocs.accounts.fee_days import FeeDays
from ocs.cdr.feeding_process import main

_SQLITE: Final = "sqlite:///"

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="payments")


def deliver_pass(order: dict[str, Any]) -> str:
    """Do what waits, where there is a database at all; why it failed, or ""."""
    url: str = order["database_url"]
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).is_file():
        return ""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (nothing of it before there is a database)

    from ocs.accounts.delivery import deliver, waiting_restorations  # noqa: PLC0415
    from ocs.database import DatabaseError, migrate, open_database  # noqa: PLC0415
    from ocs.subscribers.ending import due_ends, end_online  # noqa: PLC0415

    try:
        engine = open_database(url)
        try:
            migrate(engine)
            with engine.connect() as connection:
                if not waiting_restorations(connection) and not due_ends(connection, epoch_ms()):
                    return ""

            async def delivering() -> list[str]:
                store = await open_store(order["store_url"] or None, Path(order["data_directory"]), tool=True)
                try:
                    done = await deliver(engine, store, epoch_ms)
                    barred = await end_online(engine, store, epoch_ms())
                finally:
                    await store.close()
                _log.info("brought to the store", restorations=done.delivered, numbers_barred=len(barred))
                return done.problems

            return "; ".join(asyncio.run(delivering()))
        finally:
            engine.dispose()
    except (DatabaseError, SQLAlchemyError, StoreError, OSError) as failure:
        return str(failure)


class Beside:
    """All that goes beside the feeding, pass for pass."""

    def __init__(self) -> None:
        self._fees: FeeDays | None = None

    def __call__(self, order: dict[str, Any]) -> str:
        """One pass; why it failed, or ""."""
        if self._fees is None:
            self._fees = FeeDays(order)
        return "; ".join(filter(None, (deliver_pass(order), self._fees.take(epoch_ms()))))


if __name__ == "__main__":
    main(Beside())
