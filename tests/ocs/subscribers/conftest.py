"""Databases for these tests."""

from tests.database.fixtures import database_url, empty_engine, engine, postgresql_folder, sqlite_engine

__all__ = ["database_url", "empty_engine", "engine", "postgresql_folder", "sqlite_engine"]
