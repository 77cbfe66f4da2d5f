"""Pairs of records, and what differs in each: by call id first, by numbers and time for the rest."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb

from config.settlement_terms import Tolerances
from ocs.cdr.lake.columns import sql_text
from ocs.settlement.reconciliation.matching import Call, pair_by_time
from ocs.settlement.reconciliation.partner_file import THEIRS

OURS: Final = "ours"
"""our_row, record_id, direction, calling, called, started_ms, seconds, amount_micros, price_micros, per_units,
in_month; the price is NULL where a record has several."""
COMPARED: Final = "compared"

MISSING: Final = "missing"
EXTRA: Final = "extra"
DURATION: Final = "duration"
RATE: Final = "rate"
ROUNDING: Final = "rounding"
AGREED: Final = "agreed"
UNREADABLE: Final = "unreadable"
CLASSES: Final = (AGREED, MISSING, EXTRA, DURATION, RATE, ROUNDING, UNREADABLE)
"""``missing`` is in our records and not in the partner's, ``extra`` the other way round; calls that nobody
answered and nobody charges are agreed wherever they are."""
_READ_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Comparing:
    """What the file has to compare by: ``our_id`` is the text around a call id, None = it has none."""

    our_id: str | None
    calling: bool
    amount: bool
    rate_per: int
    """0 = the file has no rates."""


def compare(connection: duckdb.DuckDBPyConnection, by: Comparing, tolerance: Tolerances, folder: Path) -> None:
    """Make ``compared`` of ``ours`` and ``theirs``: each record of either side once, in one class.

    ``folder`` takes a temporary file.
    """
    connection.execute("CREATE OR REPLACE TABLE pairs (our_row BIGINT, line BIGINT)")
    if by.our_id is not None:
        _pair_by_id(connection, by.our_id)
    _pair_by_time(connection, by, tolerance.window_ms, folder)
    _classify(connection, by, tolerance)


def _pair_by_id(connection: duckdb.DuckDBPyConnection, our_id: str) -> None:
    """Pair the first line of each call id; a second one has nothing left to be paired with."""
    before, _, after = our_id.partition("{}")
    connection.execute(
        "INSERT INTO pairs SELECT our_row, line FROM ("  # noqa: S608 - quoted by sql_text
        f"SELECT line, direction, {sql_text(before)} || call_id || {sql_text(after)} AS record_id, "
        "row_number() OVER (PARTITION BY direction, call_id ORDER BY line) AS nth "
        f"FROM {THEIRS} WHERE problem = '' AND call_id IS NOT NULL) their "
        f"JOIN {OURS} our ON our.record_id = their.record_id AND our.direction = their.direction AND nth = 1"
    )


def _pair_by_time(connection: duckdb.DuckDBPyConnection, by: Comparing, window_ms: int, folder: Path) -> None:
    found = folder / "pairs.csv"
    with found.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for ours, theirs in _unpaired(connection, by):
            writer.writerows(pair_by_time(ours, theirs, window_ms))
    connection.execute(
        f"INSERT INTO pairs SELECT * FROM read_csv({sql_text(str(found))}, header = false, "  # noqa: S608
        "auto_detect = false, delim = ',', columns = {'our_row': 'BIGINT', 'line': 'BIGINT'})"
    )
    found.unlink()


def _unpaired(connection: duckdb.DuckDBPyConnection, by: Comparing) -> Iterator[tuple[list[Call], list[Call]]]:
    """Calls of both sides that have no pair yet, by numbers, each list in order of time."""
    key = "direction, called, " + ("coalesce(calling, '')" if by.calling else "''") + " AS caller"
    cursor = connection.cursor()
    cursor.execute(
        f"SELECT {key}, 0 AS side, our_row AS row, started_ms, seconds FROM {OURS} "  # noqa: S608
        "WHERE our_row NOT IN (SELECT our_row FROM pairs) "
        f"UNION ALL SELECT {key}, 1, line, started_ms, seconds FROM {THEIRS} "
        "WHERE problem = '' AND line NOT IN (SELECT line FROM pairs) "
        "ORDER BY direction, called, caller, started_ms, side, row"
    )
    for _, rows in groupby(_fetched(cursor), key=lambda row: row[:3]):
        sides: tuple[list[Call], list[Call]] = ([], [])
        for row in rows:
            sides[row[3]].append(Call(row[4], row[5], row[6]))
        if sides[0] and sides[1]:
            yield sides


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str, int, int, int, int]]:
    while rows := cursor.fetchmany(_READ_ROWS):
        yield from rows


def _classify(connection: duckdb.DuckDBPyConnection, by: Comparing, tolerance: Tolerances) -> None:
    amount = "their.amount_micros" if by.amount else "NULL::BIGINT"
    apart = "abs(their.seconds - our.seconds)"
    money = "abs(their.amount_micros - our.amount_micros)"
    cases = [
        f"WHEN their.problem <> '' THEN '{UNREADABLE}'",
        f"WHEN their.line IS NULL AND our.seconds = 0 AND our.amount_micros = 0 THEN '{AGREED}'",
        f"WHEN our.our_row IS NULL AND their.seconds = 0 AND coalesce({amount}, 0) = 0 THEN '{AGREED}'",
        f"WHEN their.line IS NULL THEN '{MISSING}'",
        f"WHEN our.our_row IS NULL THEN '{EXTRA}'",
        f"WHEN {apart} > {tolerance.duration_s} THEN '{DURATION}'",
    ]
    if by.amount:
        cases.append(f"WHEN {apart} > 0 AND {money} > {tolerance.rounding_micros} THEN '{DURATION}'")
    if by.rate_per:
        cases.append(
            "WHEN CAST(their.rate_micros AS HUGEINT) * our.per_units "
            f"<> CAST(our.price_micros AS HUGEINT) * {by.rate_per} THEN '{RATE}'"
        )
    if by.amount:
        cases.append(f"WHEN {money} > {tolerance.rounding_micros} THEN '{RATE}'")
        cases.append(f"WHEN {money} > 0 THEN '{ROUNDING}'")
    connection.execute(
        f"CREATE OR REPLACE TABLE {COMPARED} AS SELECT "  # noqa: S608
        f"CASE {' '.join(cases)} ELSE '{AGREED}' END AS class, "
        "coalesce(our.direction, their.direction, '') AS direction, our.record_id, their.line, their.call_id, "
        "coalesce(our.calling, their.calling) AS calling, coalesce(our.called, their.called) AS called, "
        "our.started_ms AS our_started_ms, their.started_ms AS their_started_ms, "
        "our.seconds AS our_seconds, CASE WHEN their.problem = '' THEN their.seconds END AS their_seconds, "
        "our.amount_micros AS our_micros, "
        f"CASE WHEN their.problem = '' THEN {amount} END AS their_micros, "
        "our.price_micros AS our_price_micros, our.per_units AS our_per_units, "
        "their.rate_micros AS their_rate_micros, "
        "CASE WHEN our.our_row IS NULL AND their.first_line < their.line "
        "THEN 'call id is in line ' || their.first_line || ' already' "
        "ELSE coalesce(their.problem, '') END AS problem "
        f"FROM {OURS} our FULL JOIN pairs USING (our_row) FULL JOIN ("
        "SELECT *, CASE WHEN call_id IS NOT NULL THEN "
        "min(line) OVER (PARTITION BY problem, direction, call_id) END AS first_line "
        f"FROM {THEIRS}) their USING (line) "
        "WHERE their.line IS NOT NULL OR our.in_month"
    )
