"""The result of a reconciliation: sums by class of difference, and the differing records as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from balance.quantity import format_micros
from config.settlement_terms import Tolerances
from ocs.cdr.lake.columns import sql_text
from ocs.settlement.reconciliation.comparison import AGREED, CLASSES, COMPARED


@dataclass(frozen=True, slots=True)
class ClassTotal:
    """All records of one class and direction; differences are theirs less ours."""

    direction: str
    name: str
    records: int
    our_units: int
    their_units: int
    our_micros: int
    their_micros: int

    @property
    def difference_units(self) -> int:
        """How many units more the partner counted."""
        return self.their_units - self.our_units

    @property
    def difference_micros(self) -> int:
        """How much more the partner charged."""
        return self.their_micros - self.our_micros


@dataclass(frozen=True, slots=True)
class ReconciliationReport:
    """What was compared, within which tolerances, and what it came to.

    ``amounts`` tells whether the file had amounts; without them those of theirs are 0 and mean nothing.
    """

    partner: str
    period: str
    file_name: str
    file_sha256: str
    mapping: str
    statements: tuple[str, ...]
    currencies: tuple[tuple[str, str], ...]
    tolerance: Tolerances
    amounts: bool
    lines: int
    totals: tuple[ClassTotal, ...]

    @property
    def clean(self) -> bool:
        """Whether all records agree."""
        return all(total.name == AGREED for total in self.totals)


_ENCODER: Final = msgspec.json.Encoder()


def report_json(report: ReconciliationReport) -> bytes:
    """The report as JSON on one line."""
    return _ENCODER.encode(report)


def class_totals(connection: duckdb.DuckDBPyConnection) -> tuple[ClassTotal, ...]:
    """The sums of ``compared``, in the order of direction and CLASSES."""
    rows = connection.execute(
        "SELECT direction, class, count(*), "  # noqa: S608
        "CAST(coalesce(sum(our_seconds), 0) AS HUGEINT), CAST(coalesce(sum(their_seconds), 0) AS HUGEINT), "
        "CAST(coalesce(sum(our_micros), 0) AS HUGEINT), CAST(coalesce(sum(their_micros), 0) AS HUGEINT) "
        f"FROM {COMPARED} GROUP BY ALL"
    ).fetchall()
    found = [ClassTotal(row[0], row[1], *(int(value) for value in row[2:])) for row in rows]
    return tuple(sorted(found, key=lambda total: (total.direction, CLASSES.index(total.name))))


def summed(totals: Iterable[ClassTotal], direction: str) -> ClassTotal:
    """All classes of a direction in one."""
    chosen = [total for total in totals if total.direction == direction]
    return ClassTotal(
        direction,
        "all",
        sum(total.records for total in chosen),
        sum(total.our_units for total in chosen),
        sum(total.their_units for total in chosen),
        sum(total.our_micros for total in chosen),
        sum(total.their_micros for total in chosen),
    )


def write_differences(
    connection: duckdb.DuckDBPyConnection, path: Path, time_zone: str, *, with_agreed: bool = False
) -> int:
    """Write every record that is not agreed, in order of class, time and line; how many."""
    wanted = "" if with_agreed else f"WHERE class <> {sql_text(AGREED)}"
    query = (
        "SELECT class, direction, record_id AS our_record, line AS their_line, call_id AS their_call_id, "  # noqa: S608
        f"calling, called, {_local('our_started_ms', time_zone)} AS our_start, "
        f"{_local('their_started_ms', time_zone)} AS their_start, our_seconds AS our_units, "
        "their_seconds AS their_units, their_seconds - our_seconds AS difference_units, "
        f"{_decimal('our_micros')} AS our_amount, {_decimal('their_micros')} AS their_amount, "
        f"{_decimal('their_micros - our_micros')} AS difference, "
        f"{_decimal('our_price_micros')} AS our_price, our_per_units AS our_price_per, "
        f"{_decimal('their_rate_micros')} AS their_price, problem "
        f"FROM {COMPARED} {wanted} "
        f"ORDER BY {_class_order()}, coalesce(our_started_ms, their_started_ms), line, record_id"
    )
    connection.execute(f"COPY ({query}) TO {sql_text(str(path))} (FORMAT csv, HEADER)")
    (count,) = connection.execute(f"SELECT count(*) FROM {COMPARED} {wanted}").fetchall()[0]  # noqa: S608
    return int(count)


def amount_text(micros: int, currency: str) -> str:
    """An amount for people."""
    return f"{format_micros(micros)} {currency}".rstrip()


def _class_order() -> str:
    cases = " ".join(f"WHEN {sql_text(name)} THEN {index}" for index, name in enumerate(CLASSES))
    return f"CASE class {cases} END"


def _local(column: str, time_zone: str) -> str:
    """Local time without offset, to the millisecond."""
    instant = f"timezone('UTC', make_timestamp_ms({column}))"
    return f"strftime(timezone({sql_text(time_zone)}, {instant}), '%Y-%m-%d %H:%M:%S.%g')"


def _decimal(micros: str) -> str:
    """Decimal text with six decimals, exactly."""
    return f"CAST({micros} AS DECIMAL(24, 0)) * CAST('0.000001' AS DECIMAL(7, 6))"
