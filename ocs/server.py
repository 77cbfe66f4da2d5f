"""A running server: start listening, reload, and stop without losing an answer."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Final

import structlog

from balance.opening import MEMORY
from balance.store import StateStore
from config.issues import ConfigError
from config.settings import Settings
from ocs import __version__, hotpath
from ocs.cdr.feeding_child import FeedingChild
from ocs.cdr.writer import CdrWriter
from ocs.charging.expiry import SessionExpiry
from ocs.charging.service import ChargingService
from ocs.earlier_catalogues import EarlierCatalogues
from ocs.letting_go import free_large_blocks_at_once, let_go
from ocs.levels import LevelWatch
from ocs.metrics import ServerMetrics
from ocs.metrics_export import ServerCollector
from ocs.reading_beside import CatalogueReading
from ocs.watch_http import Readiness, WatchServer
from ocs.young_garbage import YoungGarbage
from protocol.aio import DiameterListener
from protocol.tls import server_context

_DRAIN_S: Final = 5.0

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="server")


class Server:
    """All parts of a server, and the order in which they start and stop."""

    def __init__(
        self,
        settings: Settings,
        store: StateStore,
        service: ChargingService,
        listener: DiameterListener,
        records: CdrWriter,
        expiry: SessionExpiry,
        metrics: ServerMetrics,
        feeding: FeedingChild | None = None,
        prices: CatalogueReading | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.service = service
        self.listener = listener
        self.metrics = metrics
        self.addresses: list[tuple[str, int]] = []
        self.watch_address: tuple[str, int] = ("", 0)
        self._records = records
        self._feeding = feeding
        self._expiry = expiry
        self._prices = CatalogueReading(settings.catalogue_path) if prices is None else prices
        self._earlier = EarlierCatalogues(store, alone=settings.store.url in {"", MEMORY})
        self._build = {
            "version": __version__,
            "hot_path": hotpath.form(),
            "catalogue": service.catalogue.version,
        }
        self._watch = WatchServer(ServerCollector(metrics, self._build), self._readiness)
        self._levels = LevelWatch(store, listener, metrics)
        self._garbage = YoungGarbage()
        self._background: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()
        self._reloads: set[asyncio.Task[bool]] = set()
        self._reloading = asyncio.Lock()

    async def start(self) -> None:
        """Listen for peers and scrapers. OSError where an address is taken."""
        settings = self.settings
        for endpoint in settings.diameter.listen:
            self.addresses.append(await self.listener.start(endpoint.host, endpoint.port))
        if settings.tls.listen:
            tls = settings.tls
            context = server_context(
                Path(tls.certificate_file),
                Path(tls.key_file),
                Path(tls.client_ca_file) if tls.client_ca_file else None,
            )
            for endpoint in tls.listen:
                self.addresses.append(await self.listener.start(endpoint.host, endpoint.port, context))
        self.watch_address = await self._watch.start(settings.metrics.listen.host, settings.metrics.listen.port)
        self._records.start()
        if self._feeding is not None:
            self._feeding.start()
        self._background = [
            asyncio.create_task(self._expiry.run(), name="session-expiry"),
            asyncio.create_task(self._levels.run(), name="levels"),
            asyncio.create_task(self._garbage.run(), name="young-garbage"),
            asyncio.create_task(self._forget_catalogues(), name="earlier-catalogues"),
        ]
        free_large_blocks_at_once()
        self._garbage.take_over()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads the catalogue."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        await self._stopping.wait()
        _log.info("stopping")
        await self.stop()

    async def stop(self) -> None:
        """Part from the peers when what is in flight is answered, write the last records, leave the store."""
        for task in self._background:
            task.cancel()
        await self.listener.stop(_DRAIN_S)
        await self._watch.stop()
        await self._records.stop()
        if self._feeding is not None:
            await self._feeding.stop()
        await self.store.close()
        self._garbage.give_back()

    def _reload(self) -> None:
        task = asyncio.create_task(self.reload_catalogue())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def reload_catalogue(self) -> bool:
        """Read the catalogue again and swap it whole; with any mistake in it, the old one stays.

        One after the other: what was asked for last is read last, however long the one before takes.
        """
        async with self._reloading:
            return await self._reload_once()

    async def _reload_once(self) -> bool:
        path = self.settings.catalogue_path
        try:
            with self._garbage.put_off():
                catalogue = await asyncio.to_thread(self._prices.read)
        except ConfigError as error:
            _log.error("the catalogue was not reloaded", path=str(path), issues=str(error))
            return False
        before = self.service.catalogue
        forgotten: list[object] = [catalogue]
        if catalogue.version != before.version:
            forgotten = [*self._earlier.follow(catalogue, before, time.monotonic())]
            self.service.catalogue = catalogue
            self._build["catalogue"] = catalogue.version
        _log.info("catalogue reloaded", path=str(path), previous=before.version, version=catalogue.version)
        del catalogue, before
        await asyncio.to_thread(let_go, forgotten)
        return True

    async def _forget_catalogues(self) -> None:
        """Let go of earlier catalogues that nobody needs any more, until cancelled."""
        while True:
            await asyncio.sleep(self._earlier.pause_s)
            versions = await self._earlier.not_needed(time.monotonic())
            forgotten: list[object] = [*self._earlier.forget(versions, self.service.catalogue)]
            if forgotten:
                _log.info("earlier catalogues are not needed any more", versions=sorted(versions))
                await asyncio.to_thread(let_go, forgotten)

    def _readiness(self) -> Readiness:
        if self._stopping.is_set():
            return Readiness(False, "stopping")
        if self._levels.store_error:
            return Readiness(False, "the store does not answer")
        if self.service.is_full:
            return Readiness(False, "as many requests in flight as are admitted")
        return Readiness(True, "serving")
