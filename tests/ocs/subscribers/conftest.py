"""Databases and a real Valkey for these tests."""

from tests.balance.conftest import valkey_server
from tests.database.fixtures import database_url, empty_engine, engine, postgresql_folder, sqlite_engine

__all__ = ["database_url", "empty_engine", "engine", "postgresql_folder", "sqlite_engine", "valkey_server"]
