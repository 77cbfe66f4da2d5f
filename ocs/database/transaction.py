"""Transactions that write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from ocs.database.opening import WRITES


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that writes: committed at the end, rolled back by any exception.

    On SQLite it waits at its beginning for the one before it, and ``engine.connect()`` reads beside it. On
    PostgreSQL, what must not change meanwhile is read with ``SELECT ... FOR UPDATE``.
    """
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        yield connection
