"""A file that a command writes: there when it is whole, else not, and what was there before stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ocs.cli.failure import Failure


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A stream of UTF-8, lines as they are written; Failure, which names the file, where it can not be written.

    What is no usual file, such as a pipe, is written to as it is.
    """
    usual = path.is_file() or not path.exists()
    staged = path.with_name(f".{path.name}.part") if usual else path
    try:
        try:
            with staged.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            if usual:
                staged.replace(path)
        except BaseException:
            if usual:
                staged.unlink(missing_ok=True)
            raise
    except OSError as error:
        if isinstance(error, BrokenPipeError) or error.filename not in {None, str(staged)}:
            raise
        raise Failure(f"{path}: {error.strerror or error}") from None
