"""A statement's records priced, their lines in a Parquet file, and the sums of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import duckdb

from config.settlement_terms import PartnerAgreements
from ocs.cdr.lake import Lake
from ocs.cdr.lake.columns import sql_text
from ocs.settlement.basis import Basis, Computed
from ocs.settlement.period import month_name, month_of
from ocs.settlement.pricing import PricedLine, RecordPricer, TrunkRecord
from ocs.settlement.selection import records_query
from ocs.settlement.statement import CONNECTION, StatementLine, UnratedUsage

LINES: Final = "settled_lines"
LINE_COLUMNS: Final = {
    "record_id": "VARCHAR",
    "line": "INTEGER",
    "service": "VARCHAR",
    "direction": "VARCHAR",
    "trunk": "VARCHAR",
    "calling": "VARCHAR",
    "called": "VARCHAR",
    "started_ms": "BIGINT",
    "unit_kind": "VARCHAR",
    "used_units": "BIGINT",
    "month": "VARCHAR",
    "destination": "VARCHAR",
    "kind": "VARCHAR",
    "band": "VARCHAR",
    "tier": "INTEGER",
    "units": "BIGINT",
    "price_micros": "BIGINT",
    "per_units": "BIGINT",
    "rounding": "INTEGER",
    "amount_micros": "BIGINT",
    "currency": "VARCHAR",
    "reason": "VARCHAR",
}
"""One row for each line of a record's price, as in the lake: amount = units * price / per, rounded once."""
_CHUNK: Final = 20_000
_NULL: Final = "\\N"

Progress = Callable[[int], None]


def compute(
    lake: Lake,
    basis: Basis,
    agreements: PartnerAgreements,
    opening: dict[str, dict[int, int]],
    parquet: Path,
    progress: Progress | None = None,
) -> Computed:
    """Price the records of a basis and write their lines to ``parquet``; the same input gives the same sums.

    ``opening`` are counters of months in which statements before had usage. ``progress`` is told how many
    records are done.
    """
    pricer = RecordPricer(agreements, {name: dict(months) for name, months in opening.items()})
    connection = lake.connection
    staged = parquet.with_suffix(".csv")
    with staged.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        done = 0
        for chunk in _records(lake, basis):
            for record in chunk:
                writer.writerows(_rows(record, pricer.lines(record), basis))
            done += len(chunk)
            if progress is not None:
                progress(done)
    _load(connection, staged)
    staged.unlink()
    connection.execute(f"COPY {LINES} TO {sql_text(str(parquet))} (FORMAT parquet, COMPRESSION zstd)")
    return Computed(
        _statement_lines(connection, basis),
        _unrated(connection),
        _records_by_direction(connection),
        pricer.counters,
    )


def _records(lake: Lake, basis: Basis) -> Iterator[list[TrunkRecord]]:
    cursor = lake.connection.cursor()
    cursor.execute(records_query(lake, basis))
    while rows := cursor.fetchmany(_CHUNK):
        yield [TrunkRecord(*row) for row in rows]


def _rows(record: TrunkRecord, lines: Iterator[PricedLine], basis: Basis) -> Iterator[list[object]]:
    period = basis.period
    month = (
        period.name
        if record.started_ms >= period.from_ms
        else month_name(month_of(record.started_ms, period.time_zone))
    )
    head = [record.service, record.direction, record.trunk, record.calling, record.called, record.started_ms]
    for number, line in enumerate(lines):
        row: list[object] = [record.record_id, number, *head, record.unit_kind, record.used_units, month, *line]
        yield [_NULL if value is None else value for value in row]


def _load(connection: duckdb.DuckDBPyConnection, staged: Path) -> None:
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in LINE_COLUMNS.items())
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {LINES} AS SELECT * FROM read_csv({sql_text(str(staged))}, "  # noqa: S608
        f"header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '{_NULL}', "
        f"columns = {{{types}}})"
    )


def _statement_lines(connection: duckdb.DuckDBPyConnection, basis: Basis) -> tuple[StatementLine, ...]:
    rows = connection.execute(
        "SELECT direction, kind, service, month, destination, band, tier, count(DISTINCT record_id), "  # noqa: S608
        "CAST(sum(units) AS HUGEINT), unit_kind, price_micros, per_units, "
        "CAST(sum(amount_micros) AS HUGEINT), currency "
        f"FROM {LINES} WHERE reason = '' "
        "GROUP BY direction, kind, service, month, destination, band, tier, unit_kind, price_micros, "
        "per_units, currency "
        "ORDER BY direction, service, month, destination, kind DESC, band, tier, price_micros, per_units, "
        "unit_kind, currency"
    ).fetchall()
    return tuple(
        StatementLine(
            number,
            direction,
            kind,
            service,
            month,
            month < basis.period.name,
            destination,
            band,
            tier,
            records,
            int(units),
            "calls" if kind == CONNECTION else unit_kind,
            price_micros,
            per_units,
            int(amount_micros),
            currency,
        )
        for number, (
            direction,
            kind,
            service,
            month,
            destination,
            band,
            tier,
            records,
            units,
            unit_kind,
            price_micros,
            per_units,
            amount_micros,
            currency,
        ) in enumerate(rows, 1)
    )


def _unrated(connection: duckdb.DuckDBPyConnection) -> tuple[UnratedUsage, ...]:
    rows = connection.execute(
        "SELECT direction, service, reason, count(*), CAST(sum(used_units) AS HUGEINT) "  # noqa: S608
        f"FROM {LINES} WHERE reason <> '' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return tuple(
        UnratedUsage(direction, service, reason, records, int(units))
        for direction, service, reason, records, units in rows
    )


def _records_by_direction(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        f"SELECT direction, currency, count(DISTINCT record_id) FROM {LINES} "  # noqa: S608
        "WHERE reason = '' GROUP BY ALL"
    ).fetchall()
    return {(direction, currency): count for direction, currency, count in rows}


def unrated_examples(
    connection: duckdb.DuckDBPyConnection, most: int
) -> list[tuple[str, str | None, str | None, str]]:
    """Record id, trunk, called number and reason of the first records without a price, as computed last."""
    return connection.execute(
        f"SELECT record_id, trunk, called, reason FROM {LINES} WHERE reason <> '' "  # noqa: S608
        f"ORDER BY started_ms, record_id LIMIT {most}"
    ).fetchall()
