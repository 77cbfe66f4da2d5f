"""The manifest: which files the lake consists of, and how far each series has come; in SQL, so in transactions.

File numbers are dense and ascend in the order of commits: what was read through a number never changes again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, insert, select, update

from ocs.cdr.tables import LAKE_FILE, LAKE_GAP, LAKE_HEAD, LAKE_SERIES

HEAD: Final = "lake"


class OvertakenError(Exception):
    """Another process has written this series meanwhile: what was prepared is not wanted any more."""


class NewFile(NamedTuple):
    """A file that has its name in the lake and waits for its place in the manifest."""

    series: str
    first_sequence: int
    last_sequence: int
    day: str
    path: str
    rows: int
    records: int
    amounts: dict[str, int]


class LakeFile(NamedTuple):
    """A file of the lake. ``path`` is within the lake; ``amounts`` are micros by currency.

    ``first_sequence`` and ``last_sequence`` are those of its chunk: records of other days lie in files of the
    same numbers, and ``records`` of all of them together are as many as the numbers.
    """

    file_id: int
    series: str
    first_sequence: int
    last_sequence: int
    day: str
    path: str
    rows: int
    records: int
    amounts: dict[str, int]
    committed_ms: int

    def within(self, directory: Path) -> Path:
        """Where it is, by the lake's directory."""
        return directory / self.path


def highest_file_id(connection: Connection) -> int:
    """The number of the newest file; 0 in an empty lake."""
    return int(connection.scalars(select(LAKE_HEAD.c.next_file_id)).one()) - 1


def lake_files(
    connection: Connection,
    *,
    after_file_id: int = 0,
    through_file_id: int | None = None,
    series: str | None = None,
    days: tuple[str, str] | None = None,
) -> list[LakeFile]:
    """Files by number: those above one and up to another, of one series, of a span of days (first, last)."""
    query = select(LAKE_FILE).where(LAKE_FILE.c.file_id > after_file_id).order_by(LAKE_FILE.c.file_id)
    if through_file_id is not None:
        query = query.where(LAKE_FILE.c.file_id <= through_file_id)
    if series is not None:
        query = query.where(LAKE_FILE.c.series == series)
    if days is not None:
        query = query.where(LAKE_FILE.c.day >= days[0], LAKE_FILE.c.day <= days[1])
    return [
        LakeFile(
            row.file_id,
            row.series,
            row.first_sequence,
            row.last_sequence,
            row.day,
            row.path,
            row.rows,
            row.records,
            json.loads(row.amounts),
            row.committed_ms,
        )
        for row in connection.execute(query)
    ]


def next_sequence(connection: Connection, series: str) -> int:
    """The number that the next record of a series gets."""
    found = connection.scalars(
        select(LAKE_SERIES.c.next_sequence).where(LAKE_SERIES.c.series == series)
    ).one_or_none()
    return 1 if found is None else int(found)


def lock_manifest(connection: Connection) -> int:
    """Keep all other writers out until this transaction ends; the number that the next file gets."""
    query = select(LAKE_HEAD.c.next_file_id).where(LAKE_HEAD.c.lake == HEAD).with_for_update()
    return int(connection.scalars(query).one())


def commit_files(
    connection: Connection, series: str, first: int, last: int, files: Iterable[NewFile], now_ms: int
) -> list[int]:
    """Put a chunk of a series into the manifest; the numbers of its files.

    OvertakenError where the series has gone on without it. The caller's transaction makes it count.
    """
    next_file_id = lock_manifest(connection)
    _move_series(connection, series, first, last + 1)
    rows = [
        {
            **file._asdict(),
            "file_id": next_file_id + index,
            "amounts": _json(file.amounts),
            "committed_ms": now_ms,
        }
        for index, file in enumerate(files)
    ]
    connection.execute(insert(LAKE_FILE), rows)
    connection.execute(update(LAKE_HEAD).values(next_file_id=next_file_id + len(rows)))
    return [next_file_id + index for index in range(len(rows))]


def note_gap(connection: Connection, series: str, first: int, last: int, now_ms: int) -> None:
    """Go on behind records that are lost, and keep it in mind."""
    lock_manifest(connection)
    _move_series(connection, series, first, last + 1)
    gap = {"series": series, "first_sequence": first, "last_sequence": last, "noted_ms": now_ms}
    connection.execute(insert(LAKE_GAP).values(gap))


def noted_gaps(connection: Connection, series: str) -> list[tuple[int, int]]:
    """The records (first, last) of a series that were given up."""
    query = select(LAKE_GAP.c.first_sequence, LAKE_GAP.c.last_sequence).where(LAKE_GAP.c.series == series)
    return [
        (row.first_sequence, row.last_sequence) for row in connection.execute(query.order_by("first_sequence"))
    ]


def _move_series(connection: Connection, series: str, expected: int, following: int) -> None:
    at = next_sequence(connection, series)
    if at != expected:
        raise OvertakenError(f"series {series} is at record {at}, not at {expected}: another process writes it")
    if at == 1 and following > 1:
        known = select(LAKE_SERIES.c.series).where(LAKE_SERIES.c.series == series)
        if connection.execute(known).first() is None:
            connection.execute(insert(LAKE_SERIES).values(series=series, next_sequence=following))
            return
    connection.execute(
        update(LAKE_SERIES).where(LAKE_SERIES.c.series == series).values(next_sequence=following)
    )


def _json(amounts: dict[str, int]) -> str:
    return json.dumps(amounts, separators=(",", ":"), sort_keys=True)
