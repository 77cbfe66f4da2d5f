"""Everything that is made of the journal: the usage lake and the series of CSV files, in one pass."""

from __future__ import annotations

from collections.abc import Callable

from ocs.cdr.lake.feeding import LakeFeeder
from ocs.cdr.offline_settings import OfflineSettings
from ocs.cdr.series import SeriesFeeder
from ocs.database import migrate, open_database

Progress = Callable[[str, int, int | None], None]
"""Hears what is written, how many records were, and how many there are (None = nobody knows)."""


class OfflineRecords:
    """Feeds lake and series from the journal, each from where it is. ``open`` first, ``close`` at the end."""

    def __init__(
        self, settings: OfflineSettings, clock: Callable[[], int], *, skip_missing: bool = False
    ) -> None:
        self._engine = open_database(settings.database_url)
        self._lake: LakeFeeder | None = None
        if settings.lake is not None:
            self._lake = LakeFeeder(
                settings.journal, settings.lake, self._engine, clock, skip_missing=skip_missing
            )
        self._series = {
            one.name: SeriesFeeder(settings.journal, one, self._engine, clock, skip_missing=skip_missing)
            for one in settings.series
        }

    def open(self) -> None:
        """Bring the tables up to date and take everything. SeriesBusyError while another process has any."""
        migrate(self._engine)
        try:
            if self._lake is not None:
                self._lake.open()
            for series in self._series.values():
                series.open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of everything."""
        if self._lake is not None:
            self._lake.close()
        for series in self._series.values():
            series.close()
        self._engine.dispose()

    def write(self, *, flush: bool, progress: Progress | None = None) -> dict[str, int]:
        """Write what the journal has, with ``flush`` also what fills no file; records by lake and series."""
        written: dict[str, int] = {}
        if self._lake is not None:
            written["lake"] = 0
            waiting = self._lake.waiting()
            while moved := self._lake.feed_some():
                written["lake"] += moved
                if progress is not None:
                    progress("the usage lake", written["lake"], max(waiting, written["lake"]))
        for name, series in self._series.items():
            written[name] = series.feed(flush=flush)
            if progress is not None:
                progress(f"series {name}", written[name], None)
        return written
