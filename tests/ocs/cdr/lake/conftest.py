"""Databases for these tests."""

from tests.database.fixtures import database_url, engine, postgresql_folder, sqlite_engine

__all__ = ["database_url", "engine", "postgresql_folder", "sqlite_engine"]
