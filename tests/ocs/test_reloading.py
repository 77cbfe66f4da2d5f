"""Reloads that come faster than catalogues are read."""

from __future__ import annotations

import asyncio
from pathlib import Path

from balance.memory import MemoryStore
from balance.opening import epoch_ms
from config.catalogue_file import load_catalogue
from config.settings import load_settings
from ocs.bootstrap import build_server

HEAD = "services: [voice]\nservice_contexts: { data: 32251@3gpp.org }\n"
PLAN = (
    "plans: { p: { name: x, currency: EUR, data: [{ rating_group: any, price: PRICE EUR per 1 MB }]MORE } }\n"
)


def write_catalogue(folder: Path, price: str, rows: int) -> None:
    """A catalogue that takes long to read where it has many rows."""
    text = HEAD + PLAN.replace("PRICE", price).replace("MORE", ", voice: [{ deck: d }]" if rows else "")
    if rows:
        lines = "".join(f"{100_000 + row},x,0.{row % 89 + 10}\n" for row in range(rows))
        (folder / "d.csv").write_text("prefix,destination,price\n" + lines)
        text += "rate_decks: { d: { file: d.csv, currency: EUR } }\n"
    (folder / "c.yaml").write_text(text)


async def test_the_last_reload_wins(tmp_path: Path) -> None:
    """A small catalogue that is asked for while a large one is read is not overwritten by the large one."""
    folder = tmp_path / "prices"
    folder.mkdir()
    write_catalogue(folder, "1.00", 0)
    settings = load_settings(None, {"catalogue.path": str(folder), "store.data_dir": str(tmp_path)})
    server = build_server(settings, MemoryStore(epoch_ms))
    write_catalogue(folder, "2.00", 50_000)
    first = asyncio.create_task(server.reload_catalogue())
    await asyncio.sleep(0.1)
    write_catalogue(folder, "3.00", 0)
    assert await server.reload_catalogue()
    await first
    assert server.service.catalogue.version == load_catalogue(folder).version


async def test_nothing_new_leaves_the_catalogue_that_is_there(tmp_path: Path) -> None:
    """A reload of the same files, or of files with a mistake, keeps the very object and remembers nothing."""
    folder = tmp_path / "prices"
    folder.mkdir()
    write_catalogue(folder, "1.00", 10)
    settings = load_settings(None, {"catalogue.path": str(folder), "store.data_dir": str(tmp_path)})
    server = build_server(settings, MemoryStore(epoch_ms))
    before = server.service.catalogue
    assert await server.reload_catalogue()
    assert server.service.catalogue is before
    write_catalogue(folder, "wrong", 10)
    assert not await server.reload_catalogue()
    assert server.service.catalogue is before
    write_catalogue(folder, "2.00", 10)
    assert await server.reload_catalogue()
    after = server.service.catalogue
    assert after.under(before.version) is before
    assert after.decks["d"] is before.decks["d"]
