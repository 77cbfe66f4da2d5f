"""``ocs doctor``."""

import asyncio
import sys

import click

from balance.store import StoreError
from config.settings_schema import Settings
from ocs import doctor, hotpath
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_json
from ocs.cli.version import version_fields

_MARKS = {doctor.GOOD: "ok  ", doctor.WARNING: "WARN", doctor.BAD: "BAD "}


@click.command("doctor")
@common_options
@json_option
def command(as_json: bool) -> None:
    """Check versions, the store, the disk, limits and the catalogue. Exit code 1 where something is bad."""
    settings = current_settings()
    fields = version_fields()
    findings = [
        doctor.Finding(
            "ocs", doctor.GOOD, f"{fields['version']}, Python {fields['python']}, {fields['system']}"
        ),
        doctor.check_packages(),
        doctor.check_hot_path(hotpath.compiled()),
        doctor.check_open_files(settings),
        doctor.check_catalogue(settings.catalogue_path),
        doctor.check_sync(settings.data_directory),
        *asyncio.run(_store(settings)),
    ]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{_MARKS[finding.status]}  {finding.name}: {finding.text}")
    if any(finding.status == doctor.BAD for finding in findings):
        sys.exit(1)


async def _store(settings: Settings) -> list[doctor.Finding]:
    try:
        async with opened_store(settings, create=True) as store:
            return await doctor.check_store(store)
    except StoreError as error:
        return [doctor.Finding("store", doctor.BAD, str(error))]
