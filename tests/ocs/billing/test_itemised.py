"""Itemised usage: every row once, with the line that has its amount."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ocs.billing.accounts import BillingError
from ocs.billing.invoice import FROM_BALANCE, USAGE
from ocs.billing.itemised import invoices_with_usage, run_invoices
from ocs.cdr.lake import Lake
from tests.ocs.billing.operator import Operator, call


def test_items_are_the_rows_of_the_lines(sqlite_engine: Engine, tmp_path: Path) -> None:
    """The items of each line add up to it; what a balance paid is there and in no line; times are local."""
    operator = Operator(sqlite_engine, tmp_path)
    operator.begin()
    for account in ("A1", "A2"):
        operator.account(account)
        operator.use(
            [
                call(account, "S1", "2026-10-05 10:00", 100),
                call(account, "S1", "2026-10-05 10:00", 7, line=1),
                call(account, "S1", "2026-10-06", 50, payment="prepaid"),
                call(account, "S1", "2026-10-07", 0, bucket="minutes", tax=None, rule=None),
                call(account, "S1", "2026-10-08", 9, direction="incoming", calling="4940", called="4950"),
                call(account, "S1", "2026-11-08", 1000),
            ],
            series=f"import-{account.lower()}",
        )
    operator.bill("2026-11-01")
    operator.use([call("A1", "S1", "2026-10-05 10:00", 5)])
    operator.bill("2026-12-01")
    lake = Lake(operator.lake_folder, operator.engine)
    first = list(run_invoices(operator.engine, lake, 1))
    (second,) = invoices_with_usage(operator.engine, lake, ["2026-000003"])

    assert [one.number for one in first] == ["2026-000001", "2026-000002"]
    for invoice in (*first, second):
        for line in invoice.lines:
            items = [item for item in invoice.usage if item.invoice_line == line.number]
            assert line.kind == USAGE
            assert sum(item.amount_micros for item in items) == line.amount_micros
            assert len({item.record_id for item in items}) == line.records
    shown = first[0].usage
    assert [item.amount_micros for item in shown] == [100, 7, 50, 0, 9]
    assert [item.paid for item in shown].count(FROM_BALANCE) == 1
    assert shown[0].started_at == "2026-10-05T10:00:00.000+02:00"
    assert shown[-1].other_party == "4940"
    assert [item.amount_micros for item in second.usage] == [5, 1000]
    with pytest.raises(BillingError, match="no invoice 2026-000009"):
        invoices_with_usage(operator.engine, lake, ["2026-000009"])
