"""Catalogues that were in force: each is remembered while an open session holds what was granted under it."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from balance.keys import session_key
from balance.packing import PackingError
from balance.store import StateStore, StoreError
from ocs.charging.session import OPEN
from ocs.charging.session_octets import decode_session
from rating.catalogue import Catalogue

PERIOD_S: Final = 30.0
"""How often it is looked, at most; a look takes a twentieth of the time, however many sessions there are."""
SHARE: Final = 20
BREATH_S: Final = 0.02
"""Between two pieces of a look: store and server have other work."""
ALONE_S: Final = 30.0
"""What was decided under a catalogue when another took its place is in the store after so long."""
AMONG_OTHERS_S: Final = 900.0
"""Where a store may be shared, its other servers have so long to read the new catalogue too."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(component="catalogues")


class EarlierCatalogues:
    """Those before the one in force, and since when. ``alone``: no other server grants in this store."""

    def __init__(self, store: StateStore, *, alone: bool) -> None:
        self.pause_s = PERIOD_S
        self._store = store
        self._settled_s = ALONE_S if alone else AMONG_OTHERS_S
        self._since_s: dict[str, float] = {}

    def follow(self, catalogue: Catalogue, before: Catalogue, now_s: float) -> list[Catalogue]:
        """Let a catalogue take the place of another one, which is remembered; those that are not any more."""
        forgotten = catalogue.follow(before)
        self._since_s[before.version] = now_s
        for version in (catalogue.version, *(each.version for each in forgotten)):
            self._since_s.pop(version, None)
        return forgotten

    async def not_needed(self, now_s: float) -> dict[str, float]:
        """The versions under which no open session was granted anything that it has not reported.

        With each is since when it is an earlier one.
        """
        waiting = {
            version: since_s for version, since_s in self._since_s.items() if now_s - since_s > self._settled_s
        }
        if not waiting:
            return waiting
        began_s = asyncio.get_running_loop().time()
        try:
            async for chunk in self._store.scan(session_key(b"")):
                for version in await asyncio.to_thread(_granted_under, chunk):
                    waiting.pop(version, None)
                if not waiting:
                    break
                await asyncio.sleep(BREATH_S)
        except (StoreError, PackingError) as error:
            _log.warning("sessions can not be read: earlier catalogues stay in memory", reason=str(error))
            return {}
        self.pause_s = max(PERIOD_S, SHARE * (asyncio.get_running_loop().time() - began_s))
        return waiting

    def forget(self, versions: dict[str, float], catalogue: Catalogue) -> list[Catalogue]:
        """Have the one in force forget versions, but for those that came back meanwhile; what it forgot."""
        forgotten: list[Catalogue] = []
        for version, since_s in versions.items():
            if self._since_s.get(version) == since_s:
                del self._since_s[version]
                forgotten += catalogue.forget(version)
        return forgotten


def _granted_under(chunk: list[tuple[bytes, bytes]]) -> set[str]:
    """The catalogues of the grants of some sessions; PackingError where one can not be read."""
    found: set[str] = set()
    for _, state in chunk:
        session = decode_session(state)
        if session.state == OPEN:
            found.update(service.granted_under for service in session.services)
    return found
