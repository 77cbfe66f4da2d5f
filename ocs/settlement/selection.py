"""Which records a statement is made of: those that no statement before had, through a cut of the lake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from ocs.cdr.lake import Lake
from ocs.cdr.lake.columns import sql_text
from ocs.settlement.basis import Basis

_FIRST_DAY: Final = "0001-01-01"
RECORD_COLUMNS: Final = (
    "record_id",
    "service",
    "direction",
    "trunk",
    "calling",
    "called",
    "started_ms",
    "ended_ms",
    "unit_kind",
    "used_units",
)


def records_query(lake: Lake, basis: Basis) -> str:
    """The query of those records in the order of their starts."""
    last_day = _utc_day(basis.period.to_ms - 1)
    files = lake.files(basis.lake_cut, after_file_id=basis.after_file, days=(_FIRST_DAY, last_day))
    if basis.after_file and basis.after_ms < basis.period.to_ms:
        files += lake.files(basis.after_file, days=(_utc_day(basis.after_ms), last_day))
    return (
        f"SELECT {', '.join(RECORD_COLUMNS)} FROM ({lake.sql(files)}) "  # noqa: S608 - quoted by sql_text
        f"WHERE payment = 'settlement' AND line = 0 AND partner = {sql_text(basis.partner)} "
        f"AND started_ms < {basis.period.to_ms} "
        f"AND (file_id > {basis.after_file} OR started_ms >= {basis.after_ms}) "
        "ORDER BY started_ms, record_id"
    )


def _utc_day(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms // 1000, UTC).date().isoformat()
