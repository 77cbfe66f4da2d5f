"""The names of record files: partition, first and last sequence number, so that a name tells its content.

``cdr-p0-000000000001-000000100000.jsonl`` is complete and never changes again;
``cdr-p0-000000100001.jsonl.open`` is being written.
"""

import re
from pathlib import Path
from typing import NamedTuple

PARTITION = 0
_NAME = re.compile(r"cdr-p(\d+)-(\d{12,})(?:-(\d{12,})\.jsonl|\.jsonl\.open)")


class RecordFile(NamedTuple):
    """One record file. ``last`` is None while it is being written."""

    path: Path
    first: int
    last: int | None


def open_name(first: int) -> str:
    """The name of a file that is being written and begins with this sequence number."""
    return f"cdr-p{PARTITION}-{first:012d}.jsonl.open"


def sealed_name(first: int, last: int) -> str:
    """The name of a complete file."""
    return f"cdr-p{PARTITION}-{first:012d}-{last:012d}.jsonl"


def list_record_files(directory: Path) -> list[RecordFile]:
    """The record files of a directory in the order of their numbers; none where there is no directory."""
    found = []
    try:
        names = [entry.name for entry in directory.iterdir()]
    except FileNotFoundError:
        return []
    for name in names:
        match = _NAME.fullmatch(name)
        if match is not None and int(match[1]) == PARTITION:
            last = int(match[3]) if match[3] is not None else None
            found.append(RecordFile(directory / name, int(match[2]), last))
    return sorted(found, key=lambda file: file.first)
