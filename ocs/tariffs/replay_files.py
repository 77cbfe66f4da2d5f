"""Past records out of the charging server's files (JSON Lines)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from config.issues import ConfigError, Issue
from ocs.cdr.files import list_record_files
from ocs.tariffs.past_record import PastRecord
from ocs.tariffs.replaying import Replay

_CHUNK: Final = 1 << 16
"""Octets read at a time: what is made of so many stays in the processor's cache."""


def replay_files(replay: Replay, directory: Path) -> None:
    """Rate the records of a folder's files. ConfigError where a line is no record."""
    decoder = msgspec.json.Decoder(PastRecord)
    for file in list_record_files(directory):
        before = 0
        for lines in _chunks(file.path):
            try:
                records = decoder.decode_lines(lines)
            except msgspec.DecodeError:
                raise ConfigError([_wrong_line(decoder, file.path, before, lines)]) from None
            rated = replay.rate_records(list(map(msgspec.structs.astuple, records)))
            if rated < len(records):
                raise ConfigError([_wrong_times(file.path, before, lines, rated, records[rated])])
            before += len(lines)


def _wrong_line(decoder: msgspec.json.Decoder[PastRecord], path: Path, before: int, lines: bytes) -> Issue:
    """The first line that is no record; ``before`` octets of the file came before these."""
    first = _line_number(path, before)
    for number, text in _written(lines, first):
        try:
            decoder.decode(text)
        except msgspec.DecodeError as error:
            return Issue(path, number, 0, f"not a record: {error}")
    return Issue(path, first, 0, "not records from this line on")


def _wrong_times(path: Path, before: int, lines: bytes, rated: int, record: PastRecord) -> Issue:
    """The line of the record after so many of these lines."""
    number, _ = _written(lines, _line_number(path, before))[rated]
    message = f"not a record: from {record.opened_at!r} to {record.closed_at!r}"
    return Issue(path, number, 0, message, "times are like 2026-11-23T00:47:04.120Z")


def _line_number(path: Path, before: int) -> int:
    """The number of the line that begins after so many octets."""
    number = 1
    with path.open("rb") as stream:
        while before > 0 and (octets := stream.read(min(before, _CHUNK))):
            number += octets.count(b"\n")
            before -= len(octets)
    return number


def _written(lines: bytes, first: int) -> list[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers from the first line's on."""
    return [(number, text) for number, text in enumerate(lines.split(b"\n"), first) if text.strip()]


def _chunks(path: Path) -> Iterator[bytes]:
    """Whole lines of a file, about _CHUNK octets at a time; a torn last one is left out."""
    rest = b""
    with path.open("rb", buffering=0) as stream:
        while octets := stream.read(_CHUNK):
            end = octets.rfind(b"\n") + 1
            if end == 0:
                rest += octets
                continue
            yield rest + octets[:end]
            rest = octets[end:]
