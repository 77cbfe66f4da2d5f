"""Past records out of a usage lake, in order of their beginning.

The lake's folder can hold a file too many (docs/lake.md), and with it records twice, with all their rows: a
record has rows 0 to its last, and what is counted is their share.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocs.charging.fee_record import FEE_SERVICE
from ocs.tariffs.replaying import Replay

_FETCH: Final = 2_000
_COLUMNS: Final = (
    "account",
    "plan",
    "currency",
    "service",
    "unit_kind",
    "apn",
    "network",
    "direction",
    "called",
    "used_units",
    "started_ms",
    "ended_ms",
    "rating_group",
)
_TEXT: Final = "coalesce(replace({0}, chr(31), ' '), '')"
_SORT: Final = ", ".join(_TEXT.format(name) for name in _COLUMNS[1:8])
_QUERY: Final = f"""
    SELECT coalesce(account, ''), concat_ws(chr(31), {_SORT}), coalesce(called, ''), coalesce(used_units, 0),
        coalesce(started_ms, 0), coalesce(ended_ms, 0), amount, rating_group
    FROM (
        SELECT {", ".join(f"any_value({name}) AS {name}" for name in _COLUMNS)},
            CAST(sum(amount_micros) * (max(line) + 1) // count(*) AS BIGINT) AS amount
        FROM read_parquet($files, hive_partitioning = false)
        WHERE payment <> 'settlement' AND service IS DISTINCT FROM '{FEE_SERVICE}'
        GROUP BY record_id
    )
    ORDER BY started_ms, account
"""  # noqa: S608 - constants


def replay_lake(replay: Replay, directory: Path) -> None:
    """Rate the records of a lake that are not a partner's, which are priced by agreements, and no fees."""
    import duckdb  # noqa: PLC0415  (24 MB that a replay of files does not need)

    connection = duckdb.connect(config={"threads": 1})
    found = connection.execute(_QUERY, {"files": str(directory / "day=*" / "*.parquet")})
    while rows := found.fetchmany(_FETCH):
        replay.rate_rows(rows)
