"""Taking what is due of all prepaid subscribers when a day begins, beside a running server."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from librt.strings import BytesWriter

from balance.changes import ChangeSet
from balance.keys import FEES_LOOKED_AT
from balance.opening import open_store
from balance.packing import PackingError, Unpacker, put_number, version_of
from balance.store import StateStore, StoreError, commit_sets, load_states
from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from ocs.accounts.fees import FeesTaken, take_all_fees
from ocs.charging.renewal import start_of
from rating.calendar import Zone
from rating.catalogue import PREPAID, Catalogue
from rating.periods import local_day

REST: Final = timedelta(milliseconds=20)
"""After each part of the work the store is left to the server for so long."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="fees")


class FeeDays:
    """Looks, each time it is asked, whether a local day has begun since all fees were looked at.

    ``order`` has ``catalogue``, ``store_url`` and ``data_directory``. The price list is read once a day.
    """

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._zones: list[Zone] = []
        self._through_ms = 0

    def take(self, now_ms: int) -> str:
        """Take what is due, if it is a new day; why it failed, or ""."""
        if self._zones and day_began_ms(self._zones, now_ms) <= self._through_ms:
            return ""
        order = self._order
        try:
            catalogue = load_catalogue(Path(order["catalogue"]))
            zones = zones_of_fees(catalogue)
            if zones:
                asyncio.run(self._take(catalogue, now_ms))
        except (ConfigError, StoreError, PackingError, OSError) as failure:
            return str(failure)
        self._zones, self._through_ms = [catalogue.zone, *zones], now_ms
        return ""

    async def _take(self, catalogue: Catalogue, now_ms: int) -> None:
        order = self._order
        store = await open_store(order["store_url"] or None, Path(order["data_directory"]), tool=True)
        try:
            done = await take_fees_of_day(store, catalogue, now_ms, REST)
        finally:
            await store.close()
        if done is not None:
            _log.info("fees taken", accounts=done.accounts, fees=done.fees, unpaid=done.unpaid)


async def take_fees_of_day(
    store: StateStore, catalogue: Catalogue, now_ms: int, rest: timedelta = timedelta()
) -> FeesTaken | None:
    """Take all that is due, unless that was done since the last local day began; None where it was."""
    if await looked_at_ms(store) >= day_began_ms(zones_of_fees(catalogue), now_ms):
        return None
    done = await take_all_fees(store, catalogue, now_ms, rest=rest)
    await note_looked_at(store, now_ms)
    return done


def zones_of_fees(catalogue: Catalogue) -> list[Zone]:
    """The zones in which periods of prepaid plans' fees begin."""
    found: dict[str, Zone] = {}
    for plan_id, newest in catalogue.plans.items():
        for plan in catalogue.versions.get(plan_id, [newest]):
            if plan.payment == PREPAID and plan.fees:
                zone = plan.zone or catalogue.zone
                found[zone.name] = zone
    return list(found.values())


def day_began_ms(zones: list[Zone], now_ms: int) -> int:
    """The last instant at which a local day began in any of the zones; 0 where there are none."""
    return max((start_of(zone, local_day(zone, now_ms)) for zone in zones), default=0)


async def looked_at_ms(store: StateStore) -> int:
    """Through which instant all fees were looked at; 0 = never."""
    (state,) = await load_states(store, [FEES_LOOKED_AT])
    return 0 if state is None else Unpacker(state, 8).number()


async def note_looked_at(store: StateStore, through_ms: int) -> None:
    """Note that all fees that were due until then were looked at."""
    (state,) = await load_states(store, [FEES_LOOKED_AT])
    version = version_of(state)
    out = BytesWriter()
    put_number(out, version + 1)
    put_number(out, through_ms)
    change = ChangeSet()
    change.put(FEES_LOOKED_AT, version, out.getvalue(), 0)
    await commit_sets(store, [change])
