"""Records that are there already: of one batch twice, or in the lake, within some days of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from ocs.cdr.lake.columns import sql_list, sql_text
from ocs.cdr.lake.manifest import LakeFile

DAY_MS: Final = 86_400_000
_PART: Final = "\x1f"


def twice(keys: list[str], started_ms: list[int], days: int) -> set[int]:
    """The places of records whose key stands before them, in a record that began within so many days."""
    if len(set(keys)) == len(keys):
        return set()
    found: set[int] = set()
    first: dict[str, list[int]] = {}
    for index, (key, start) in enumerate(zip(keys, started_ms, strict=True)):
        day = start // DAY_MS
        before = first.setdefault(key, [])
        if any(abs(day - other) <= days for other in before):
            found.add(index)
        else:
            before.append(day)
    return found


def in_lake(
    connection: duckdb.DuckDBPyConnection,
    files: list[LakeFile],
    directory: Path,
    staged: Path,
    keys: list[str],
    started_ms: list[int],
    days: int,
) -> set[int]:
    """The places of records whose key is in one of these files of the lake, within so many days."""
    if not files:
        return set()
    rows = map(_PART.join, zip(map(str, range(len(keys))), keys, map(str, started_ms), strict=True))
    staged.write_text("\n".join(rows) + "\n")
    paths = sql_list([str(file.within(directory)) for file in files])
    found = connection.execute(
        f"""
        WITH batch AS (
            SELECT place, key, started_ms // {DAY_MS} AS day
            FROM read_csv({sql_text(str(staged))}, header = false, auto_detect = false, delim = '{_PART}',
                quote = '', escape = '',
                columns = {{'place': 'BIGINT', 'key': 'VARCHAR', 'started_ms': 'BIGINT'}})
        ), known AS (
            SELECT record_id, started_ms // {DAY_MS} AS day
            FROM read_parquet({paths}, hive_partitioning = false) WHERE line = 0
        )
        SELECT DISTINCT place FROM batch JOIN known ON key = record_id
        WHERE abs(batch.day - known.day) <= {days}
        """  # noqa: S608 - quoted by sql_text
    ).fetchall()
    staged.unlink()
    return {place for (place,) in found}
