"""``ocs subscriber load`` and ``ocs subscriber show``."""

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from balance.opening import epoch_ms
from balance.subscriber import Subscriber
from config.catalogue_file import load_catalogue
from config.settings_schema import Settings
from config.subscribers_file import check_subscribers, read_subscribers
from ocs.cli.billed import noting_billed, warn_of_unbilled
from ocs.cli.failure import Failure
from ocs.cli.opened import opened_store
from ocs.cli.options import common_options, current_settings, json_option
from ocs.cli.printing import print_fields, print_json, warn
from ocs.cli.progress import progress_bar
from ocs.subscribers.loading import LoadSummary, load_subscribers
from ocs.subscribers.view import find_subscriber, subscriber_view


@click.group("subscriber")
@common_options
def command() -> None:
    """Load subscribers from files and look at them."""


@command.command("load")
@click.argument("file", type=click.Path(path_type=Path))
@common_options
@json_option
def load(file: Path, as_json: bool) -> None:
    """Load FILE.csv: msisdn,imsi,account,plan,balance and optionally status (active or barred).

    The whole file is checked before anything is written. Loading it again changes nothing; identities, plan and
    status of a subscriber follow the file, but an account that exists keeps its balance.
    """
    summary = asyncio.run(_load(current_settings(), file))
    for reason in summary.reasons:
        warn(f"{file}: {reason}")
    if as_json:
        print_json(asdict(summary))
    else:
        click.echo(
            f"{summary.rows} subscribers: {summary.created} created, {summary.updated} updated, "
            f"{summary.unchanged} unchanged" + (f", {summary.refused} refused" if summary.refused else "")
        )
    if summary.refused:
        raise Failure(f"{summary.refused} subscribers were refused")


@command.command("show")
@click.argument("identity", metavar="MSISDN|imsi:IMSI")
@common_options
@json_option
def show(identity: str, as_json: bool) -> None:
    """Show a subscriber."""
    subscriber = asyncio.run(_find(current_settings(), identity))
    if subscriber is None:
        raise Failure(f"there is no subscriber {identity}")
    view = subscriber_view(subscriber)
    if as_json:
        print_json(view)
    else:
        print_fields(view.items())


async def _load(settings: Settings, file: Path) -> LoadSummary:
    catalogue = load_catalogue(settings.catalogue_path)
    now_ms = epoch_ms()
    plans, zone = catalogue.plans_at(now_ms), catalogue.zone
    rows = check_subscribers(file, plans)
    accounts: dict[str, None] = {}
    async with opened_store(settings, create=True) as store:
        with progress_bar("subscribers", rows) as progress:
            given = noting_billed(read_subscribers(file, plans), plans, accounts)
            summary = await load_subscribers(
                store, given, plans, now_ms, progress, zone=zone, version=catalogue.version
            )
    warn_of_unbilled(settings, accounts)
    return summary


async def _find(settings: Settings, identity: str) -> Subscriber | None:
    async with opened_store(settings) as store:
        return await find_subscriber(store, identity)
