"""Records: the lake is what its manifest says, and each record is billed, settled, paid or waiting, once.

All by SQL of its own over the Parquet files and the tables, not by the queries that billing and settlement use.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import duckdb
from sqlalchemy import Connection, func, select

from ocs.audit.offline.online_credit import online_of_invoices
from ocs.audit.offline.report import BILLED, PAID, SETTLED, UNSETTLED, WAITING, OfflineReport
from ocs.billing.tables import BILLED_ACCOUNT, INVOICE_LINE
from ocs.cdr.lake import Lake
from ocs.cdr.lake.manifest import LakeFile
from ocs.cdr.tables import LAKE_GAP
from ocs.customers.tables import BILLING_ACCOUNT
from ocs.settlement.tables import SETTLEMENT_RUN, SETTLEMENT_STATEMENT, SETTLEMENT_TOTAL

_ON_BILL: Final = "payment IN ('postpaid', 'hybrid')"
_IS_BILLED: Final = (
    "b.account = r.account AND r.file_id <= b.lake_cut AND r.started_ms < b.to_ms "
    "AND (r.file_id > b.after_cut OR r.started_ms >= b.after_ms)"
)
_IS_SETTLED: Final = (
    "s.partner = r.partner AND r.file_id <= s.lake_cut AND r.started_ms < s.to_ms "
    "AND (r.file_id > s.after_file OR r.started_ms >= s.after_ms)"
)
_SUMS: Final = "count(*) FILTER (line = 0), CAST(coalesce(sum(amount_micros), 0) AS HUGEINT)"


_LINES: Final = f"""
    WITH said AS (
        SELECT invoice, currency, sum(records) AS records, sum(micros) AS micros, sum(units) AS units
        FROM usage_line GROUP BY ALL
    ), have AS (
        SELECT b.invoice, coalesce(nullif(r.currency, ''), k.currency) AS currency,
            count(*) FILTER (r.line = 0) AS records, sum(r.amount_micros) AS micros,
            coalesce(sum(r.used_units) FILTER (r.line = 0), 0) AS units
        FROM records r JOIN billed b ON {_IS_BILLED} JOIN known k ON k.account = r.account
        WHERE r.{_ON_BILL} GROUP BY ALL
    )
    SELECT coalesce(said.invoice, have.invoice), coalesce(said.currency, have.currency),
        coalesce(said.records, 0), CAST(coalesce(said.micros, 0) AS HUGEINT),
        coalesce(have.records, 0), CAST(coalesce(have.micros, 0) AS HUGEINT)
    FROM said FULL JOIN have ON said.invoice = have.invoice AND said.currency = have.currency
    WHERE (said.records, said.micros, said.units) IS DISTINCT FROM (have.records, have.micros, have.units)
    ORDER BY ALL
"""  # noqa: S608 - constants


_ONLINE: Final = f"""
    SELECT b.invoice, r.account, r.currency, CAST(sum(r.amount_micros) AS HUGEINT) AS micros
    FROM records r JOIN billed b ON {_IS_BILLED}
    WHERE r.{_ON_BILL} AND r.series LIKE 'online-%' AND b.invoice IS NOT NULL
    GROUP BY ALL HAVING micros <> 0
"""  # noqa: S608 - constants


class RecordBooks:
    """The records of a lake through a cut, compared with what SQL says was done with them."""

    def __init__(self, lake: Lake, connection: Connection, report: OfflineReport) -> None:
        self._report = report
        self._sql = connection
        self._files = lake.files(lake.highest_file_id())
        self._duck = duckdb.connect(config={"threads": 2})
        self._duck.execute(f"CREATE VIEW records AS {lake.sql(self._files)}")

    def check(self) -> None:
        """All of it."""
        self._report.files = len(self._files)
        self._manifest()
        self._doubles()
        self._classes()
        self._invoice_lines()
        self._online()
        self._statements()
        self._duck.close()

    def _manifest(self) -> None:
        """Each file has the rows, records and amounts that its row of the manifest says; numbers are dense."""
        for number, file in enumerate(self._files, 1):
            if file.file_id != number:
                self._report.differ(f"the lake has no file {number}")
                break
        gaps = select(LAKE_GAP.c.series, LAKE_GAP.c.first_sequence, LAKE_GAP.c.last_sequence)
        for sentence in _gaps(self._files, {(row[0], row[1], row[2]) for row in self._sql.execute(gaps)}):
            self._report.differ(sentence)
        counts = "SELECT file_id, count(*), count(DISTINCT sequence) FROM records GROUP BY ALL"
        found = {row[0]: (row[1], row[2]) for row in self._duck.execute(counts).fetchall()}
        amounts: dict[int, dict[str, int]] = {}
        for file_id, currency, micros in self._duck.execute(
            "SELECT file_id, currency, CAST(sum(amount_micros) AS HUGEINT) FROM records "
            "WHERE currency IS NOT NULL GROUP BY ALL"
        ).fetchall():
            amounts.setdefault(file_id, {})[currency] = micros
        for file in self._files:
            rows, records = found.get(file.file_id, (0, 0))
            if (rows, records) != (file.rows, file.records):
                said = f"{file.rows} of {file.records}"
                self._report.differ(
                    f"{file.path} has {rows} rows of {records} records, the manifest says {said}"
                )
            sums = amounts.get(file.file_id, {})
            if sums != file.amounts:
                has, said = (json.dumps(one, sort_keys=True) for one in (sums, file.amounts))
                self._report.differ(f"{file.path} has the sums {has}, the manifest says {said}")

    def _doubles(self) -> None:
        """No record and no line of it is there twice."""
        for record_id, count in self._duck.execute(
            "SELECT record_id, count(*) AS often FROM records GROUP BY record_id, line HAVING often > 1 "
            "ORDER BY ALL LIMIT 20"
        ).fetchall():
            self._report.differ(f"record {record_id} is in the lake {count} times")

    def _classes(self) -> None:
        """Every record in its class; a bill's and a statement's records are no other's."""
        self._windows()
        report = self._report
        for payment, currency, records, micros in self._duck.execute(
            f"SELECT coalesce(payment, ''), coalesce(currency, ''), {_SUMS} FROM records "  # noqa: S608
            f"WHERE NOT coalesce({_ON_BILL} OR payment = 'settlement', false) GROUP BY ALL"
        ).fetchall():
            if payment != "prepaid":
                report.differ(f"{records} records say {payment!r} is how they are paid")
            report.classes[PAID].add(currency, records, micros)
        self._divide(_ON_BILL, "billed", _IS_BILLED, (BILLED, WAITING), "bills")
        self._divide("payment = 'settlement'", "settled", _IS_SETTLED, (SETTLED, UNSETTLED), "statements")
        (self._report.without_account,) = self._one(
            f"SELECT count(*) FILTER (line = 0) FROM records r WHERE {_ON_BILL} "  # noqa: S608
            "AND NOT EXISTS (SELECT 1 FROM known k WHERE k.account = r.account)"
        )

    def _divide(self, of: str, table: str, condition: str, classes: tuple[str, str], what: str) -> None:
        alias = table[0]
        sums = f"SELECT coalesce(currency, ''), {_SUMS} FROM records r"  # noqa: S608
        done: dict[str, tuple[int, int]] = {}
        query = f"{sums} SEMI JOIN {table} {alias} ON {condition} WHERE {of} GROUP BY ALL"
        for currency, records, micros in self._duck.execute(query).fetchall():
            done[currency] = (records, micros)
            self._report.classes[classes[0]].add(currency, records, micros)
        for currency, records, micros in self._duck.execute(f"{sums} WHERE {of} GROUP BY ALL").fetchall():
            records_done, micros_done = done.get(currency, (0, 0))
            if (records, micros) != (records_done, micros_done):
                self._report.classes[classes[1]].add(currency, records - records_done, micros - micros_done)
        (on_documents,) = self._one(
            f"SELECT count(*) FILTER (line = 0) FROM records r JOIN {table} {alias} ON {condition} WHERE {of}"  # noqa: S608
        )
        in_class = sum(records for records, _ in done.values())
        if on_documents != in_class:
            self._report.differ(f"{in_class} records are on {what} {on_documents} times")

    def _windows(self) -> None:
        billed, run, statement = BILLED_ACCOUNT.c, SETTLEMENT_RUN.c, SETTLEMENT_STATEMENT.c
        windows = select(
            billed.account_id, billed.invoice_number, billed.after_cut, billed.after_ms, billed.lake_cut,
            billed.to_ms,
        )  # fmt: skip
        cuts = ("after_cut", "after_ms", "lake_cut", "to_ms")
        _make(self._duck, "billed", _kinds(("account", "invoice"), cuts), self._sql.execute(windows))
        settled = (
            select(
                statement.partner, statement.number, run.after_file, run.after_ms, run.lake_cut, statement.to_ms
            )
            .join(SETTLEMENT_RUN, run.run_id == statement.run_id)
            .where(statement.kind == "statement")
        )
        cuts = ("after_file", "after_ms", "lake_cut", "to_ms")
        _make(self._duck, "settled", _kinds(("partner", "number"), cuts), self._sql.execute(settled))
        known = select(BILLING_ACCOUNT.c.account_id, BILLING_ACCOUNT.c.currency)
        _make(self._duck, "known", _kinds(("account", "currency"), ()), self._sql.execute(known))

    def _invoice_lines(self) -> None:
        """The usage lines of each invoice are the sums of its records, in the currency they were rated in."""
        line = INVOICE_LINE.c
        usage = select(
            line.invoice_number, line.original_currency, line.records, line.original_micros, line.quantity
        ).where(line.kind == "usage")
        texts, numbers = ("invoice", "currency"), ("records", "micros", "units")
        _make(self._duck, "usage_line", _kinds(texts, numbers), self._sql.execute(usage))
        for invoice, currency, records, micros, has, has_micros in self._duck.execute(_LINES).fetchall():
            self._report.differ(
                f"invoice {invoice or '(none)'}: its usage lines are {records} records of {micros} micros "
                f"{currency}, the lake has {has} of {has_micros}"
            )

    def _online(self) -> None:
        """What an invoice says was charged online is the sum of its records that the charging server wrote."""
        said = online_of_invoices(self._sql)
        have = {
            (invoice, account, currency): micros
            for invoice, account, currency, micros in self._duck.execute(_ONLINE).fetchall()
        }
        for key in sorted({*said, *have}):
            if said.get(key, 0) != have.get(key, 0):
                invoice, account, currency = key
                self._report.differ(
                    f"invoice {invoice}: account {account} was charged {said.get(key, 0)} micros {currency} "
                    f"online, the lake has {have.get(key, 0)}"
                )

    def _statements(self) -> None:
        """A statement states as many records, priced and not, as the lake has for it."""
        total, statement = SETTLEMENT_TOTAL.c, SETTLEMENT_STATEMENT.c
        said: dict[str, int] = {}
        query = (
            select(statement.number, statement.unrated, func.sum(total.records))
            .join(SETTLEMENT_TOTAL, total.statement_id == statement.statement_id, isouter=True)
            .where(statement.kind == "statement")
            .group_by(statement.number, statement.unrated)
        )
        for number, unrated, records in self._sql.execute(query):
            said[number] = unrated + int(records or 0)
        has = dict(
            self._duck.execute(
                f"SELECT s.number, count(*) FROM records r JOIN settled s ON {_IS_SETTLED} "  # noqa: S608
                "WHERE r.payment = 'settlement' AND r.line = 0 GROUP BY ALL"
            ).fetchall()
        )
        for number in sorted(said):
            if said[number] != has.get(number, 0):
                self._report.differ(
                    f"statement {number} states {said[number]} records, the lake has {has.get(number, 0)}"
                )

    def _one(self, query: str) -> tuple[Any, ...]:
        (row,) = self._duck.execute(query).fetchall()
        return tuple(row)


def _kinds(texts: Iterable[str], numbers: Iterable[str]) -> dict[str, str]:
    """The columns of a table of DuckDB."""
    return {**dict.fromkeys(texts, "VARCHAR"), **dict.fromkeys(numbers, "BIGINT")}


def _make(
    duck: duckdb.DuckDBPyConnection, table: str, kinds: Mapping[str, str], rows: Iterable[Iterable[Any]]
) -> None:
    """A table of DuckDB with these rows."""
    columns = list(zip(*(tuple(row) for row in rows), strict=True)) or [()] * len(kinds)
    names = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in kinds.items())
    duck.execute(f"CREATE TABLE {table} AS SELECT {names}", [list(column) for column in columns])


def _gaps(files: list[LakeFile], given_up: set[tuple[str, int, int]]) -> Iterator[str]:
    """Where a series does not go on with the number after its last; files of a chunk have the same numbers."""
    records: Counter[tuple[str, int, int]] = Counter()
    for file in files:
        records[(file.series, file.first_sequence, file.last_sequence)] += file.records
    for (series, first, last), count in sorted(records.items()):
        if count != last - first + 1:
            yield f"records {first} to {last} of {series} are {count} in the manifest"
    chunks = sorted({*records, *given_up})
    for (series, _, last), (following, first, _) in pairwise(chunks):
        if series == following and first != last + 1:
            yield f"record {first} follows record {last} of {series}"
