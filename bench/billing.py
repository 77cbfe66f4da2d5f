"""How long a billing run takes: ``python -m bench.billing [--accounts 10000] [--database URL]``.

A made-up operator on SQLite (or a PostgreSQL database that is empty), each account with a subscription of two
fees and 30 records by three services. Computing, numbering and writing of all invoices are measured, without
documents; CPU time beside wall time, because machines are shared.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, insert

from config.bill_discounts_file import BillDiscounts
from config.tax_file import TaxRate, TaxTable
from ocs.audit.offline.run import audit_offline
from ocs.billing.itemised import run_invoices
from ocs.billing.run import BillingRuns
from ocs.billing.terms import CatalogueTerms
from ocs.cdr.lake import Lake
from ocs.cdr.lake.appending import ROWS, LakeAppender
from ocs.cdr.lake.columns import COLUMNS
from ocs.customers.tables import BILLING_ACCOUNT, BILLING_CYCLE, PARTY, SUBSCRIPTION
from ocs.database import migrate, open_database, writing
from ocs.database.bulk import insert_rows
from ocs.payments.books import open_balances
from rating.catalogue import Catalogue, Plan
from rating.fees import Fee
from rating.periods import MONTH

Result = TypeVar("Result")
RECORDS = 30
_BEGIN_MS = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp() * 1000)
_VALUES = {
    "record_id": "'r-' || i", "line": "0", "series": "'import-bench'", "sequence": "i + 1",
    "payment": "'postpaid'", "account": f"printf('A%07d', i // {RECORDS})",
    "msisdn": f"printf('4915%08d', i // {RECORDS})",
    "plan": "'talk'", "service": "['voice', 'sms', 'data'][i % 3 + 1]", "direction": "'outgoing'",
    "started_ms": f"{_BEGIN_MS} + (i * 7919) % 2592000000",
    "unit_kind": "['seconds', 'units', 'octets'][i % 3 + 1]",
    "used_units": "i % 600", "units": "i % 600", "rule": "'talk/x'", "amount_micros": "(i % 1000) * 137",
    "currency": "'EUR'", "tax": "'telecom'",
}  # fmt: skip


def main() -> None:
    """Measure one run, the reading of its itemised invoices, and the audit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--database", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = open_database(arguments.database or f"sqlite:///{folder / 'ocs.db'}")
        migrate(engine)
        _measure("customers and usage made", lambda: _prepare(engine, folder, arguments.accounts))
        lake = Lake(folder / "lake", engine)
        runs = BillingRuns(engine, lake, _terms(), _taxes(), BillDiscounts([]), open_balances, lambda: 0)
        outcome = _measure("run", lambda: runs.run("monthly", date(2026, 11, 1)))
        print(
            f"{outcome.totals.invoices} invoices, {dict(outcome.totals.amounts)} micros, {outcome.problems[:3]}"
        )
        items = _measure(
            "read with usage", lambda: sum(len(one.usage) for one in run_invoices(engine, lake, 1))
        )
        print(f"{items} items")
        report = _measure("audit", lambda: audit_offline(engine, lake))
        print("clean" if report.clean else report.to_text())
        engine.dispose()


def _measure(what: str, work: Callable[[], Result]) -> Result:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(f"{what}: {time.process_time() - cpu:.1f} s CPU, {time.perf_counter() - wall:.1f} s wall")
    return result


def _terms() -> CatalogueTerms:
    fees = [
        Fee("monthly", 9_990_000, MONTH, prorate=True, in_advance=True, tax="telecom"),
        Fee("device", 12_000_000, MONTH, prorate=True, tax="goods"),
    ]
    plan = Plan("talk", "Talk", "EUR", True, {}, {}, [], fees=fees, payment="postpaid")
    return CatalogueTerms(Catalogue("bench", {"talk": plan}, {}, frozenset()))


def _taxes() -> TaxTable:
    return TaxTable([TaxRate("DE", name, 190_000, "0001-01-01", "9999-12-31") for name in ("telecom", "goods")])


def _prepare(engine: Engine, folder: Path, accounts: int) -> None:
    ids = [f"A{number:07d}" for number in range(accounts)]
    party = {
        "party_id": "P", "kind": "person", "name": "Ada Example", "address": "Main Street 1", "country": "DE",
        "language": "en", "email": "", "tax_number": "",
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(PARTY).values(party))
        connection.execute(
            insert(BILLING_CYCLE).values(cycle_id="monthly", day_of_month=1, time_zone="Europe/Berlin")
        )
        insert_rows(
            connection, BILLING_ACCOUNT, BILLING_ACCOUNT.columns.keys(),
            (
                (one, "P", None, "account", "EUR", "monthly", "standard", "DE", "en", 14, "2026-10-01", None)
                for one in ids
            ),
        )  # fmt: skip
        begin = _BEGIN_MS + 86_400_000
        insert_rows(
            connection, SUBSCRIPTION, SUBSCRIPTION.columns.keys(),
            (
                (f"S{one}", begin + at % 28 * 86_400_000, None, one, f"4915{at:08d}", "", "talk", "", "")
                for at, one in enumerate(ids)
            ),
        )  # fmt: skip
    (folder / "lake").mkdir()
    appender = LakeAppender(folder / "lake", engine, "import-bench", lambda: 0)
    appender.open()
    columns = ", ".join(_VALUES.get(name, "NULL") for name in COLUMNS)
    count = accounts * RECORDS
    appender.connection.execute(f"INSERT INTO {ROWS} SELECT {columns} FROM range({count}) numbers(i)")  # noqa: S608
    appender.commit(count)
    appender.close()


if __name__ == "__main__":
    main()
