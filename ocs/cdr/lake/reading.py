"""Reading the lake: a relation of DuckDB over exactly the files that the manifest names."""

from __future__ import annotations

from pathlib import Path

import duckdb
from sqlalchemy import Engine

from ocs.cdr.lake.columns import COLUMN_LIST, COLUMNS, sql_list, sql_text
from ocs.cdr.lake.manifest import LakeFile, highest_file_id, lake_files


class LakeError(Exception):
    """The lake's folder is not what the manifest says."""


class Lake:
    """The read side. ``connection`` is DuckDB's: one of its own, on two threads, where none is given.

    A run that shall read the same again keeps ``highest_file_id`` of its beginning and asks through it.
    """

    def __init__(
        self, directory: Path, engine: Engine, connection: duckdb.DuckDBPyConnection | None = None
    ) -> None:
        self.directory = directory
        self.engine = engine
        self.connection = connection if connection is not None else duckdb.connect(config={"threads": 2})

    def highest_file_id(self) -> int:
        """The number of the newest file; 0 in an empty lake."""
        with self.engine.connect() as connection:
            return highest_file_id(connection)

    def files(
        self,
        through_file_id: int | None = None,
        *,
        after_file_id: int = 0,
        series: str | None = None,
        days: tuple[str, str] | None = None,
    ) -> list[LakeFile]:
        """The files of a cut, by number. ``days`` are the first and the last UTC day of records' beginnings."""
        with self.engine.connect() as connection:
            return lake_files(
                connection,
                after_file_id=after_file_id,
                through_file_id=through_file_id,
                series=series,
                days=days,
            )

    def relation(
        self,
        through_file_id: int | None = None,
        *,
        after_file_id: int = 0,
        series: str | None = None,
        days: tuple[str, str] | None = None,
    ) -> duckdb.DuckDBPyRelation:
        """The rows of those files, with ``file_id`` and ``day`` first. LakeError where a file is missing.

        A file's rows come in the order of sequence and line; rows of several files in no order.
        """
        files = self.files(through_file_id, after_file_id=after_file_id, series=series, days=days)
        return self.connection.sql(self.sql(files))

    def sql(self, files: list[LakeFile]) -> str:
        """The query of ``relation`` for these files, to be part of other queries."""
        if not files:
            empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
            return f"SELECT NULL::BIGINT AS file_id, NULL::DATE AS day, {empty} WHERE false"
        paths = [str(file.within(self.directory)) for file in files]
        self._check(paths)
        numbers = ", ".join(
            f"({sql_text(path)}, {file.file_id}, DATE '{file.day}')"
            for path, file in zip(paths, files, strict=True)
        )
        return (
            f"SELECT CAST(manifest.file_id AS BIGINT) AS file_id, manifest.day, {COLUMN_LIST} "  # noqa: S608 - quoted by sql_text
            f"FROM read_parquet({sql_list(paths)}, filename = 'lake_path', hive_partitioning = false) "
            f"JOIN (VALUES {numbers}) manifest(lake_path, file_id, day) USING (lake_path)"
        )

    def _check(self, paths: list[str]) -> None:
        missing = [path for path in paths if not Path(path).is_file()]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise LakeError(f"{missing[0]}{more}: the manifest names it, but it is not there")
