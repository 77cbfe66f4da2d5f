"""The audit of the offline side from end to end."""

from __future__ import annotations

import duckdb
from sqlalchemy import Engine

from ocs.audit.offline.bills import check_bills
from ocs.audit.offline.records import RecordBooks
from ocs.audit.offline.report import OfflineReport
from ocs.audit.offline.statements import check_statements
from ocs.cdr.lake import Lake, LakeError


def audit_offline(engine: Engine, lake: Lake) -> OfflineReport:
    """Compare lake, bills, statements and payments.

    Works beside billing and imports: what is committed while it reads counts the next time.
    """
    report = OfflineReport()
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
        with connection.begin():
            check_bills(connection, report)
            for sentence in check_statements(connection):
                report.differ(sentence)
            try:
                RecordBooks(lake, connection, report).check()
            except LakeError as error:
                report.differ(str(error))
            except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
                report.differ(f"the lake can not be read: {error}")
    return report
