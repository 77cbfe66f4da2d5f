"""A file of a command is there when it is whole: a disk that is full leaves what was there before."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ocs.cli.failure import Failure
from ocs.cli.whole_file import whole_file


def write_half(path: Path) -> None:
    """Run out of disk on the way."""
    with whole_file(path) as stream:
        stream.write("half of")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_broken_off_leaves_what_was_there(tmp_path: Path) -> None:
    """The failure names the file that was asked for; nothing of the new one stays."""
    path = tmp_path / "invoices.jsonl"
    path.write_text("before")
    with pytest.raises(Failure, match=r"invoices\.jsonl: No space left on device"):
        write_half(path)

    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    with whole_file(path) as stream:
        stream.write("whole")
    assert path.read_text() == "whole"


def test_a_device_is_written_to_as_it_is() -> None:
    """A full one is told."""
    with whole_file(Path(os.devnull)) as stream:
        stream.write("x")
    with (
        pytest.raises(Failure, match="/dev/full: No space left on device"),
        whole_file(Path("/dev/full")) as stream,
    ):
        stream.write("x")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """By the name that was given; what fails elsewhere keeps its own."""
    path = tmp_path / "none" / "a.csv"
    with pytest.raises(Failure, match=r"none/a\.csv: No such file"), whole_file(path):
        pass
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "b.csv"):
        (tmp_path / "other").read_text()
    assert list(tmp_path.iterdir()) == []
