"""``ocs audit``."""

import asyncio
import sys

import click

from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from config.settings_schema import Settings
from ocs.audit.report import AuditReport
from ocs.audit.run import audit
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json, warn


@click.command("audit")
@common_options
@json_option
def command(as_json: bool) -> None:
    """Prove the books: opening + credits - debits = balance, and balances, sessions and records agree.

    Works beside a running server: what changed while it was read is read again before it counts as a
    difference. Exit code 1 where there are differences.
    """
    report = asyncio.run(_audit(current_settings()))
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.to_text())
    if not report.clean:
        sys.exit(1)


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
