"""Bringing the tables up to date, in one transaction; each part of the program has a branch of revisions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic.command import upgrade
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ocs.database.opening import DatabaseError, reason_of
from ocs.database.transaction import writing

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6F6373
"""The advisory lock of PostgreSQL that two processes do not migrate under at one time."""


def migration_config() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(engine: Engine) -> None:
    """Run every revision that the database has not had; nothing is written where there is none.

    DatabaseError where the database can not be reached.
    """
    config = migration_config()
    heads = set(ScriptDirectory.from_config(config).get_heads())
    try:
        with engine.connect() as connection:
            if heads == _revisions(connection):
                return
    except DBAPIError as error:
        address = engine.url.set(drivername=engine.url.get_backend_name()).render_as_string(hide_password=True)
        raise DatabaseError(f"{address} can not be used: {reason_of(error)}") from error
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        upgrade(config, "heads")


def _revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())
