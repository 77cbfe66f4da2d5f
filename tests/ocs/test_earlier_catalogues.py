"""An earlier catalogue is remembered while an open session holds what was granted under it, and no longer."""

from __future__ import annotations

import pytest

from balance.changes import ChangeSet
from balance.keys import session_key
from balance.memory import MemoryStore
from balance.store import StoreError, commit_sets
from ocs import earlier_catalogues
from ocs.charging.session import CLOSED, ChargingSession, SessionIdentity
from ocs.charging.session_octets import encode_session
from ocs.earlier_catalogues import ALONE_S, AMONG_OTHERS_S, EarlierCatalogues
from rating.catalogue import Catalogue


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look takes no breath."""
    monkeypatch.setattr(earlier_catalogues, "BREATH_S", 0)


def catalogue(version: str) -> Catalogue:
    """One without prices."""
    return Catalogue(version, {}, {}, frozenset())


class Sessions:
    """Sessions in a store, each granted something under a version."""

    def __init__(self) -> None:
        self.store = MemoryStore(lambda: 0)
        self._stored: dict[bytes, int] = {}

    async def put(self, name: bytes, granted_under: str, *, closed: bool = False) -> None:
        """Store a session's new state."""
        session = ChargingSession(SessionIdentity(name, "A", b"", b"", "p", "data", b""), 0)
        session.service_for_change(1, -1, 0).granted_under = granted_under
        session.service_for_change(2, -1, 0)
        session.state = CLOSED if closed else session.state
        await self.write(name, encode_session(session, self._stored.get(name, 0) + 1))

    async def write(self, name: bytes, state: bytes) -> None:
        """Store octets as a session."""
        change = ChangeSet()
        change.put(session_key(name), self._stored.get(name, 0), state, 0)
        await commit_sets(self.store, [change])
        self._stored[name] = self._stored.get(name, 0) + 1


async def test_it_is_forgotten_when_the_last_grant_is_reported() -> None:
    """A session that reports is granted under the new one; a closed one needs nothing."""
    sessions = Sessions()
    await sessions.put(b"one", "old")
    await sessions.put(b"two", "older")
    earlier = EarlierCatalogues(sessions.store, alone=True)
    older, old, new = catalogue("older"), catalogue("old"), catalogue("new")
    assert earlier.follow(old, older, 0) == earlier.follow(new, old, 0) == []
    assert await earlier.not_needed(ALONE_S + 1) == {}
    await sessions.put(b"one", "new")
    versions = await earlier.not_needed(ALONE_S + 1)
    assert earlier.forget(versions, new) == [old]
    assert new.under("old") is new
    assert new.under("older") is older
    await sessions.put(b"two", "older", closed=True)
    assert earlier.forget(await earlier.not_needed(ALONE_S + 1), new) == [older]
    assert await earlier.not_needed(ALONE_S + 1) == {}


async def test_what_is_on_its_way_has_time_to_arrive() -> None:
    """Nothing is forgotten at once; where other servers grant too they have time to read the new one."""
    store = MemoryStore(lambda: 0)
    for alone, settled_s in ((True, ALONE_S), (False, AMONG_OTHERS_S)):
        earlier = EarlierCatalogues(store, alone=alone)
        earlier.follow(catalogue("new"), catalogue("old"), 0)
        assert await earlier.not_needed(settled_s) == {}
        assert list(await earlier.not_needed(settled_s + 1)) == ["old"]


async def test_one_that_came_back_meanwhile_stays() -> None:
    """A look says that nobody needs it; by then it was in force again, and again no longer."""
    earlier = EarlierCatalogues(MemoryStore(lambda: 0), alone=True)
    old, new = catalogue("old"), catalogue("new")
    earlier.follow(new, old, 0)
    seen = await earlier.not_needed(100)
    again, newest = catalogue("old"), catalogue("newest")
    assert earlier.follow(again, new, 101) == [old]
    assert earlier.forget(seen, again) == []
    earlier.follow(newest, again, 102)
    assert earlier.forget(seen, newest) == []
    assert newest.under("old") is again


async def test_where_sessions_can_not_be_read_nothing_is_forgotten() -> None:
    """A state in a format to come, or a store that is away: who knows what was granted."""
    sessions = Sessions()
    await sessions.write(b"one", (1).to_bytes(8, "big") + b"\xff")
    earlier = EarlierCatalogues(sessions.store, alone=True)
    earlier.follow(catalogue("new"), catalogue("old"), 0)
    assert await earlier.not_needed(100) == {}

    class Away(MemoryStore):
        """Does not answer."""

        def scan(self, prefix: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202
            raise StoreError(f"away: {prefix!r}")

    earlier = EarlierCatalogues(Away(lambda: 0), alone=True)
    earlier.follow(catalogue("new"), catalogue("old"), 0)
    assert await earlier.not_needed(100) == {}
