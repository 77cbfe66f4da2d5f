"""Databases by URL, and transactions that write beside each other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, func, insert, select, text

from ocs.database import DatabaseError, migrate, open_database, writing
from ocs.database.schema import MOMENT

COUNTED = Table("counted", MetaData(), Column("n", MOMENT, primary_key=True))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "'nonsense' is not the URL of a database"),
        ("oracle://host/name", "oracle is no database of ours"),
        ("sqlite://", "SQLite needs a file"),
        ("postgresql://host/name?sslmode=perhaps", "sslmode=perhaps"),
        ("postgresql://host/name?host=elsewhere", "the folder of a unix socket is expected"),
        ("postgresql://host/name?colour=red", "colour= of a postgresql URL is not known"),
    ],
)
def test_a_wrong_url_is_told(url: str, said: str) -> None:
    """Before anything is connected."""
    with pytest.raises(DatabaseError, match=said):
        open_database(url)


def test_a_database_that_is_not_there_is_told(tmp_path: Path) -> None:
    """In one line, with its address and without its password."""
    engine = open_database(f"postgresql://ocs:secret@/name?host={tmp_path}")
    with pytest.raises(DatabaseError, match="postgresql://ocs:") as caught:
        migrate(engine)
    assert "secret" not in str(caught.value)
    assert "No such file" in str(caught.value)
    engine.dispose()


def test_sqlite_keeps_what_is_committed_and_checks_references(tmp_path: Path) -> None:
    """The pragmas that make it so; the folder is made."""
    engine = open_database(f"sqlite:///{tmp_path / 'new' / 'ocs.db'}")
    with engine.connect() as connection:
        said = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


def test_what_fails_leaves_nothing(empty_engine: Engine) -> None:
    """Tables that were made in the transaction are gone with it, on SQLite too."""

    def fails_late() -> None:
        with writing(empty_engine) as connection:
            COUNTED.create(connection)
            connection.execute(insert(COUNTED), [{"n": 1}])
            raise RuntimeError("the machine went away")

    with pytest.raises(RuntimeError, match="went away"):
        fails_late()
    with empty_engine.connect() as connection:
        assert not empty_engine.dialect.has_table(connection, "counted")


def test_writers_come_one_after_the_other(empty_engine: Engine) -> None:
    """Each reads what the one before it wrote, and none is refused for coming at the same time."""
    with writing(empty_engine) as connection:
        COUNTED.create(connection)
    failures: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(20):
                with writing(empty_engine) as connection:
                    if empty_engine.dialect.name == "postgresql":
                        connection.execute(text("LOCK TABLE counted IN EXCLUSIVE MODE"))
                    highest = connection.scalar(select(func.coalesce(func.max(COUNTED.c.n), 0)))
                    connection.execute(insert(COUNTED), [{"n": (highest or 0) + 1}])
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with empty_engine.connect() as connection:
        assert connection.scalar(select(func.max(COUNTED.c.n))) == 60
