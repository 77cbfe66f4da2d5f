"""The file that a partner would send of the same month: our statement's records, some told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from balance.quantity import format_micros

HEADER: Final = "call_id,side,from,to,start_utc,ms,amount,rate,currency"
_SIDES: Final = {"incoming": "TO_MVNO", "outgoing": "FROM_MVNO"}
_EVERY: Final = {"left out": 211, "longer": 173, "dearer": 257, "rounded": 89}
"""One record of so many is told otherwise."""
_STRANGE: Final = (
    "990001,FROM_MVNO,447700200000,61312345678,20261009101500,61000,0.0112,0.011,USD",
    "990002,TO_MVNO,819012345678,447700200001,20261010101500,125000,4.38,2.1,JPY",
)
"""Calls that we know nothing of."""


def write_partner_file(path: Path, records: Path) -> None:
    """Write Pacific Voice's file from the records of a statement with it."""
    path.write_text("\n".join([HEADER, *_lines(records), *_STRANGE]) + "\n", encoding="utf-8")


def _lines(records: Path) -> Iterator[str]:
    query = (
        "SELECT record_id, any_value(direction), any_value(calling), any_value(called), any_value(started_ms), "
        "any_value(used_units), sum(amount_micros)::BIGINT, max(price_micros), any_value(per_units), "
        "any_value(currency) FROM read_parquet(?) GROUP BY record_id ORDER BY record_id"
    )
    with duckdb.connect() as connection:
        for record in connection.execute(query, [str(records)]).fetchall():
            line = _line(*record)
            if line:
                yield line


def _line(record_id: str, direction: str, calling: str, called: str, started_ms: int, *rest: Any) -> str:
    seconds, amount_micros, price_micros, per_units, currency = rest
    number = int(record_id.rpartition(":")[2])
    if number % _EVERY["left out"] == 0:
        return ""
    if number % _EVERY["longer"] == 0:
        seconds += 6
    elif number % _EVERY["dearer"] == 0:
        amount_micros, price_micros = amount_micros * 11 // 10, price_micros * 11 // 10
    elif number % _EVERY["rounded"] == 0:
        amount_micros += 100
    start = datetime.fromtimestamp(started_ms // 1000, UTC).strftime("%Y%m%d%H%M%S")
    rate = format_micros(price_micros * 60 // per_units)
    amount = format_micros(amount_micros)
    return (
        f"{number},{_SIDES[direction]},{calling},{called},{start},{seconds * 1000},{amount},{rate},{currency}"
    )
