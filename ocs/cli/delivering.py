"""After a command that gives online credit back: bring it to the store, or say that it waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from balance.opening import MEMORY, epoch_ms
from balance.store import StoreError
from ocs.accounts.delivery import Delivery, deliver, waiting_restorations
from ocs.cli.opened import opened_store
from ocs.cli.printing import warn

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from config.settings_schema import Settings


def deliver_waiting(settings: Settings, engine: Engine) -> Delivery:
    """Deliver what waits. Whatever keeps it from the store is a warning: it stays posted, and comes later."""
    with engine.connect() as connection:
        waiting = waiting_restorations(connection)
    done = Delivery()
    if not waiting:
        return done
    if settings.store.url == MEMORY:
        warn("online credit is given back in a store that stays: name it with --store")
        return done
    try:
        done = asyncio.run(_deliver(settings, engine))
    except StoreError as error:
        warn(
            f"{waiting} restorations of online credit wait, the store is not there ({error}); "
            "`ocs serve` or `ocs payment deliver` brings them"
        )
    for problem in done.problems:
        warn(f"online credit waits: {problem}")
    return done


async def _deliver(settings: Settings, engine: Engine) -> Delivery:
    async with opened_store(settings) as store:
        return await deliver(engine, store, epoch_ms)
