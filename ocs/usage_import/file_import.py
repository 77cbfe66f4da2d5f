"""Importing one file from where it is, until its end."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection

from ocs.database import writing
from ocs.usage_import.conversion import Converter
from ocs.usage_import.imports import (
    Import,
    add_import,
    add_suspended,
    drop_import,
    find_import,
    known_digests,
    save_import,
)
from ocs.usage_import.lines import BATCH_OCTETS, LineBatch, UsageFile
from ocs.usage_import.refusal import Refusal
from ocs.usage_import.run import Batches, converter_of
from ocs.usage_import.suspense import Suspended, SuspenseWriter, line_digest, suspense_path

TELLING_LINES: Final = 100
"""A first batch of so many lines of which none is usage: the mapping is another file's."""

Progress = Callable[[int, int, int], None]
"""Octets done, octets of the file, records accepted so far."""


@contextmanager
def without_collection() -> Iterator[None]:
    """Millions of new lists and no cycles: looking for some among them takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class ImportFailedError(Exception):
    """A file that can not be imported as it is; nothing of it was."""


class FileReport(NamedTuple):
    """What became of a file's lines. ``known``: it was imported before, whole."""

    imported: Import
    known: bool
    suspense: Path


class FileImport:
    """One file on its way; ``batches`` are open."""

    def __init__(self, batches: Batches, path: Path, batch_octets: int = BATCH_OCTETS) -> None:
        self._batches = batches
        self._file = UsageFile(path, batches.mapping)
        self._batch_octets = batch_octets

    def run(self, progress: Progress | None = None) -> FileReport:
        """Import what is left of the file. ConfigError, ImportFailedError."""
        batches = self._batches
        at = self._begin()
        suspense = suspense_path(batches.around.suspense, batches.name, at.import_id, at.file)
        if at.finished_ms is not None:
            return FileReport(at, known=True, suspense=suspense)
        converter = converter_of(batches.around, batches.name, batches.mapping, at.header, str(self._file.path))
        writer = SuspenseWriter(suspense, at.suspense_octets, batches.around.disk)
        writer.open()
        while at.finished_ms is None:
            try:
                with without_collection():
                    at = self._next_batch(at, converter, writer)
            except ImportFailedError:
                with writing(batches.around.engine) as connection:
                    drop_import(connection, at.import_id)
                raise
            if progress is not None:
                progress(at.next_octet, at.octets, at.accepted)
        return FileReport(at, known=False, suspense=suspense)

    def _begin(self) -> Import:
        """The file's import as SQL knows it, or a new one."""
        around, name = self._batches.around, self._batches.name
        digest = self._file.digest()
        with writing(around.engine) as connection:
            found = find_import(connection, name, digest)
            if found is not None:
                return found
            header, line, octet = self._file.header()
            converter_of(around, name, self._batches.mapping, header, str(self._file.path))
            new = Import(
                0, name, str(self._file.path), digest, self._file.octets, header, around.catalogue.version,
                line, octet, 0, 0, 0, 0, 0, around.clock(), None,
            )  # fmt: skip
            return add_import(connection, new)

    def _next_batch(self, at: Import, converter: Converter, writer: SuspenseWriter) -> Import:
        batches = self._batches
        lines = self._file.read(at.next_line, at.next_octet, self._batch_octets)
        now_ms = batches.around.clock()
        ignored_before = converter.ignored
        batch, refused = converter.convert(lines.rows, lines.numbers, now_ms)
        refused |= lines.refused
        if at.accepted + at.duplicates + at.suspended == 0 and not batch.lines:
            _check_mapping(self._file.path, lines, refused)
        duplicates = len(batches.take_duplicates(batch))
        count, unrated = batches.stage(batch, at.file)
        refused.update(unrated)
        suspended, repeated = self._suspended(at, lines, refused)
        writer.append(suspended)
        after = at._replace(
            next_line=lines.next_line,
            next_octet=lines.next_octet,
            accepted=at.accepted + count,
            duplicates=at.duplicates + duplicates + repeated,
            ignored=at.ignored + converter.ignored - ignored_before,
            suspended=at.suspended + len(suspended),
            suspense_octets=writer.octets,
            finished_ms=now_ms if lines.next_octet >= at.octets else None,
        )

        def also(connection: Connection) -> None:
            save_import(connection, after)
            add_suspended(connection, suspended)

        batches.commit(count, also)
        return after

    def _suspended(
        self, at: Import, lines: LineBatch, refused: dict[int, Refusal]
    ) -> tuple[list[Suspended], int]:
        """The lines to suspend, and how many came before, and were suspended then."""
        found: list[Suspended] = []
        if not refused:
            return found, 0
        digests = {number: line_digest(lines.text_of(number)) for number in sorted(refused)}
        with self._batches.around.engine.connect() as connection:
            known = known_digests(connection, at.mapping, sorted(set(digests.values())))
        for number, digest in digests.items():
            if digest not in known:
                known.add(digest)
                text = lines.text_of(number)
                found.append(Suspended(at.import_id, number, refused[number], at.file, text))
        return found, len(digests) - len(found)


def _check_mapping(path: Path, lines: LineBatch, refused: dict[int, Refusal]) -> None:
    if len(refused) < TELLING_LINES or len(refused) < len(lines.texts):
        return
    number = min(refused)
    raise ImportFailedError(
        f"{path}:{number}: {refused[number].reason}; none of {len(refused)} lines is usage by this mapping"
    )
