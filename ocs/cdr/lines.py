"""The lines of record files: each event of the outbox with its sequence number in front. Compiled."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.packing import finished, put_decimal, put_octet, spare_writer

_START: Final = b'{"sequence":'


def numbered_lines(first: i64, events: list[bytes]) -> bytes:
    """The lines of events, JSON objects, numbered from ``first`` on in a member of their own in front."""
    out = spare_writer()
    number = first
    for event in events:
        out.write(_START)
        put_decimal(out, number)
        put_octet(out, 44)
        out.write(event[1:])
        put_octet(out, 10)
        number += 1
    return finished(out)


def sequence_of(line: bytes) -> int:
    """The sequence number a line begins with; 0 where the line is no whole record."""
    if not line.startswith(_START) or not line.endswith(b"}\n"):
        return 0
    digits = line[len(_START) : line.find(b",", len(_START))]
    return int(digits) if digits.isdigit() else 0
