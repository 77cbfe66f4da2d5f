"""What a server remembers of the store: accounts, sessions and subscribers it has read or written.

Memory may be stale at any time: a commit compares versions, and what lost is forgotten and read again. What
others have changed is forgotten too, where the store tells it (``balance.store``). Each table has a young and
an old generation; what is used moves to the young one, and when that is full the old one leaves. So the tables
are bounded, and what is in use stays. What leaves is freed piece by piece, with what comes: to free a hundred
thousand states at once would stop the server for longer than an answer takes.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from balance.account import Account
from balance.subscriber import IMSI_ONLY, Subscriber
from ocs.charging.session import ChargingSession

LEAVING_AT_ONCE: Final = 2
"""With each that comes so many leave: a generation is gone before the next one is full."""


class RememberedStates:
    """The tables. ``accounts_max`` and ``sessions_max`` bound each of them; subscribers follow accounts."""

    def __init__(self, accounts_max: i64, sessions_max: i64) -> None:
        self.accounts_half: i64 = accounts_max // 2 + 1
        self.sessions_half: i64 = sessions_max // 2 + 1
        self._accounts: dict[str, Account] = {}
        self._old_accounts: dict[str, Account] = {}
        self._leaving_accounts: dict[str, Account] = {}
        self._sessions: dict[bytes, ChargingSession] = {}
        self._old_sessions: dict[bytes, ChargingSession] = {}
        self._leaving_sessions: dict[bytes, ChargingSession] = {}
        self._subscribers: dict[bytes, Subscriber] = {}
        self._old_subscribers: dict[bytes, Subscriber] = {}
        self._leaving_subscribers: dict[bytes, Subscriber] = {}

    def account(self, account_id: str) -> Account | None:
        """The account as last seen."""
        found = self._accounts.get(account_id)
        if found is None and self._old_accounts:
            found = self._old_accounts.get(account_id)
            if found is not None:
                self.keep_account(found)
        return found

    def keep_account(self, account: Account) -> None:
        """Remember an account's newest state."""
        self._accounts[account.account_id] = account
        leaving = self._leaving_accounts
        if leaving:
            for _ in range(min(LEAVING_AT_ONCE, len(leaving))):
                leaving.popitem()
        if len(self._accounts) > self.accounts_half:
            self._leaving_accounts = self._old_accounts
            self._old_accounts = self._accounts
            self._accounts = {}

    def forget_account(self, account_id: str) -> None:
        """An account must be read again."""
        self._accounts.pop(account_id, None)
        self._old_accounts.pop(account_id, None)

    def forget(self, keys: list[bytes]) -> None:
        """Others have changed these states."""
        for key in keys:
            if key.startswith(b"a:"):
                self.forget_account(key[2:].decode())
            elif key.startswith(b"s:"):
                self.forget_session(key[2:])
            elif key.startswith(b"m:"):
                known = self._known_subscriber(key[2:])
                if known is not None:
                    self.forget_subscriber(known)
            elif key.startswith(b"i:"):
                self._forget_identity(b"i" + key[2:])

    def session(self, session_id: bytes) -> ChargingSession | None:
        """The session as last seen, open or closed."""
        found = self._sessions.get(session_id)
        if found is None and self._old_sessions:
            found = self._old_sessions.get(session_id)
            if found is not None:
                self.keep_session(found)
        return found

    def keep_session(self, session: ChargingSession) -> None:
        """Remember a session's newest state."""
        self._sessions[session.identity.session_id] = session
        leaving = self._leaving_sessions
        if leaving:
            for _ in range(min(LEAVING_AT_ONCE, len(leaving))):
                leaving.popitem()
        if len(self._sessions) > self.sessions_half:
            self._leaving_sessions = self._old_sessions
            self._old_sessions = self._sessions
            self._sessions = {}

    def forget_session(self, session_id: bytes) -> None:
        """A session must be read again, or is closed: then only its repeats ask for it, and few do."""
        if session_id in self._sessions:
            del self._sessions[session_id]
        if self._old_sessions and session_id in self._old_sessions:
            del self._old_sessions[session_id]

    def subscriber(self, msisdn: bytes, imsi: bytes, msisdn_is_unknown: bool) -> Subscriber | None:
        """The subscriber by E.164 number; by IMSI where there is no number, or none that anybody has."""
        if msisdn:
            found = self._subscriber(b"m" + msisdn)
            if found is not None or not msisdn_is_unknown:
                return found
        return self._subscriber(b"i" + imsi) if imsi else None

    def _subscriber(self, identity: bytes) -> Subscriber | None:
        found = self._subscribers.get(identity)
        if found is None and self._old_subscribers:
            found = self._old_subscribers.get(identity)
            if found is not None:
                self.keep_subscriber(found)
        return found

    def keep_subscriber(self, subscriber: Subscriber) -> None:
        """Remember a subscriber under both its identities, and no older state of it under any."""
        known = self._known_subscriber(subscriber.subscriber_id())
        if known is not None and known is not subscriber:
            self.forget_subscriber(known)
        if subscriber.msisdn:
            self._subscribers[b"m" + subscriber.msisdn] = subscriber
        if subscriber.imsi:
            self._subscribers[b"i" + subscriber.imsi] = subscriber
        leaving = self._leaving_subscribers
        if leaving:
            for _ in range(min(2 * LEAVING_AT_ONCE, len(leaving))):
                leaving.popitem()
        if len(self._subscribers) > 2 * self.accounts_half:
            self._leaving_subscribers = self._old_subscribers
            self._old_subscribers = self._subscribers
            self._subscribers = {}

    def forget_subscriber(self, subscriber: Subscriber) -> None:
        """A subscriber must be read again."""
        self._forget_identity(b"m" + subscriber.msisdn)
        self._forget_identity(b"i" + subscriber.imsi)

    def _forget_identity(self, identity: bytes) -> None:
        self._subscribers.pop(identity, None)
        self._old_subscribers.pop(identity, None)

    def _known_subscriber(self, subscriber_id: bytes) -> Subscriber | None:
        """What is remembered of a subscriber: one state, under its number, or its IMSI where it has none."""
        identity = b"m" + subscriber_id
        if subscriber_id.startswith(IMSI_ONLY):
            identity = b"i" + subscriber_id[len(IMSI_ONLY) :]
        found = self._subscribers.get(identity)
        return self._old_subscribers.get(identity) if found is None else found
