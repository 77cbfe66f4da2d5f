"""``ocs cdr query``: SQL over the usage lake."""

from __future__ import annotations

import csv
import sys
from typing import Any

import click

from ocs.cli.counts import ID
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_database
from ocs.cli.options import common_options, current_settings
from ocs.cli.printing import print_json, print_table

_OVERVIEW = """
    SELECT series, min(day) AS "from day", max(day) AS "to day", count(*) FILTER (WHERE line = 0) AS records,
        count(*) AS rows, currency, sum(amount_micros) AS amount_micros
    FROM usage GROUP BY series, currency ORDER BY ALL
"""


@click.command("query")
@click.argument("sql", default=_OVERVIEW, metavar="[SQL]")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.option("--through", type=ID, metavar="FILE_ID", help="Read the lake as it was with that file.")
@common_options
def query(sql: str, form: str, through: int | None) -> None:
    """Ask the usage lake in SQL of DuckDB: the table is called `usage`. Without SQL, an overview.

    One row for each charge line and bucket use; docs/lake.md names the columns.
    """
    import duckdb  # noqa: PLC0415  (100 ms that other commands shall not wait)

    from ocs.cdr.lake import Lake, LakeError  # noqa: PLC0415

    settings = current_settings()
    with opened_database(settings) as engine:
        lake = Lake(settings.data_directory / "lake", engine)
        try:
            lake.connection.execute(f"CREATE VIEW usage AS {lake.sql(lake.files(through))}")
            cursor = lake.connection.execute(sql)
            if cursor is None:  # there was nothing in it
                raise Failure("there is no SQL: leave it out for an overview")
            names = [column[0] for column in cursor.description or ()]
            rows = cursor.fetchall() if names else []
        except (duckdb.Error, LakeError) as error:
            raise Failure(str(error)) from None
        finally:
            lake.connection.close()
    _print(names, rows, form)


def _print(names: list[str], rows: list[tuple[Any, ...]], form: str) -> None:
    if form == "json":
        print_json([{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in rows])
    elif form == "csv":
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(names)
        table.writerows(rows)
    else:
        print_table(names, [["" if value is None else value for value in row] for row in rows])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
