"""The store of a command, opened for the length of its work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from balance.opening import open_store
from balance.store import StateStore, StoreError
from config.settings_schema import Settings


@asynccontextmanager
async def opened_store(settings: Settings, *, create: bool = False) -> AsyncIterator[StateStore]:
    """The store that the settings name. StoreError where there is none, unless it may be made (``create``)."""
    directory = settings.data_directory
    if not settings.store.url and not create and not directory.is_dir():
        raise StoreError(
            f"there is no data directory {directory}: name it with --data, or start with `ocs serve`"
        )
    store = await open_store(settings.store.url or None, directory, tool=True)
    try:
        yield store
    finally:
        await store.close()
