"""The suspense folder: lines that are no usage, each with its place and why, to be corrected and fed again.

One CSV file for each imported file: ``import,line,code,reason,file,text``. People correct ``text``; the rest
says which line it is. What SQL says of a line decides whether it still waits, so that nothing is fed twice.
"""

from __future__ import annotations

import csv
import io
import re
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from ocs.cdr.disk import Disk
from ocs.usage_import.refusal import Refusal

COLUMNS: Final = ("import", "line", "code", "reason", "file", "text")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class SuspenseError(Exception):
    """A suspense file that is not as we wrote it."""


class Suspended(NamedTuple):
    """A line that waits."""

    import_id: int
    line: int
    refusal: Refusal
    file: str
    text: str


def suspense_path(folder: Path, mapping: str, import_id: int, file: str) -> Path:
    """Where the suspended lines of an import are."""
    stem = _UNSAFE.sub("_", Path(file).stem)[:64]
    return folder / f"{mapping}-{import_id:06d}-{stem}.csv"


def line_digest(text: str) -> str:
    """What tells a line as it came from others."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


class SuspenseWriter:
    """Appends to one suspense file, behind the octets that SQL knows of: more was never committed."""

    def __init__(self, path: Path, octets: int, disk: Disk) -> None:
        self.path = path
        self.octets = octets
        self._disk = disk

    def open(self) -> None:
        """Cut off what was never committed."""
        if self.path.exists() and self.path.stat().st_size > self.octets:
            if self.octets == 0:
                self._disk.remove(self.path)
                return
            descriptor = self._disk.open(self.path)
            try:
                self._disk.truncate(descriptor, self.octets)
                self._disk.sync(descriptor)
            finally:
                self._disk.close(descriptor)

    def append(self, lines: list[Suspended]) -> None:
        """Put lines at the end, durably; ``octets`` is then the file's size."""
        if not lines:
            return
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = self._disk.create(self.path)
        else:
            descriptor = self._disk.open(self.path)
        try:
            octets = _csv(lines, header=self.octets == 0)
            self._disk.write_at(descriptor, [octets], self.octets)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        self.octets += len(octets)


def read_suspense(path: Path) -> list[Suspended]:
    """The lines of a suspense file. SuspenseError, with file and line, where it is not as we write it."""
    found = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream, strict=True)
        try:
            if tuple(next(rows, ())) != COLUMNS:
                raise SuspenseError(f"{path}:1: the columns are not {','.join(COLUMNS)}")
            for row in rows:
                if len(row) != len(COLUMNS) or not (row[0].isdigit() and row[1].isdigit()):
                    raise SuspenseError(f"{path}:{rows.line_num}: this is no suspended line")
                refusal = Refusal(row[2], row[3])
                found.append(Suspended(int(row[0]), int(row[1]), refusal, row[4], row[5].rstrip("\r\n")))
        except csv.Error as error:
            raise SuspenseError(f"{path}:{rows.line_num}: not CSV: {error}") from None
        except UnicodeDecodeError:
            raise SuspenseError(f"{path}:{rows.line_num + 1}: not UTF-8, which suspended lines are") from None
    return found


def replace_suspense(path: Path, lines: list[Suspended], disk: Disk) -> int:
    """Leave only these lines in a file, in one step; without any it goes. Its size in octets."""
    if not lines:
        disk.remove(path)
        disk.sync_directory(path.parent)
        return 0
    staged = path.with_name(f".{path.name}.new")
    staged.unlink(missing_ok=True)
    octets = _csv(lines, header=True)
    descriptor = disk.create(staged)
    try:
        disk.write_at(descriptor, [octets], 0)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)
    disk.rename(staged, path)
    disk.sync_directory(path.parent)
    return len(octets)


def _csv(lines: list[Suspended], *, header: bool) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow(
            (line.import_id, line.line, line.refusal.code, line.refusal.reason, line.file, line.text)
        )
    return text.getvalue().encode(errors="backslashreplace")
