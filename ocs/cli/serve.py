"""``ocs serve``: run the charging server."""

from __future__ import annotations

import os
from pathlib import Path

import click
import structlog
import uvloop

from balance.opening import MEMORY, epoch_ms, open_store
from balance.store import DURABLE, StateStore
from config.settings import Settings
from config.settings_schema import LimitsSettings
from config.subscribers_file import check_subscribers, read_subscribers
from ocs import hotpath
from ocs.bootstrap import build_server
from ocs.cli.options import common_options, current_settings
from ocs.logs import configure_logs
from ocs.open_files import allow_files, wanted_files
from ocs.server import Server
from ocs.subscribers.loading import load_subscribers

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="server")


@click.command("serve")
@common_options
@click.option("--listen", metavar="HOST:PORT", help="Where to listen for Diameter.")
@click.option("--metrics", metavar="HOST:PORT", help="Where to serve metrics and health.")
@click.option(
    "--load",
    "subscribers",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Subscribers (CSV) to load first; memory: takes subscribers.csv of the catalogue's folder by default.",
)
def serve(listen: str | None, metrics: str | None, subscribers: Path | None) -> None:
    """Serve gateways over Diameter Gy/Ro until SIGTERM; SIGHUP reloads the catalogue."""
    overrides: dict[str, object] = {}
    if listen is not None:
        overrides["diameter.listen"] = [listen]
    if metrics is not None:
        overrides["metrics.listen"] = metrics
    settings = current_settings(overrides)
    configure_logs(settings.log.level, settings.log.format)
    _allow_connections(settings.limits)
    uvloop.run(_serve(settings, subscribers))


async def _serve(settings: Settings, subscribers: Path | None) -> None:
    store = await open_store(settings.store.url or None, settings.data_directory, tool=False)
    server: Server | None = None
    try:
        server = build_server(settings, store)
        await _load_first(settings, server, store, subscribers)
        await server.start()
    except BaseException:
        await store.close()
        raise
    about = await store.describe()
    _warn_of_losses(settings, about)
    click.echo(_ready_line(server, about))
    await server.run()


def _allow_connections(limits: LimitsSettings) -> None:
    """See to it that every connection the settings admit can have its file."""
    wanted = wanted_files(limits)
    allowed = allow_files(wanted)
    if allowed < wanted:
        _log.warning("too few open files are allowed for so many connections", allowed=allowed, wanted=wanted)


async def _load_first(settings: Settings, server: Server, store: StateStore, given: Path | None) -> None:
    """Load subscribers before the first gateway: those asked for, or a trial's own."""
    path = given
    if path is None and settings.store.url == MEMORY:
        folder = settings.catalogue_path
        beside = (folder if folder.is_dir() else folder.parent) / "subscribers.csv"
        path = beside if beside.is_file() else None
    if path is not None:
        catalogue = server.service.catalogue
        now_ms = epoch_ms()
        plans = catalogue.plans_at(now_ms)
        check_subscribers(path, plans)
        rows = read_subscribers(path, plans)
        await load_subscribers(store, rows, plans, now_ms, zone=catalogue.zone, version=catalogue.version)


def _warn_of_losses(settings: Settings, about: dict[str, str]) -> None:
    """Say what a crash of this store could lose, unless a trial without any store was asked for."""
    if settings.store.url != MEMORY and about["durability"] != DURABLE:
        _log.warning("acknowledged answers can be lost", durability=about["durability"])
    if "warning" in about:
        _log.warning("the store can lose balances", reason=about["warning"])


def _ready_line(server: Server, about: dict[str, str]) -> str:
    addresses = " ".join(f"{host}:{port}" for host, port in server.addresses)
    host, port = server.watch_address
    return (
        f"ocs ready: diameter {addresses} metrics {host}:{port} store {about['kind']} {about['address']} "
        f"catalogue {server.service.catalogue.version} {hotpath.form()} pid {os.getpid()}"
    )
