"""``ocs audit``."""

import asyncio
import sys

import click

from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from config.settings_schema import Settings
from ocs.audit.offline.report import OfflineReport
from ocs.audit.report import AuditReport
from ocs.audit.run import audit
from ocs.cli.opened import opened_database, opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, warn


@click.command("audit")
@click.option("--offline", "only", flag_value="offline", help="Only lake, bills, statements and payments.")
@click.option("--online", "only", flag_value="online", help="Only the store and the record files.")
@common_options
@json_option
def command(only: str | None, as_json: bool) -> None:
    """Prove the books: opening + credits - debits = balance, and balances, sessions and records agree.

    Where there is a database, also that each record of the lake is billed, settled, paid or waiting, once, that
    invoices are the sums of their records and fees, and receivables those of invoices, credits and payments.

    Works beside a running server: what changed while it was read is read again before it counts as a
    difference. Exit code 1 where there are differences.
    """
    settings = current_settings()
    reports: list[AuditReport | OfflineReport] = []
    if only != "offline":
        reports.append(asyncio.run(_audit(settings)))
    offline = None if only == "online" else _audit_offline(settings, needed=only == "offline")
    if offline is not None:
        reports.append(offline)
    if as_json:
        parts = [report.to_json() for report in reports]
        if offline is not None and only is None:
            print_json({**parts[0], "offline": parts[1]})
        else:
            print_json(parts[0])
    else:
        click.echo("\n".join(report.to_text() for report in reports))
    if not all(report.clean for report in reports):
        sys.exit(1)


def _audit_offline(settings: Settings, *, needed: bool) -> OfflineReport | None:
    """The offline side's report; None where there is no database and none is asked for."""
    if not needed and not settings.database.url and not (settings.data_directory / "ocs.db").is_file():
        return None
    from ocs.audit.offline.run import audit_offline  # noqa: PLC0415  (DuckDB and SQL, for those who have them)
    from ocs.cdr.lake import Lake  # noqa: PLC0415

    with opened_database(settings) as engine:
        return audit_offline(engine, Lake(settings.data_directory / "lake", engine))


async def _audit(settings: Settings) -> AuditReport:
    try:
        catalogue = load_catalogue(settings.catalogue_path)
    except ConfigError as error:
        catalogue = None
        warn(f"no catalogue, so overdrafts are not checked: {error}")
    progress = _show_progress if sys.stderr.isatty() else None
    async with opened_store(settings) as store:
        report = await audit(store, settings.records_directory, catalogue, progress)
    if progress is not None:
        sys.stderr.write("\r\x1b[K")
    return report


def _show_progress(what: str, count: int) -> None:
    sys.stderr.write(f"\r\x1b[K{what}: {count}")
    sys.stderr.flush()
