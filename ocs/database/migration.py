"""Bringing the tables up to date, in one transaction; each part of the program has a branch of revisions.

A revision is a file ``BRANCH_NUMBER.py``. Alembic runs them; whether there is any to run is told by their names
and what they depend on, because loading Alembic takes longer than most commands.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from ocs.database.opening import DatabaseError, reason_of
from ocs.database.transaction import writing

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_DEPENDS: Final = re.compile(r"^depends_on = (.*)$", re.MULTILINE)
_NAME: Final = re.compile(r'"([a-z_0-9]+)"')
_LOCK: Final = 0x6F6373
"""The advisory lock of PostgreSQL that two processes do not migrate under at one time."""


def migration_config() -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config  # noqa: PLC0415  (see above)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(engine: Engine) -> None:
    """Run every revision that the database has not had; nothing is written where there is none.

    DatabaseError where the database can not be reached, or a later version of the program has made its tables.
    """
    address = engine.url.set(drivername=engine.url.get_backend_name()).render_as_string(hide_password=True)
    revisions = _known_revisions()
    try:
        with engine.connect() as connection:
            had = _revisions_of(connection)
    except DBAPIError as error:
        raise DatabaseError(f"{address} can not be used: {reason_of(error)}") from error
    if not had <= revisions.keys():
        raise DatabaseError(
            f"{address} has tables of a later version ({', '.join(sorted(had - revisions.keys()))})"
        )
    if had == _newest(revisions):
        return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        upgrade_all(connection)


def upgrade_all(connection: Connection) -> None:
    """Run the revisions in a connection's transaction."""
    from alembic.command import upgrade  # noqa: PLC0415  (see above)

    config = migration_config()
    config.attributes["connection"] = connection
    upgrade(config, "heads")


def _known_revisions() -> dict[str, str]:
    """The text of every revision by its name."""
    found = (MIGRATIONS / "versions").glob("[a-z]*_[0-9][0-9][0-9][0-9].py")
    return {path.stem: path.read_text(encoding="utf-8") for path in found}


def _newest(revisions: dict[str, str]) -> set[str]:
    """What a database that has all keeps: the last revision of each branch that no other one depends on."""
    last: dict[str, str] = {}
    needed: set[str] = set()
    for name in sorted(revisions):
        last[name[:-5]] = name
        for said in _DEPENDS.findall(revisions[name]):
            needed.update(_NAME.findall(said))
    return set(last.values()) - needed


def _revisions_of(connection: Connection) -> set[str]:
    """The last revision of each branch that a database has had."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))
