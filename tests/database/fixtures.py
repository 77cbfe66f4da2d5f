"""Databases for every test that keeps something in SQL: import these fixtures into its ``conftest.py``.

``database_url`` and ``engine`` run their test twice, on SQLite and on PostgreSQL; ``engine`` has all tables.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ocs.database import migrate, open_database
from tests.database.postgres import fresh_database, running_postgresql


@pytest.fixture(scope="session")
def postgresql_folder() -> Iterator[Path]:
    """The socket's folder of a PostgreSQL that runs as long as the session."""
    with running_postgresql() as folder:
        yield folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ocs.db'}"
        return
    with fresh_database(request.getfixturevalue("postgresql_folder"), f"t{uuid.uuid4().hex}") as url:
        yield url


@pytest.fixture
def empty_engine(database_url: str) -> Iterator[Engine]:
    """A database without tables."""
    opened = open_database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def engine(empty_engine: Engine) -> Engine:
    """A database with all tables."""
    migrate(empty_engine)
    return empty_engine


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """A SQLite database with all tables, for what does not differ between databases."""
    opened = open_database(f"sqlite:///{tmp_path / 'ocs.db'}")
    migrate(opened)
    yield opened
    opened.dispose()
