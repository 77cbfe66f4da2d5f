"""The composition root: from settings to a server whose parts know each other."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import structlog

from balance.opening import MEMORY, epoch_ms
from balance.store import StateStore
from config.settings import Settings
from config.settings_schema import PeerEntry
from config.time_zones import zone_named
from ocs.cdr.feeding_child import FeedingChild
from ocs.cdr.offline_settings import offline_settings, order_of
from ocs.cdr.writer import CdrWriter, WriterSettings
from ocs.charging.expiry import SessionExpiry
from ocs.charging.limits import ServiceLimits
from ocs.charging.policy import ChargingPolicy
from ocs.charging.remembered import RememberedStates
from ocs.charging.service import ChargingService
from ocs.charging.surroundings import Surroundings
from ocs.metrics import ServerMetrics
from ocs.reading_beside import CatalogueReading
from ocs.server import Server
from protocol.aio import DiameterListener
from protocol.allowed_peers import AllowedPeer, AllowedPeers
from protocol.encode import Identity
from protocol.local_node import LocalNode
from rating.catalogue import Catalogue

_FAILURE_HANDLING = {"terminate": 0, "continue": 1, "retry_and_terminate": 2}

DELIVERING: Final = "ocs.accounts.delivering_process"
"""The process that feeds the lake, and beside it delivers restored credit and takes fees when a day begins."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="charging")


def monotonic_us() -> int:
    """A clock that never steps, in microseconds."""
    return time.monotonic_ns() // 1000


def build_server(settings: Settings, store: StateStore) -> Server:
    """A server that is ready to start. ConfigError where the catalogue has mistakes; nothing listens yet."""
    prices = CatalogueReading(settings.catalogue_path)
    catalogue = prices.read()
    metrics = ServerMetrics()
    identity = Identity(
        settings.diameter.origin_host.encode(), settings.diameter.origin_realm.encode(), int(time.time())
    )
    service = _service(settings, store, catalogue, metrics, identity)
    listener = DiameterListener(
        LocalNode(
            identity,
            _allowed_peers(settings),
            served_realms=tuple(realm.encode() for realm in settings.served_realms),
            product_name=settings.diameter.product_name.encode(),
            max_message_octets=settings.limits.message_octets,
            intake=service.intake,
        ),
        service,
        max_connections=settings.limits.connections,
    )
    records = CdrWriter(
        store,
        _records_directory(settings),
        epoch_ms,
        WriterSettings(
            rotate_records=settings.records.rotate_records,
            rotate_s=settings.records.rotate_s,
            poll_ms=settings.records.poll_ms,
        ),
        metrics.records,
    )
    expiry = SessionExpiry(store, service, epoch_ms)
    return Server(settings, store, service, listener, records, expiry, metrics, _feeding(settings), prices)


def _feeding(settings: Settings) -> FeedingChild | None:
    """What feeds lake and series beside the server; None for a trial, whose records nobody keeps."""
    made = offline_settings(settings)
    if settings.store.url == MEMORY or (made.lake is None and not made.series):
        return None
    order = order_of(made) | {
        "every_s": settings.records.lake_every_s,
        "stands_back": True,
        "log_level": settings.log.level,
        "log_format": settings.log.format,
        "store_url": settings.store.url,
        "data_directory": str(settings.data_directory),
        "catalogue": str(settings.catalogue_path),
    }
    return FeedingChild(order, DELIVERING)


def _service(
    settings: Settings, store: StateStore, catalogue: Catalogue, metrics: ServerMetrics, identity: Identity
) -> ChargingService:
    loop = asyncio.get_running_loop()
    limits = settings.limits
    charging = settings.charging
    return ChargingService(
        store,
        identity,
        catalogue,
        ChargingPolicy(
            _FAILURE_HANDLING[charging.credit_control_failure_handling],
            int(charging.session_failover),
            charging.supervision_factor,
            charging.session_without_grant_s,
            charging.refused_validity_s,
            charging.remember_closed_s,
            zone_named,
        ),
        ServiceLimits(
            limits.requests_in_flight,
            limits.batch_size,
            limits.commits_in_flight,
            limits.store_patience_ms * 1000,
            limits.queue_ms * 1000,
        ),
        RememberedStates(limits.cached_accounts, limits.cached_sessions),
        metrics,
        Surroundings(epoch_ms, monotonic_us, loop.call_soon, loop.call_later, _log_failure),
    )


def _records_directory(settings: Settings) -> Path:
    """Where records go. A memory store numbers them from 1 at each start, so each has a folder of its own."""
    if settings.store.url == MEMORY:
        return settings.records_directory / f"memory-{epoch_ms()}"
    return settings.records_directory


def _log_failure(reason: str, session_id: bytes) -> None:
    _log.error("a request failed by a fault of this server", reason=reason, session_id=session_id)


def _allowed_peers(settings: Settings) -> AllowedPeers:
    peers = settings.diameter.peers
    if peers == "any":
        return AllowedPeers()
    return AllowedPeers(tuple(_allowed_peer(entry) for entry in peers), any_on_loopback=False)


def _allowed_peer(entry: PeerEntry) -> AllowedPeer:
    return AllowedPeer(entry.origin_host or "", entry.realm or "", entry.address or "")
