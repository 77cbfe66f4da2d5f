"""Files of the lake, such as ``day=2026-11-23/online-p0-000000000001-000000001000.parquet``."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import Final

from ocs.cdr.disk import Disk

STAGING: Final = ".staging"
"""The folder of files that have no name in the lake yet."""
_NAME: Final = re.compile(r"(.+)-\d{12,}-\d{12,}\.parquet")
_DAY: Final = re.compile(r"day=\d{4}-\d\d-\d\d")
SERIES_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class SeriesBusyError(Exception):
    """Another process writes this series."""


def lake_path(series: str, first: int, last: int, day: str) -> str:
    """The path of a file within the lake."""
    return f"day={day}/{series}-{first:012d}-{last:012d}.parquet"


class LakeFolder:
    """The lake's folder, for one writer of one series, who holds its lock until ``release``."""

    def __init__(self, directory: Path, series: str, disk: Disk) -> None:
        if SERIES_NAME.fullmatch(series) is None:
            raise ValueError(f"{series!r} can not name a series: small letters, digits, '-' and '_'")
        self.directory = directory
        self.series = series
        self._disk = disk
        self._lock = -1

    @property
    def staging(self) -> Path:
        """Where this writer's files grow."""
        return self.directory / STAGING / self.series

    def take(self) -> None:
        """Take the lock and make the folders. SeriesBusyError while another process has it."""
        self.staging.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.staging / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise SeriesBusyError(f"another process writes {self.series} into {self.directory}") from None
        self._lock = descriptor

    def release(self) -> None:
        """Let go of the lock."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def clear(self, known: set[str]) -> list[str]:
        """Remove the series' files that the manifest does not know (their paths), and what is half made."""
        for staged in self.staging.iterdir():
            if staged.name != ".lock":
                self._disk.remove(staged)
        orphans = [path for path in self.own_files() if path not in known]
        for path in orphans:
            self._disk.remove(self.directory / path)
        for folder in {(self.directory / path).parent for path in orphans}:
            self._disk.sync_directory(folder)
        return orphans

    def own_files(self) -> list[str]:
        """The files of this series that lie in the lake, in the manifest or not."""
        found = []
        for day in self.directory.iterdir():
            if _DAY.fullmatch(day.name) is not None:
                for path in day.iterdir():
                    match = _NAME.fullmatch(path.name)
                    if match is not None and match[1] == self.series:
                        found.append(f"{day.name}/{path.name}")
        return sorted(found)

    def publish(self, staged: Path, path: str) -> None:
        """Give a finished file its name in the lake, durably."""
        descriptor = self._disk.open(staged)
        try:
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        final = self.directory / path
        if not final.parent.is_dir():
            final.parent.mkdir()
            self._disk.sync_directory(self.directory)
        self._disk.rename(staged, final)
        self._disk.sync_directory(final.parent)
