"""Tests of the disk's writes."""

import os
from pathlib import Path

import pytest

from ocs.cdr.disk import Disk


def written(path: Path, pieces: list[bytes]) -> bytes:
    """What a file holds after pieces were written from its fourth octet on."""
    disk = Disk()
    descriptor = disk.create(path)
    disk.write_at(descriptor, [b"abc"], 0)
    disk.write_at(descriptor, pieces, 3)
    disk.close(descriptor)
    return path.read_bytes()


def test_more_pieces_than_one_call_takes(tmp_path: Path) -> None:
    """Thousands of pieces, empty ones among them, lie one after the other."""
    pieces = [b"%d," % number if number % 3 else b"" for number in range(5000)]
    assert written(tmp_path / "file", pieces) == b"abc" + b"".join(pieces)
    assert written(tmp_path / "empty", [b"", b""]) == b"abc"


def test_what_a_short_write_left_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel may write less than it was given: the rest follows, wherever in the pieces it begins."""
    whole = os.pwritev

    def short(descriptor: int, views: list[memoryview], offset: int) -> int:
        return whole(descriptor, [b"".join(views)[:7]], offset)

    monkeypatch.setattr(os, "pwritev", short)
    pieces = [b"0123456789", b"", b"xy", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"!"]
    assert written(tmp_path / "file", pieces) == b"abc" + b"".join(pieces)
