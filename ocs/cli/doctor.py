"""``ocs doctor``."""

import asyncio
import sys

import click

from balance.store import StateStore, StoreError
from config.catalogue_file import load_catalogue
from config.issues import ConfigError
from config.settings_schema import Settings
from ocs import doctor, hotpath
from ocs.cli.opened import has_database, opened_database, opened_store
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
            findings = await doctor.check_store(store)
            if has_database(settings):
                findings.append(await _billed(settings, store))
            return findings
    except StoreError as error:
        return [doctor.Finding("store", doctor.BAD, str(error))]


async def _billed(settings: Settings, store: StateStore) -> doctor.Finding:
    """Whether everybody who is charged on a plan that is billed has a billing account."""
    from ocs.subscribers.billed import unbilled_subscribers  # noqa: PLC0415  (SQL, for those who have it)

    try:
        plans = load_catalogue(settings.catalogue_path).plans
    except ConfigError:
        return doctor.Finding("billing", doctor.WARNING, "not looked at: there is no catalogue")
    with opened_database(settings) as engine, engine.connect() as connection:
        looked_at, found = await unbilled_subscribers(store, connection, plans)
    if not found:
        text = f"of {looked_at} subscribers all on plans that are billed have a billing account"
        return doctor.Finding("billing", doctor.GOOD, text)
    named = ", ".join(f"{one.subscriber_id} (account {one.account_id})" for one in found[:3])
    text = f"nobody is billed for {len(found)} of {looked_at} subscribers: {named}"
    return doctor.Finding("billing", doctor.WARNING, text + (", ..." if len(found) > 3 else ""))
