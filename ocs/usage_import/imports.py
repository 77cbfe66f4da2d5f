"""What SQL knows of imports: how far each file is, which of its lines wait; one import commits at a time."""

from __future__ import annotations

import json
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from ocs.cdr.lake.manifest import OvertakenError
from ocs.usage_import.suspense import Suspended, line_digest
from ocs.usage_import.tables import USAGE_IMPORT, USAGE_IMPORT_HEAD, USAGE_SUSPENDED


class Import(NamedTuple):
    """A file's import. ``next_line`` and ``next_octet`` follow what is committed.

    ``finished_ms`` None: it is not at its end. ``header`` are the names of the file's columns, or its first
    line's fields. ``suspended`` counts lines that wait; the other counts have those that were fed again too.
    """

    import_id: int
    mapping: str
    file: str
    digest: str
    octets: int
    header: list[str]
    catalogue: str
    next_line: int
    next_octet: int
    accepted: int
    duplicates: int
    ignored: int
    suspended: int
    suspense_octets: int
    started_ms: int
    finished_ms: int | None


def find_import(connection: Connection, mapping: str, digest: str) -> Import | None:
    """The import of a content by a mapping."""
    query = select(USAGE_IMPORT).where(USAGE_IMPORT.c.mapping == mapping, USAGE_IMPORT.c.digest == digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else _import_of(tuple(row))


def import_of_id(connection: Connection, import_id: int) -> Import | None:
    """The import of a number."""
    row = connection.execute(select(USAGE_IMPORT).where(USAGE_IMPORT.c.import_id == import_id)).one_or_none()
    return None if row is None else _import_of(tuple(row))


def list_imports(connection: Connection) -> list[Import]:
    """All imports by number."""
    rows = connection.execute(select(USAGE_IMPORT).order_by(USAGE_IMPORT.c.import_id))
    return [_import_of(tuple(row)) for row in rows]


def add_import(connection: Connection, new: Import) -> Import:
    """Begin an import; it gets its number."""
    query = select(USAGE_IMPORT_HEAD.c.next_import_id).with_for_update()
    import_id = int(connection.scalars(query).one())
    connection.execute(update(USAGE_IMPORT_HEAD).values(next_import_id=import_id + 1))
    added = new._replace(import_id=import_id)
    connection.execute(insert(USAGE_IMPORT).values({**added._asdict(), "header": json.dumps(new.header)}))
    return added


def drop_import(connection: Connection, import_id: int) -> None:
    """Forget an import of which nothing was committed."""
    connection.execute(delete(USAGE_IMPORT).where(USAGE_IMPORT.c.import_id == import_id))


def generation(connection: Connection) -> int:
    """How many commits of imports there were."""
    return int(connection.scalars(select(USAGE_IMPORT_HEAD.c.generation)).one())


def move_on(connection: Connection, expected: int) -> None:
    """Count a commit. OvertakenError where another import has committed since ``expected``."""
    moved = connection.execute(
        update(USAGE_IMPORT_HEAD)
        .where(USAGE_IMPORT_HEAD.c.generation == expected)
        .values(generation=expected + 1)
    )
    if moved.rowcount != 1:
        raise OvertakenError("another import has moved the same standings: start this one again")


def save_import(connection: Connection, changed: Import) -> None:
    """Keep how far an import is."""
    values = {**changed._asdict(), "header": json.dumps(changed.header)}
    connection.execute(update(USAGE_IMPORT).where(USAGE_IMPORT.c.import_id == changed.import_id).values(values))


def add_suspended(connection: Connection, lines: list[Suspended]) -> None:
    """Let lines wait."""
    if lines:
        connection.execute(
            insert(USAGE_SUSPENDED),
            [
                {
                    "import_id": line.import_id,
                    "line": line.line,
                    "code": line.refusal.code,
                    "digest": line_digest(line.text),
                    "fed_ms": None,
                }
                for line in lines
            ],
        )


def known_digests(connection: Connection, mapping: str, digests: list[str]) -> set[str]:
    """Which of these lines came by this mapping before and were suspended, whether they still wait or not."""
    found: set[str] = set()
    for begin in range(0, len(digests), 500):
        query = (
            select(USAGE_SUSPENDED.c.digest)
            .join(USAGE_IMPORT, USAGE_IMPORT.c.import_id == USAGE_SUSPENDED.c.import_id)
            .where(USAGE_IMPORT.c.mapping == mapping)
            .where(USAGE_SUSPENDED.c.digest.in_(digests[begin : begin + 500]))
        )
        found.update(connection.scalars(query))
    return found


def waiting_lines(connection: Connection, import_id: int) -> set[int]:
    """The lines of an import that wait."""
    query = select(USAGE_SUSPENDED.c.line).where(
        USAGE_SUSPENDED.c.import_id == import_id, USAGE_SUSPENDED.c.fed_ms.is_(None)
    )
    return set(connection.scalars(query))


def count_waiting(connection: Connection) -> int:
    """How many lines wait, of all imports."""
    query = select(func.count()).select_from(USAGE_SUSPENDED).where(USAGE_SUSPENDED.c.fed_ms.is_(None))
    return int(connection.scalars(query).one())


def mark_fed(connection: Connection, import_id: int, lines: list[int], now_ms: int) -> None:
    """These lines wait no more."""
    for begin in range(0, len(lines), 500):
        connection.execute(
            update(USAGE_SUSPENDED)
            .where(USAGE_SUSPENDED.c.import_id == import_id)
            .where(USAGE_SUSPENDED.c.line.in_(lines[begin : begin + 500]))
            .values(fed_ms=now_ms)
        )


def _import_of(row: tuple[object, ...]) -> Import:
    found = dict(zip(Import._fields, row, strict=True))
    found["header"] = json.loads(str(found["header"]))
    return Import(**found)  # type: ignore[arg-type]  # columns have the types of the fields
