"""What is made of the journal, as settings say it; nothing here loads DuckDB or SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from config.issues import ConfigError, Issue, did_you_mean
from config.settings_schema import Settings
from ocs.cdr.selection import COLUMNS

COMPUTED: Final = ("number", "amount")
"""Columns beside the fields of a record: its number in the series, its amount as decimal text."""
_COLUMN: Final = re.compile(r"([a-z_]+)(\.[a-z_]+)*")


class SeriesSettings(NamedTuple):
    """One series. ``services`` () = all; ``columns`` may name nested fields such as ``requests.count``."""

    name: str
    directory: Path
    columns: tuple[str, ...]
    services: tuple[str, ...] = ()
    delimiter: str = ","
    header: bool = True
    rotate_records: int = 100_000
    rotate_s: int = 3600


@dataclass(frozen=True)
class OfflineSettings:
    """What is made, and where. ``lake`` None = no lake."""

    journal: Path
    lake: Path | None
    database_url: str
    series: tuple[SeriesSettings, ...]


def order_of(settings: OfflineSettings) -> dict[str, Any]:
    """The settings as JSON carries them."""
    return {
        "journal": str(settings.journal),
        "lake": None if settings.lake is None else str(settings.lake),
        "database_url": settings.database_url,
        "series": [{**one._asdict(), "directory": str(one.directory)} for one in settings.series],
    }


def settings_of(order: dict[str, Any]) -> OfflineSettings:
    """The settings of ``order_of``."""
    series = [
        SeriesSettings(
            **{
                **one,
                "directory": Path(one["directory"]),
                "columns": tuple(one["columns"]),
                "services": tuple(one["services"]),
            }
        )
        for one in order["series"]
    ]
    lake = None if order["lake"] is None else Path(order["lake"])
    return OfflineSettings(Path(order["journal"]), lake, order["database_url"], tuple(series))


def offline_settings(settings: Settings) -> OfflineSettings:
    """What a server's settings say. ConfigError where a series names a column that no record has."""
    data = settings.data_directory
    records = settings.records
    issues = []
    series = []
    for entry in records.series:
        for column in entry.columns:
            match = _COLUMN.fullmatch(column)
            if match is None or match[1] not in {*COLUMNS, *COMPUTED}:
                hint = did_you_mean(column, [*COLUMNS, *COMPUTED])
                issues.append(
                    Issue("settings", 0, 0, f"records.series {entry.name}: no column {column!r}", hint)
                )
        series.append(
            SeriesSettings(
                entry.name,
                Path(entry.directory) if entry.directory else data / "records" / entry.name,
                tuple(entry.columns),
                tuple(entry.services),
                entry.delimiter,
                entry.header,
                entry.rotate_records,
                entry.rotate_s,
            )
        )
    names = [entry.name for entry in records.series]
    issues += [
        Issue("settings", 0, 0, f"records.series: two are called {name}")
        for name in {*names}
        if names.count(name) > 1
    ]
    if issues:
        raise ConfigError(issues)
    lake = data / "lake" if records.lake else None
    return OfflineSettings(settings.records_directory, lake, settings.database_url, tuple(series))
