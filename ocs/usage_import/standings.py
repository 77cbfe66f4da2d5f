"""Where subscriptions stand by imported usage: counters and pots, in SQL, moved together with their records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, select

from ocs.database.bulk import insert_rows
from ocs.usage_import.gifts import keep_gift, open_gifts
from ocs.usage_import.pots import Bundle, OpenPots, Pots, SharedPots, open_pots
from ocs.usage_import.tables import USAGE_STANDING
from ocs.usage_import.tenure import StandingHolder
from rating.calendar import Zone
from rating.offers import Bonus
from rating.usage import Standing

_AS_JSON: Final = msgspec.json.Encoder(order="sorted")
AT_ONCE: Final = 500
"""So many ids stand in one statement."""


class SubscriptionStanding(StandingHolder):
    """The standing of one subscription, with its pots of all periods."""

    def __init__(
        self, subscription_id: str, activated_ms: int, zone: Zone, kept: dict[str, Any] | None
    ) -> None:
        counters = {} if kept is None else kept["counters"]
        standing = Standing(
            activated_ms,
            zone,
            {name: {int(period): value for period, value in by.items()} for name, by in counters.items()},
            [],
            0 if kept is None else kept["usages"],
        )
        super().__init__(standing)
        self.subscription_id = subscription_id
        self.zone = zone
        self.pots: Pots = {} if kept is None else kept["pots"]
        self._open: OpenPots | None = None

    def open_at(self, bundles: list[Bundle], at_ms: int) -> None:
        """Give the standing the pots that are good for a usage that begins at a moment."""
        self._close()
        opened = open_pots(bundles, self.pots, self.zone, at_ms)
        open_gifts(opened, self.pots, at_ms)
        self._open = opened
        self.bundles = bundles
        self.open_from_ms = opened.from_ms
        self.open_until_ms = opened.until_ms
        self.standing.pots = opened.pots

    def give(self, bonuses: list[Bonus], at_ms: int) -> None:
        """Have what bonuses give from a moment on."""
        self._close()
        for bonus in bonuses:
            keep_gift(self.pots, bonus, at_ms)

    def kept_text(self) -> str:
        """The standing as SQL keeps it."""
        if self._open is not None:
            self._open.save()
        counters = {
            name: {str(period): value for period, value in by.items()}
            for name, by in self.standing.counters.items()
            if by
        }
        whole = {"counters": counters, "pots": self.pots, "usages": int(self.standing.usages)}
        return _AS_JSON.encode(whole).decode()

    def _close(self) -> None:
        if self._open is not None:
            self._open.save()
            self._open = None
            self.bundles = None


class SharedStanding(SharedPots):
    """What the subscriptions of a billing account share; SQL keeps it under a name that no subscription has.

    ``first_ms`` are the beginnings of the first subscription by plan, ``addons`` what add-ons give to all.
    """

    def __init__(self, account_id: str, zone: Zone, kept: dict[str, Any] | None) -> None:
        super().__init__({} if kept is None else kept["pots"], zone)
        self.subscription_id = shared_id(account_id)
        self.first_ms: dict[str, int] = {}
        self.addons: list[Bundle] = []
        self._written = self.kept_text()

    def kept_text(self) -> str:
        """The standing as SQL keeps it."""
        self.save()
        return _AS_JSON.encode({"counters": {}, "pots": self.kept, "usages": 0}).decode()

    def take_changed(self) -> bool:
        """Whether anything was used since the last time."""
        text = self.kept_text()
        changed = text != self._written
        self._written = text
        return changed


def shared_id(account_id: str) -> str:
    """Under which name SQL keeps what a billing account's subscriptions share."""
    return f"account:{account_id}"


def read_standings(connection: Connection, subscription_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What SQL keeps of subscriptions, by id; those without usage are not in it."""
    found: dict[str, dict[str, Any]] = {}
    ids = list(subscription_ids)
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        query = select(USAGE_STANDING).where(USAGE_STANDING.c.subscription_id.in_(some))
        found.update(
            {row.subscription_id: msgspec.json.decode(row.standing) for row in connection.execute(query)}
        )
    return found


def write_standings(connection: Connection, standings: Sequence[SubscriptionStanding | SharedStanding]) -> None:
    """Keep standings in the connection's transaction."""
    ids = [standing.subscription_id for standing in standings]
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        connection.execute(delete(USAGE_STANDING).where(USAGE_STANDING.c.subscription_id.in_(some)))
    rows = [(standing.subscription_id, standing.kept_text()) for standing in standings]
    insert_rows(connection, USAGE_STANDING, ("subscription_id", "standing"), rows)
