"""The revisions make exactly the tables that the packages define, on both databases."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

import ocs
from ocs.database import DatabaseError, metadata, migrate, migration, writing
from ocs.database.migration import migration_config, upgrade_all


def define_all_tables() -> None:
    """Import every package's tables, so that the metadata has them all."""
    root = Path(ocs.__file__).parent
    for path in root.glob("*/tables.py"):
        importlib.import_module(f"ocs.{path.parent.name}.tables")
    assert "party" in metadata.tables


def in_words(index: Any) -> dict[str, Any]:
    """An index with its options as texts: conditions are objects that compare by identity."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def described(engine: Engine) -> dict[str, Any]:
    """All that a database says of its tables: columns, keys, constraints, indexes."""
    inspector = inspect(engine)

    def by_name(found: list[Any]) -> list[Any]:
        return sorted(found, key=lambda one: str(one.get("name")))

    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name([in_words(index) for index in inspector.get_indexes(table)]),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_migrated_tables_are_those_that_are_defined(empty_engine: Engine) -> None:
    """Tables, columns, keys, constraints and indexes are alike, however they came to be."""
    define_all_tables()
    engine = empty_engine
    metadata.create_all(engine)
    defined = described(engine)
    metadata.drop_all(engine)
    assert described(engine) == {}
    migrate(engine)
    assert described(engine) == defined
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is up to date stays as it is, and Alembic is not even asked."""
    before = described(engine)
    monkeypatch.setattr(migration, "upgrade_all", None)
    migrate(engine)
    assert described(engine) == before


def test_each_branch_has_one_head_named_after_it() -> None:
    """A part that adds a second base or forgets its label is told so."""
    scripts = ScriptDirectory.from_config(migration_config())
    labels = set()
    for head in scripts.get_heads():
        revision = scripts.get_revision(head)
        assert revision is not None
        branch = head.rpartition("_")[0]
        assert branch in revision.branch_labels
        labels.add(branch)
    assert len(labels) == len(scripts.get_heads())


def test_a_migration_that_fails_leaves_nothing(empty_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """All revisions are one transaction, on SQLite too."""
    engine = empty_engine

    def fails_at_the_end(connection: Connection) -> None:
        upgrade_all(connection)
        raise RuntimeError("the machine went away")

    with monkeypatch.context() as patched:
        patched.setattr(migration, "upgrade_all", fails_at_the_end)
        with pytest.raises(RuntimeError, match="went away"):
            migrate(engine)
    assert described(engine) == {}
    migrate(engine)
    assert "subscription" in described(engine)


def test_tables_of_a_later_version_are_left_alone(engine: Engine) -> None:
    """A program that does not know them says so, and changes nothing."""
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO alembic_version VALUES ('customers_9999')"))
    with pytest.raises(DatabaseError, match=r"later version.*customers_9999"):
        migrate(engine)
