"""Feeding suspended lines again: those that are usage now leave the suspense file, the others stay."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from ocs.usage_import.imports import Import, import_of_id, mark_fed, save_import, waiting_lines
from ocs.usage_import.lines import split_lines
from ocs.usage_import.refusal import Refusal
from ocs.usage_import.run import Batches, converter_of
from ocs.usage_import.suspense import Suspended, SuspenseError, read_suspense, replace_suspense


class SuspenseReport(NamedTuple):
    """What became of a suspense file's lines."""

    accepted: int
    duplicates: int
    waiting: int


def import_of_suspense(path: Path, connection: Connection) -> Import:
    """The import whose lines a suspense file holds. SuspenseError where there is none, or it is not whole."""
    lines = read_suspense(path)
    numbers = {line.import_id for line in lines}
    if len(numbers) != 1:
        raise SuspenseError(f"{path}: lines of {len(numbers)} imports; one file holds those of one")
    found = import_of_id(connection, numbers.pop())
    if found is None:
        raise SuspenseError(f"{path}: import {lines[0].import_id} is not known to this database")
    if found.finished_ms is None:
        raise SuspenseError(f"{path}: {found.file} is not imported to its end: import it again first")
    return found


def feed_suspense(batches: Batches, path: Path, owner: Import) -> SuspenseReport:
    """Feed the lines of a file that wait. ``batches`` are open, and of the import's mapping."""
    around = batches.around
    with around.engine.connect() as connection:
        waiting = waiting_lines(connection, owner.import_id)
    lines = {line.line: line for line in read_suspense(path) if line.line in waiting}
    numbers = sorted(lines)
    refused: dict[int, Refusal] = {}
    rows, kept = split_lines(
        [lines[number].text for number in numbers], numbers, batches.mapping.delimiter, refused
    )
    converter = converter_of(around, batches.name, batches.mapping, owner.header, owner.file)
    batch, unread = converter.convert(rows, kept, around.clock())
    refused |= unread
    ignored = len(set(kept) - set(batch.lines) - set(refused))
    duplicates = batches.take_duplicates([batch])
    count, unrated = batches.stage([batch], owner.file)
    refused.update(unrated)
    fed = [number for number in kept if number not in refused]
    after = owner._replace(
        accepted=owner.accepted + count,
        duplicates=owner.duplicates + duplicates,
        ignored=owner.ignored + ignored,
        suspended=owner.suspended - len(fed),
    )

    def also(connection: Connection) -> None:
        save_import(connection, after)
        mark_fed(connection, owner.import_id, fed, around.clock())

    if fed:
        batches.commit(count, also)
    rest = [_again(lines[number], refused.get(number)) for number in numbers if number not in set(fed)]
    replace_suspense(path, rest, around.disk)
    return SuspenseReport(count, duplicates + ignored, len(rest))


def _again(line: Suspended, refusal: Refusal | None) -> Suspended:
    return line if refusal is None else line._replace(refusal=refusal)
