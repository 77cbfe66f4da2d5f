"""A partner's file against what our statements say of a month."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import Engine, insert

from config.settlement_mapping import PartnerMapping
from config.settlement_terms import PartnerAgreements, Tolerances
from ocs.cdr.lake.columns import sql_list, sql_text
from ocs.database import writing
from ocs.settlement import SettlementError
from ocs.settlement.folders import RECORDS, SettlementFolder
from ocs.settlement.period import Period
from ocs.settlement.reconciliation.comparison import OURS, Comparing, compare
from ocs.settlement.reconciliation.partner_file import load_partner_file
from ocs.settlement.reconciliation.report import (
    ReconciliationReport,
    class_totals,
    report_json,
    write_differences,
)
from ocs.settlement.stored import Stored, details_of
from ocs.settlement.tables import SETTLEMENT_RECONCILIATION

MEMORY: Final = "512MB"
"""What DuckDB may take; beyond it works on the disk."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class PartnerFile:
    """What the partner sent, and how it is read."""

    path: Path
    mapping_name: str
    mapping: PartnerMapping


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came out, and the folder with ``report.json`` and ``differences.csv``."""

    report: ReconciliationReport
    folder: Path
    differences: int


def reconcile(
    engine: Engine,
    folder: SettlementFolder,
    agreements: PartnerAgreements,
    period: Period,
    file: PartnerFile,
    tolerance: Tolerances,
    at_ms: int,
    *,
    with_agreed: bool = False,
) -> Reconciled:
    """Compare a file with a month's usage on our statements. SettlementError where the month is not settled.

    The month is that of the usage, whichever statement it is on. ``differences.csv`` has every record that
    differs, and those that agree too where asked.
    """
    partner = agreements.partner
    with engine.connect() as connection:
        documents = details_of(connection, partner, period.from_ms)
    if not any(stored.statement.period == period.name for stored in documents):
        raise SettlementError(f"{partner} has no statement for {period.name}: run `ocs settle run` first")
    with folder.working(partner) as work:
        duck = duckdb.connect(
            config={"threads": 2, "memory_limit": MEMORY, "temp_directory": str(work / "spill")}
        )
        currencies = _load_ours(duck, folder, documents, period, file.mapping, tolerance.window_ms)
        lines = load_partner_file(duck, file.path, file.mapping, currencies, work)
        compare(duck, _comparing(file.mapping), tolerance, work)
        report = ReconciliationReport(
            partner,
            period.name,
            file.path.name,
            _sha256(file.path),
            file.mapping_name,
            tuple(stored.statement.number for stored in documents),
            tuple(sorted(currencies.items())),
            tolerance,
            file.mapping.amount is not None,
            lines,
            class_totals(duck),
        )
        staged = work / "differences.csv"
        differences = write_differences(duck, staged, period.time_zone, with_agreed=with_agreed)
        (work / "report.json").write_bytes(report_json(report))
        duck.close()
        target = folder.document(partner, f"reconciliation-{period.name}-{_keep(engine, report, at_ms)}")
        for path in (staged, work / "report.json"):
            folder.publish(path, target)
        return Reconciled(report, target, differences)


def _comparing(mapping: PartnerMapping) -> Comparing:
    return Comparing(
        mapping.our_id if mapping.call_id is not None else None,
        mapping.calling is not None,
        mapping.amount is not None,
        0 if mapping.rate is None else (mapping.rate.per if mapping.seconds is not None else 1),
    )


def _load_ours(
    duck: duckdb.DuckDBPyConnection,
    folder: SettlementFolder,
    documents: list[Stored],
    period: Period,
    mapping: PartnerMapping,
    window_ms: int,
) -> dict[str, str]:
    """Make ``ours`` of the statements' records that the file is about; the currency of each direction."""
    about = f"service = {sql_text(mapping.service)}"
    if isinstance(mapping.direction, str):
        about += f" AND direction = {sql_text(mapping.direction)}"
    currencies: dict[str, str] = {}
    paths = []
    for stored in documents:
        statement = stored.statement
        path = folder.document(stored.partner, statement.number).joinpath(RECORDS)
        if not path.is_file():
            raise SettlementError(f"{path} is gone: `ocs settle again {statement.number}` makes it anew")
        paths.append(str(path))
        if statement.period == period.name:
            for total in statement.totals:
                if currencies.setdefault(total.direction, total.currency) != total.currency:
                    raise SettlementError(
                        f"{statement.number} has {total.direction} usage in several currencies"
                    )
    one_price = "count(*) = 1 AND min(kind) = 'usage'"
    duck.execute(
        f"CREATE OR REPLACE TABLE {OURS} AS SELECT row_number() OVER () AS our_row, * FROM ("  # noqa: S608
        "SELECT record_id, direction, ltrim(any_value(calling), '+') AS calling, "
        "ltrim(any_value(called), '+') AS called, started_ms, any_value(used_units) AS seconds, "
        "CAST(sum(amount_micros) AS BIGINT) AS amount_micros, "
        f"CASE WHEN {one_price} THEN min(price_micros) END AS price_micros, "
        f"CASE WHEN {one_price} THEN min(per_units) END AS per_units, "
        f"started_ms >= {period.from_ms} AND started_ms < {period.to_ms} AS in_month "
        f"FROM read_parquet({sql_list(paths)}) WHERE {about} "
        f"AND started_ms >= {period.from_ms - window_ms} AND started_ms < {period.to_ms + window_ms} "
        "GROUP BY record_id, direction, started_ms ORDER BY started_ms, record_id)"
    )
    return currencies


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while octets := file.read(_CHUNK):
            digest.update(octets)
    return digest.hexdigest()


def _keep(engine: Engine, report: ReconciliationReport, at_ms: int) -> int:
    """Keep what came out; its number."""
    with writing(engine) as connection:
        kept = connection.execute(
            insert(SETTLEMENT_RECONCILIATION).values(
                partner=report.partner,
                period=report.period,
                file_name=report.file_name,
                file_sha256=report.file_sha256,
                mapping=report.mapping,
                at_ms=at_ms,
                content=report_json(report).decode(),
            )
        )
        key = kept.inserted_primary_key
        assert key is not None  # noqa: S101 - an insert of one row
        return int(key[0])
