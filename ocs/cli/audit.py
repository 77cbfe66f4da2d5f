"""``ocs audit``."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from config.settings_schema import Settings
from ocs.audit.offline.report import OfflineReport
from ocs.audit.report import AuditReport
from ocs.audit.run import audit
from ocs.cli.opened import has_database, opened_database, opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, warn

if TYPE_CHECKING:
    from ocs.audit.restored import RestoredReport


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
    reports: dict[str, AuditReport | OfflineReport | RestoredReport] = {}
    if only != "offline":
        reports |= asyncio.run(_audit(settings, restored=only is None))
    offline = None if only == "online" else _audit_offline(settings, needed=only == "offline")
    if offline is not None:
        reports["offline"] = offline
    if as_json:
        first, *others = [(name, report.to_json()) for name, report in reports.items()]
        print_json({**first[1], **dict(others)})
    else:
        click.echo("\n".join(report.to_text() for report in reports.values()))
    if not all(report.clean for report in reports.values()):
        sys.exit(1)


def _audit_offline(settings: Settings, *, needed: bool) -> OfflineReport | None:
    """The offline side's report; None where there is no database and none is asked for."""
    if not needed and not has_database(settings):
        return None
    from ocs.audit.offline.run import audit_offline  # noqa: PLC0415  (DuckDB and SQL, for those who have them)
    from ocs.cdr.lake import Lake  # noqa: PLC0415

    with opened_database(settings) as engine:
        return audit_offline(engine, Lake(settings.data_directory / "lake", engine))


async def _audit(settings: Settings, *, restored: bool) -> dict[str, AuditReport | RestoredReport]:
    """The report of the store; with ``restored`` and where there is a database, that of both together."""
    try:
        catalogue = load_catalogue(settings.catalogue_path)
    except ConfigError as error:
        catalogue = None
        warn(f"no catalogue, so overdrafts are not checked: {error}")
    progress = _show_progress if sys.stderr.isatty() else None
    async with opened_store(settings) as store:
        reports: dict[str, AuditReport | RestoredReport] = {
            "online": await audit(store, settings.records_directory, catalogue, progress)
        }
        if restored and has_database(settings):
            from ocs.audit.restored import audit_restored  # noqa: PLC0415  (SQL, for those who have it)

            with opened_database(settings) as engine:
                reports["restored"] = await audit_restored(store, engine)
    if progress is not None:
        sys.stderr.write("\r\x1b[K")
    return reports


def _show_progress(what: str, count: int) -> None:
    sys.stderr.write(f"\r\x1b[K{what}: {count}")
    sys.stderr.flush()
