"""A private, real PostgreSQL for tests: its own data folder, a unix socket, gone at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from ocs.database import open_database

_FOLDERS: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
_SETTINGS: Final = (
    "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off "
    "-c max_connections=40 -c shared_buffers=32MB"
)


def postgresql_binaries() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl`` of the newest PostgreSQL here; None where there is none."""
    found = [folder for pattern in _FOLDERS for folder in sorted(Path("/").glob(pattern[1:]))]
    on_path = shutil.which("pg_ctl")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    usable = [folder for folder in found if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]
    return usable[-1] if usable else None


def _user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            pwd.getpwnam(name)
            return name
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


@contextlib.contextmanager
def running_postgresql() -> Iterator[Path]:
    """The folder of the socket of a server that runs meanwhile; skips the test where none is installed."""
    binaries = postgresql_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed here")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="ocs-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    watch = _stop_when_we_end(user, binaries / "pg_ctl", folder)
    try:
        _run(user, [str(binaries / "initdb"), "-D", str(data), "-U", "ocs", "-A", "trust", "-N", "-E", "UTF8"])
        options = f"{_SETTINGS} -k {folder}"
        _run(
            user,
            [
                str(binaries / "pg_ctl"),
                "-D",
                str(data),
                "-o",
                options,
                "-l",
                str(folder / "log"),
                "-w",
                "start",
            ],
        )
        yield folder
    finally:
        watch.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def _stop_when_we_end(user: str | None, pg_ctl: Path, folder: Path) -> subprocess.Popen[bytes]:
    """A shell that stops the server and removes its folder when its input ends, as it does with us, however."""
    script = 'cat; "$1" -D "$2/data" -m immediate -w stop; rm -rf "$2"'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", str(pg_ctl), str(folder)],
        user=user,
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _run(user: str | None, command: list[str]) -> None:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        user=user,
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")


@contextlib.contextmanager
def fresh_database(folder: Path, name: str) -> Iterator[str]:
    """The URL of a new, empty database of a server; dropped at the end."""
    base = f"postgresql://ocs@/{{}}?host={folder}"
    _administer(base.format("postgres"), f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        yield base.format(name)
    finally:
        _administer(base.format("postgres"), f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(url: str, statement: str) -> None:
    engine = open_database(url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
