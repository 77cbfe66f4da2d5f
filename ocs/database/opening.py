"""Opening the database that an URL names: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_PATIENCE_MS: Final = 30_000
"""How long a writer waits for another one."""
WRITES: Final = "ocs_writes"
"""The execution option of a connection whose transaction will write."""


class DatabaseError(Exception):
    """An URL that names no database of ours, or one that does not answer."""


def reason_of(error: Exception) -> str:
    """What a driver's error says, in one line without the statement."""
    cause = getattr(error, "orig", None)
    if cause is None:
        return str(error)
    said = cause.args[0] if cause.args else ""
    if isinstance(said, dict):  # the fields of a message of PostgreSQL
        return str(said.get("M", said))
    root = cause.__cause__
    return f"{cause}: {root}" if root is not None and str(root) not in str(cause) else str(cause)


def open_database(url: str) -> Engine:
    """The engine of ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST:PORT/NAME``; its folder is made.

    ``?host=/FOLDER`` of PostgreSQL names a unix socket, ``?sslmode=require`` and ``verify-full`` ask for TLS.
    Nothing is connected yet. DatabaseError where the URL is wrong.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(f"{url!r} is not the URL of a database") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _open_sqlite(parsed)
    if backend in {"postgresql", "postgres"}:
        return _open_postgresql(parsed)
    raise DatabaseError(f"{backend} is no database of ours: use sqlite:///FILE or postgresql://...")


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise DatabaseError("SQLite needs a file: sqlite:///FILE")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, entry: ConnectionPoolEntry) -> None:
    """Leave transactions to us, so that DDL is in them too; keep what is committed through a power cut."""
    del entry
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {SQLITE_PATIENCE_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that writes takes the lock first: one that read before could not wait for it any more."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_postgresql(url: URL) -> Engine:
    query = dict(url.query)
    arguments: dict[str, Any] = {}
    host = query.pop("host", None)
    if isinstance(host, str) and host.startswith("/"):
        arguments["unix_sock"] = f"{host}/.s.PGSQL.{url.port or 5432}"
    elif host is not None:
        raise DatabaseError(f"?host={host}: the folder of a unix socket is expected")
    mode, root = query.pop("sslmode", "disable"), query.pop("sslrootcert", None)
    if mode in {"require", "verify-full"}:
        arguments["ssl_context"] = _tls(verified=mode == "verify-full", root=str(root) if root else None)
    elif mode != "disable":
        raise DatabaseError(f"?sslmode={mode}: 'disable', 'require' or 'verify-full' is expected")
    if query:
        raise DatabaseError(f"?{next(iter(query))}= of a postgresql URL is not known")
    arguments["application_name"] = "ocs"
    address = url.set(drivername="postgresql+pg8000", query={})
    return create_engine(address, connect_args=arguments, pool_pre_ping=True)


def _tls(*, verified: bool, root: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=root)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
