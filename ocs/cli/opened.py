"""The store or the database of a command, opened for the length of its work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from balance.opening import MEMORY, open_store
from balance.redis_store.private import LOG_FOLDER
from balance.store import StateStore, StoreError
from config.settings_schema import Settings

if TYPE_CHECKING:  # 200 ms that commands without a database shall not wait
    from sqlalchemy import Engine


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


def has_store(settings: Settings) -> bool:
    """Whether a store that stays is named, or a private one was made in the data directory."""
    if settings.store.url:
        return settings.store.url != MEMORY
    return (settings.data_directory / LOG_FOLDER).is_dir()


def has_database(settings: Settings) -> bool:
    """Whether a database is named, or was made in the data directory."""
    return bool(settings.database.url) or (settings.data_directory / "ocs.db").is_file()


@contextmanager
def opened_database(settings: Settings) -> Iterator[Engine]:
    """The database that the settings name, with all tables up to date; one that is not there yet is made."""
    from ocs.database import migrate, open_database  # noqa: PLC0415  (see above)

    engine = open_database(settings.database_url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
