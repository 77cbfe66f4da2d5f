"""Importing one file from where it is, until its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection

from ocs.database import writing
from ocs.uncollected import without_collection
from ocs.usage_import.conversion import Batch, Converter
from ocs.usage_import.imports import (
    Import,
    add_import,
    add_suspended,
    drop_import,
    find_import,
    known_digests,
    save_import,
)
from ocs.usage_import.lines import BATCH_OCTETS, BLOCK_OCTETS, UsageFile
from ocs.usage_import.refusal import Refusal
from ocs.usage_import.run import Batches, converter_of
from ocs.usage_import.suspense import Suspended, SuspenseWriter, line_digest, suspense_path

TELLING_LINES: Final = 100
"""A first batch of so many lines of which none is usage: the mapping is another file's."""

Progress = Callable[[int, int, int], None]
"""Octets done, of the batch under way too, octets of the file, records accepted so far."""
_PARTS: Final = 3
"""A batch's octets are done by a third where they are read, by two where they are rated."""


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
        self._progress: Progress | None = None

    def run(self, progress: Progress | None = None) -> FileReport:
        """Import what is left of the file. ConfigError, ImportFailedError."""
        batches = self._batches
        self._progress = progress
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
            self._tell(at, 0, 1)
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
        now_ms = batches.around.clock()
        ignored_before = converter.ignored
        read = self._read(at, converter, now_ms)
        refused = read.refused
        if at.accepted + at.duplicates + at.suspended == 0 and not any(batch.lines for batch in read.batches):
            _check_mapping(self._file.path, read)
        duplicates = batches.take_duplicates(read.batches)
        octets = read.next_octet - at.next_octet
        count, unrated = batches.stage(
            read.batches, at.file, lambda done, of: self._tell(at, octets * (of + done), _PARTS * of)
        )
        refused.update(unrated)
        suspended, repeated = self._suspended(at, read)
        writer.append(suspended)
        after = at._replace(
            next_line=read.next_line,
            next_octet=read.next_octet,
            accepted=at.accepted + count,
            duplicates=at.duplicates + duplicates + repeated,
            ignored=at.ignored + converter.ignored - ignored_before,
            suspended=at.suspended + len(suspended),
            suspense_octets=writer.octets,
            finished_ms=now_ms if read.next_octet >= at.octets else None,
        )

        def also(connection: Connection) -> None:
            save_import(connection, after)
            add_suspended(connection, suspended)

        batches.commit(count, also)
        return after

    def _read(self, at: Import, converter: Converter, now_ms: int) -> _Read:
        """The lines of a batch as values, block by block: what is small stays near the processor."""
        read = _Read([], {}, [], at.next_line, at.next_octet)
        end = min(at.next_octet + self._batch_octets, at.octets)
        while read.next_octet < end:
            block = self._file.read(read.next_line, read.next_octet, min(BLOCK_OCTETS, end - read.next_octet))
            if block.next_octet == read.next_octet:
                raise ImportFailedError(f"{self._file.path} has become shorter while it is imported")
            batch, refused = converter.convert(block.rows, block.numbers, now_ms, block.columns)
            read.batches.append(batch)
            read.refused.update(refused)
            read.refused.update(block.refused)
            read.blocks.append((read.next_line, read.next_octet, block.next_octet - read.next_octet))
            read.next_line, read.next_octet = block.next_line, block.next_octet
            self._tell(at, read.next_octet - at.next_octet, _PARTS)
        return read

    def _tell(self, at: Import, octets: int, part: int) -> None:
        """Tell how far the file is, with a part of octets that are not committed yet."""
        if self._progress is not None:
            self._progress(at.next_octet + octets // part, at.octets, at.accepted)

    def _suspended(self, at: Import, read: _Read) -> tuple[list[Suspended], int]:
        """The lines to suspend, and how many came before, and were suspended then."""
        found: list[Suspended] = []
        if not read.refused:
            return found, 0
        texts = self._texts(read)
        digests = {number: line_digest(text) for number, text in texts.items()}
        with self._batches.around.engine.connect() as connection:
            known = known_digests(connection, at.mapping, sorted(set(digests.values())))
        for number, digest in digests.items():
            if digest not in known:
                known.add(digest)
                found.append(Suspended(at.import_id, number, read.refused[number], at.file, texts[number]))
        return found, len(digests) - len(found)

    def _texts(self, read: _Read) -> dict[int, str]:
        """The refused lines as written, by number: their blocks are read again."""
        found: dict[int, str] = {}
        waiting = sorted(read.refused, reverse=True)
        for first, octet, octets in read.blocks:
            if not waiting or waiting[-1] < first:
                continue
            block = self._file.read(first, octet, octets)
            while waiting and waiting[-1] < block.next_line:
                number = waiting.pop()
                found[number] = block.text_of(number)
        return found


@dataclass
class _Read:
    """What was read of a batch; ``blocks`` are where: first line, octet and octets of each."""

    batches: list[Batch]
    refused: dict[int, Refusal]
    blocks: list[tuple[int, int, int]]
    next_line: int
    next_octet: int


def _check_mapping(path: Path, read: _Read) -> None:
    lines = read.next_line - read.blocks[0][0] if read.blocks else 0
    if len(read.refused) < TELLING_LINES or len(read.refused) < lines:
        return
    number = min(read.refused)
    reason = read.refused[number].reason
    raise ImportFailedError(f"{path}:{number}: {reason}; none of {lines} lines is usage by this mapping")
