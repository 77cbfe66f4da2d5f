"""Requests on their way, and the groups of them that commit together."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from balance.account import Account, encode_account
from balance.keys import account_key, session_key, subscriber_key
from balance.store import ChangeSet
from balance.subscriber import Subscriber
from ocs.charging.decision import Decision
from ocs.charging.session import CLOSED, ChargingSession
from ocs.charging.session_octets import encode_session
from protocol.handler import AnswerSink
from protocol.messages import CreditControlAnswer, CreditControlRequest


@mypyc_attr(acyclic=True)
class Pending:
    """One request (or, without ``request``, the expiry of a session) between arrival and answer.

    The ``checked`` flags say what the store did not have when it was asked, since the request arrived or last
    lost to another writer. ``next`` is the following request of the same session. Times are microseconds of a
    monotonic clock.
    """

    def __init__(self, session_id: bytes, received_us: i64) -> None:
        self.session_id = session_id
        self.received_us = received_us
        self.request: CreditControlRequest | None = None
        self.connection: AnswerSink | None = None
        self.answer: CreditControlAnswer | None = None
        self.next: Pending | None = None
        self.session_checked = False
        self.account_checked = False
        self.msisdn_checked = False
        self.imsi_checked = False
        self.must_read_session = False

    def start_again(self) -> None:
        """Its states have changed meanwhile: look everything up once more."""
        self.answer = None
        self.session_checked = False
        self.account_checked = False
        self.msisdn_checked = False
        self.imsi_checked = False
        self.must_read_session = True


@mypyc_attr(acyclic=True)
class Group:
    """The requests of one batch that concern one account: decided one after the other, committed as one change.

    ``account`` is its newest state and ``read_version`` the version in the store; there is one request for each
    session, whose states run parallel to ``requests``: as read (None = not there) and as changed (None = not).
    ``subscribers`` are those that were looked up to open a session.
    """

    def __init__(self, account_id: str, account: Account | None) -> None:
        self.account_id = account_id
        self.account = account
        self.read_version: i64 = 0 if account is None else account.version
        self.account_changed = False
        self.requests: list[Pending] = []
        self.read_sessions: list[ChargingSession | None] = []
        self.new_sessions: list[ChargingSession | None] = []
        self.changed_sessions: list[ChargingSession] = []
        self.subscribers: list[Subscriber] = []
        self.records: list[bytes] = []
        self.opened: list[tuple[bytes, bytes]] = []
        self.closed: list[tuple[bytes, bytes]] = []

    def take(
        self,
        pending: Pending,
        session: ChargingSession | None,
        subscriber: Subscriber | None,
        decision: Decision,
    ) -> None:
        """Add a decision that was made on this group's newest account and on a session as it was read."""
        self.requests.append(pending)
        pending.answer = decision.answer
        self.read_sessions.append(session)
        self.new_sessions.append(decision.session)
        account = decision.account
        if account is not None:
            self.account = account
            self.account_changed = True
        if subscriber is not None and not _is_in(self.subscribers, subscriber):
            self.subscribers.append(subscriber)
        if decision.session is not None:
            self.changed_sessions.append(decision.session)
        if decision.records:
            self.records.extend(decision.records)
        if decision.opened:
            self.opened.append((self.account_id.encode(), pending.session_id))
        if decision.closed:
            self.closed.append((self.account_id.encode(), pending.session_id))

    def change_set(self, remember_closed_ms: i64) -> ChangeSet:
        """The group's changes for the store; its new states get the versions they will have there."""
        changes = ChangeSet()
        account = self.account
        if account is not None:
            value = b""
            if self.account_changed:
                account.version = self.read_version + 1
                value = encode_account(account, account.version)
            changes.put(account_key(self.account_id), self.read_version, value, 0)
        for subscriber in self.subscribers:
            changes.put(subscriber_key(subscriber.subscriber_id()), subscriber.version, b"", 0)
        for index in range(len(self.requests)):
            read = self.read_sessions[index]
            version: i64 = 0 if read is None else read.version
            key = session_key(self.requests[index].session_id)
            session = self.new_sessions[index]
            if session is None:
                changes.put(key, version, b"", 0)
            else:
                _put_session(changes, key, session, version, remember_closed_ms)
        changes.events = self.records
        changes.opened = self.opened
        changes.closed = self.closed
        return changes


def _put_session(
    changes: ChangeSet, key: bytes, session: ChargingSession, version: i64, remember_closed_ms: i64
) -> None:
    """Write a session; its deadline is indexed anew when it comes sooner, or when the indexed time has passed.

    (A session that was found not to be due yet is indexed under a later time than its state knows.)
    """
    expires_ms: i64 = 0
    if session.state == CLOSED:
        expires_ms = remember_closed_ms
        if session.indexed_ms != 0:
            session.indexed_ms = 0
            changes.deadlines.append((key, 0))
    elif session.indexed_ms <= session.last_ms or session.deadline_ms < session.indexed_ms:
        session.indexed_ms = session.deadline_ms
        changes.deadlines.append((key, session.deadline_ms))
    session.version = version + 1
    changes.put(key, version, encode_session(session, session.version), expires_ms)


def _is_in(subscribers: list[Subscriber], subscriber: Subscriber) -> bool:
    """Whether a subscriber is among them, by name: a key may be compared once in a commit."""
    name = subscriber.subscriber_id()
    for known in subscribers:  # noqa: SIM110 - a generator costs a closure on the hot path
        if known.subscriber_id() == name:
            return True
    return False
