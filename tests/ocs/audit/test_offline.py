"""The audit of the offline side: clean books pass, and whatever is tampered with is found and named."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine, insert, text

from ocs.audit.offline.report import BILLED, PAID, UNSETTLED, WAITING, OfflineReport
from ocs.audit.offline.run import audit_offline
from ocs.billing.credit import CreditRequest, credit
from ocs.cdr.lake import Lake
from ocs.database import migrate, open_database, writing
from ocs.payments.tables import PAYMENT
from tests.ocs.billing.operator import Operator, call


def operator_with_bills(engine: Engine, folder: Path) -> Operator:
    """Two months of bills with fees, late usage, a child, another currency, credit notes and payments."""
    operator = Operator(engine, folder)
    operator.begin()
    operator.account("A1")
    operator.account("A2", currency="JPY", tax_jurisdiction="JP")
    operator.account("A3", parent_account_id="A1", payer="parent")
    operator.subscribe("A1", "S1", "talk", "2026-10-01", "2026-11-17")
    operator.subscribe("A1", "S1", "basic", "2026-11-17")
    operator.subscribe("A2", "S2", "yen", "2026-10-12")
    operator.use(
        [
            call("A1", "S1", "2026-10-05", 123_456),
            call("A1", "S1", "2026-10-05", 7, line=1),
            call("A1", "S1", "2026-10-06", 50, payment="prepaid"),
            call("A3", "S3", "2026-10-07", 1_000_000, currency="USD"),
            call("A1", "S1", "2026-10-08", 0, bucket="minutes", tax=None, rule=None),
            call("A1", "S1", "2026-11-08", 1000),
            call("", "S9", "2026-10-08", 1, payment="settlement", partner="transit"),
        ]
    )
    operator.bill("2026-11-01")
    operator.use(
        [call("A1", "S1", "2026-10-05", 5), call("A2", "S2", "2026-11-05", 77_000_000, currency="JPY")]
    )
    operator.bill("2026-12-01")
    operator.use([call("A1", "S1", "2026-11-30", 9), call("nobody", "S8", "2026-11-30", 3)])
    credit(engine, CreditRequest("2026-000001", 1, 500_000, "goodwill", "2026-11-05"))
    credit(engine, CreditRequest("2026-000002", None, None, "all of it", "2026-11-05"))
    with writing(engine) as connection:
        paid = {"account_id": "A1", "currency": "EUR", "amount_micros": 3_000_000, "day": "2026-11-20"}
        connection.execute(insert(PAYMENT).values(**paid, reference="bank 1", recorded_ms=1))
    return operator


@pytest.fixture(scope="module")
def billed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an operator on SQLite that has billed."""
    folder = tmp_path_factory.mktemp("billed")
    engine = open_database(f"sqlite:///{folder / 'ocs.db'}")
    migrate(engine)
    operator_with_bills(engine, folder)
    engine.dispose()
    return folder


@pytest.fixture
def operator(billed_folder: Path, tmp_path: Path) -> Iterator[Operator]:
    """A copy of it, to be tampered with."""
    folder = tmp_path / "copy"
    shutil.copytree(billed_folder, folder)
    engine = open_database(f"sqlite:///{folder / 'ocs.db'}")
    yield Operator(engine, folder)
    engine.dispose()


def audit(operator: Operator) -> OfflineReport:
    """The audit's report."""
    return audit_offline(operator.engine, Lake(operator.lake_folder, operator.engine))


def test_clean_books_pass(engine: Engine, tmp_path: Path) -> None:
    """Every record is in one class; sums and receivables are said; an empty operator is clean too."""
    empty = Operator(engine, tmp_path)
    assert audit(empty).clean
    operator = operator_with_bills(engine, tmp_path)
    report = audit(operator)

    assert report.differences == []
    found = {
        name: (totals.records, totals.amounts) for name, totals in report.classes.items() if totals.records
    }
    assert found == {
        BILLED: (6, {"EUR": 124_468, "USD": 1_000_000, "JPY": 77_000_000}),
        WAITING: (2, {"EUR": 12}),
        PAID: (1, {"EUR": 50}),
        UNSETTLED: (1, {"EUR": 1}),
    }
    assert (report.without_account, report.invoices, report.credit_notes) == (1, 4, 2)
    euros = report.receivables["EUR"]
    assert euros["receivable_micros"] == (
        euros["invoices_micros"] - euros["credit_notes_micros"] - euros["payments_micros"]
    )
    assert (
        euros["receivable_micros"]
        == sum(one.total_micros for one in operator.invoices() if one.currency == "EUR") - 3_000_000 - 600_000
    )
    assert report.to_text().endswith("The books of the offline side balance.")


TAMPERED: list[tuple[str, str]] = [
    (
        (
            "UPDATE invoice_line SET original_micros = original_micros + 1 WHERE "
            "kind = 'usage' AND item = 'voice' "
            "AND invoice_number = '2026-000001' AND line = 5"
        ),
        "invoice 2026-000001: its usage lines are",
    ),
    (
        "UPDATE invoice_line SET records = records + 1 WHERE kind = 'usage' AND invoice_number = '2026-000004'",
        "invoice 2026-000004: its usage lines are 2 records",
    ),
    (
        (
            "UPDATE invoice_line SET amount_micros = amount_micros + 1 WHERE "
            "invoice_number = '2026-000001' AND line = 1"
        ),
        "invoice 2026-000001: the lines in the database are not those",
    ),
    (
        "UPDATE invoice_line SET msisdn = '1' WHERE invoice_number = '2026-000001' AND line = 1",
        "invoice 2026-000001: the lines in the database are not those",
    ),
    (
        "UPDATE invoice_line SET plan_id = 'x' WHERE invoice_number = '2026-000001' AND line = 1",
        "invoice 2026-000001: the lines in the database are not those",
    ),
    (
        (
            "UPDATE invoice SET brought_forward_micros = brought_forward_micros + 10000, "
            "due_micros = due_micros + 10000 WHERE number = '2026-000003'"
        ),
        "invoice 2026-000003: brought_forward_micros is",
    ),
    (
        "UPDATE invoice SET due_day = '2027-12-31' WHERE number = '2026-000001'",
        "invoice 2026-000001: due_day is '2027-12-31', in its document '",
    ),
    (
        "DELETE FROM billed_fee WHERE invoice_number = '2026-000001' AND line = 1",
        "invoice 2026-000001: line 1 bills 9990000 micros of a fee, 0 were kept",
    ),
    (
        "UPDATE billed_fee SET amount_micros = amount_micros - 1 WHERE invoice_number = '2026-000002'",
        "invoice 2026-000002: line 1 bills",
    ),
    (
        (
            "UPDATE invoice SET total_micros = total_micros + 10000, due_micros = "
            "due_micros + 10000, rounding_micros = "
            "rounding_micros + 10000 WHERE number = '2026-000001'"
        ),
        "invoice 2026-000001: total_micros is",
    ),
    (
        "UPDATE invoice_tax SET tax_micros = tax_micros + 10000 WHERE invoice_number = '2026-000001'",
        "invoice 2026-000001: the taxes in the database",
    ),
    (
        "UPDATE billed_account SET to_day = '2026-11-02' WHERE to_day = '2026-11-01' AND account_id = 'A1'",
        "account A1: billed up to 2026-11-02, by run 1 up to 2026-11-01",
    ),
    (
        "UPDATE billing_run SET to_ms = to_ms + 1 WHERE run_id = 1",
        "account A1: billed up to 2026-11-01, by run 1",
    ),
    (
        "UPDATE billing_cycle SET time_zone = 'Asia/Tokyo'",
        "billing run 1: 1793487600000 is not the moment at which 2026-11-01 begins",
    ),
    (
        "UPDATE billed_account SET lake_cut = lake_cut - 1 WHERE to_day = '2026-11-01' AND account_id = 'A1'",
        "account A1: its bill up to 2026-12-01 does not follow",
    ),
    (
        (
            "UPDATE billed_account SET after_cut = 0, after_ms = 0 WHERE to_day = "
            "'2026-12-01' AND account_id = 'A1'"
        ),
        "records are on bills",
    ),
    (
        "UPDATE billed_account SET invoice_number = NULL WHERE account_id = 'A2' AND to_day = '2026-12-01'",
        "invoice 2026-000004 bills no account's period",
    ),
    (
        "UPDATE number_series SET next_number = 9 WHERE series = 'invoice-2026'",
        "series invoice-2026 goes on with 9, 5 is the next",
    ),
    (
        "UPDATE credit_note SET number = 'CN-2026-000009' WHERE number = 'CN-2026-000001'",
        "series credit-2026 has no number 1, 3, 4, 5, 6 and 2 more",
    ),
    (
        (
            "UPDATE credit_note SET total_micros = total_micros + 1000000, "
            "rounding_micros = rounding_micros + 1000000 "
            "WHERE number = 'CN-2026-000001'"
        ),
        "credit note CN-2026-000001: total_micros is",
    ),
    ("UPDATE credit_note SET account_id = 'A2' WHERE number = 'CN-2026-000001'", "is another account's"),
    ("UPDATE payment SET currency = 'JPY'", "payment 1 of account A1 is in another currency"),
    ("UPDATE lake_file SET rows = rows + 1 WHERE file_id = 1", "the manifest says"),
    ("UPDATE lake_file SET amounts = '{\"EUR\":1}' WHERE file_id = 1", 'the manifest says {"EUR": 1}'),
    ("DELETE FROM lake_file WHERE file_id = 2", "the lake has no file 2"),
]


@pytest.mark.parametrize(("statement", "message"), TAMPERED)
def test_what_is_changed_in_the_tables_is_found(operator: Operator, statement: str, message: str) -> None:
    """One number changed anywhere makes a difference that names it."""
    with writing(operator.engine) as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        assert connection.exec_driver_sql(statement).rowcount > 0
    report = audit(operator)

    assert not report.clean
    assert any(message in sentence for sentence in report.differences), report.differences


def _rewrite(operator: Operator, change: str) -> None:
    """Put a file's rows through SQL and back under its name."""
    path = min(operator.lake_folder.glob("day=2026-10-04/*.parquet"))
    duckdb.read_parquet(str(path), hive_partitioning=False).create("t")
    duckdb.sql(change)
    duckdb.sql(f"COPY t TO '{path}' (FORMAT parquet)")
    duckdb.sql("DROP TABLE t")


LAKE_CHANGES: list[tuple[Callable[[Operator], Any], str]] = [
    (
        lambda operator: _rewrite(operator, "UPDATE t SET amount_micros = 123455 WHERE line = 0"),
        r"day=2026-10-04.*sums",
    ),
    (lambda operator: _rewrite(operator, "DELETE FROM t WHERE line = 1"), r"has 1 rows of 1 records"),
    (
        lambda operator: _rewrite(operator, "UPDATE t SET payment = 'prepaid'"),
        r"usage lines are 2 records of 123463",
    ),
    (lambda operator: _rewrite(operator, "UPDATE t SET payment = 'later'"), r"1 records say 'later'"),
    (
        lambda operator: _rewrite(operator, "INSERT INTO t SELECT * FROM t"),
        r"record import-test-1 is in the lake 2",
    ),
    (
        lambda operator: next(operator.lake_folder.glob("day=2026-11-*/*")).unlink(),
        r"the manifest names it, but",
    ),
]


@pytest.mark.parametrize(("change", "message"), LAKE_CHANGES)
def test_what_is_changed_in_the_lake_is_found(
    operator: Operator, change: Callable[[Operator], Any], message: str
) -> None:
    """A record changed, lost, doubled or paid otherwise, and a file that is gone."""
    change(operator)
    report = audit(operator)

    assert not report.clean
    assert any(re.search(message, sentence) for sentence in report.differences), report.differences


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"net_micros":', '"net_micros":1', "its net says"),
        ('{"kind":"invoice"', '{"kind":"receipt"', "is a document of the kind 'receipt'"),
        ('"digits":2', '"digits":0', "whole coins"),
        (
            '"tax_rate_millionths":190000',
            '"tax_rate_millionths":190001',
            "its lines are not what its taxes are on",
        ),
        ('{"kind"', '{"kin"', "its content can not be read"),
    ],
)
def test_what_is_changed_in_a_document_is_found(operator: Operator, old: str, new: str, message: str) -> None:
    """The kept JSON is compared with the columns, line by line, and adds up in itself."""
    with writing(operator.engine) as connection:
        change = "UPDATE invoice SET content = replace(content, :old, :new) WHERE number = '2026-000001'"
        connection.execute(text(change), {"old": old, "new": new})
    report = audit(operator)

    assert any(message in sentence for sentence in report.differences), report.differences
