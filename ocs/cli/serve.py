"""``ocs serve``: run the charging server."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import uvloop
from balance.opening import open_store

from balance.store import StateStore, StoreError
from config.issues import ConfigError
from config.settings import Settings, load_settings
from config.subscribers_file import check_subscribers, read_subscribers
from ocs.bootstrap import build_server, epoch_ms
from ocs.logs import configure_logs
from ocs.server import Server, hot_path_name
from ocs.subscribers.loading import load_subscribers

_MEMORY = "memory:"


@click.command("serve")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="Settings (TOML).")
@click.option("--data", "data_dir", help="Where the private Valkey and the records are.")
@click.option("--store", "store_url", help="redis://…, rediss://…, unix:PATH or memory: (no private Valkey).")
@click.option("--listen", help="HOST:PORT for Diameter.")
@click.option("--metrics", help="HOST:PORT for metrics and health.")
@click.option("--catalogue", help="Folder or file of the catalogue.")
@click.option(
    "--load",
    "subscribers",
    type=click.Path(path_type=Path),
    help="Subscribers (CSV) to load first; memory: takes subscribers.csv of the catalogue's folder by default.",
)
def serve(
    config_file: Path | None,
    data_dir: str | None,
    store_url: str | None,
    listen: str | None,
    metrics: str | None,
    catalogue: str | None,
    subscribers: Path | None,
) -> None:
    """Serve gateways over Diameter Gy/Ro until SIGTERM; SIGHUP reloads the catalogue."""
    given = {
        "store.data_dir": data_dir,
        "store.url": store_url,
        "metrics.listen": metrics,
        "catalogue.path": catalogue,
        "diameter.listen": None if listen is None else [listen],
    }
    overrides = {name: value for name, value in given.items() if value is not None}
    try:
        settings = load_settings(config_file, overrides)
        configure_logs(settings.log.level, settings.log.format)
        uvloop.run(_serve(settings, subscribers))
    except (ConfigError, StoreError, OSError) as error:
        click.echo(f"ocs serve: {error}", err=True)
        sys.exit(1)


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
    click.echo(await _ready_line(server, store))
    await server.run()


async def _load_first(settings: Settings, server: Server, store: StateStore, given: Path | None) -> None:
    """Load subscribers before the first gateway: those asked for, or a trial's own."""
    path = given
    if path is None and settings.store.url == _MEMORY:
        folder = settings.catalogue_path
        beside = (folder if folder.is_dir() else folder.parent) / "subscribers.csv"
        path = beside if beside.is_file() else None
    if path is not None:
        plans = server.service.catalogue.plans
        check_subscribers(path, plans)
        await load_subscribers(store, read_subscribers(path, plans), plans, epoch_ms())


async def _ready_line(server: Server, store: StateStore) -> str:
    about = await store.describe()
    addresses = " ".join(f"{host}:{port}" for host, port in server.addresses)
    host, port = server.watch_address
    return (
        f"ocs ready: diameter {addresses} metrics {host}:{port} store {about['kind']} {about['address']} "
        f"catalogue {server.service.catalogue.version} {hot_path_name()} pid {os.getpid()}"
    )
