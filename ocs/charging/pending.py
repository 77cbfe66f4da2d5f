"""Requests on their way, and the groups of them that commit together."""

from __future__ import annotations

from mypy_extensions import i64, mypyc_attr

from balance.account import Account, encode_account
from balance.changes import NO_TERM, ChangeBatch
from balance.keys import session_key, subscriber_key
from balance.subscriber import Subscriber
from ocs.charging.outcome import Decision
from ocs.charging.session import CLOSED, ChargingSession
from ocs.charging.session_octets import encode_session
from protocol.handler import AnswerSink
from protocol.messages import ABSENT, CreditControlRequest


@mypyc_attr(acyclic=True)
class Pending:
    """One request (or, without ``request``, the expiry of a session) between arrival and answer.

    The ``checked`` flags say what the store did not have when it was asked, since the request arrived or last
    lost to another writer. ``session`` and ``subscriber`` are what its ``decision`` was made on, ``key`` is the
    session's in the store; both are set for the commit. ``deadline_ms`` is a new time for the session in the
    deadline index. ``received_us`` is of a monotonic clock; ``seen`` is set when a batch first looks at it.
    """

    def __init__(self, session_id: bytes, received_us: i64) -> None:
        self.session_id = session_id
        self.key = b""
        self.received_us = received_us
        self.request: CreditControlRequest | None = None
        self.connection: AnswerSink | None = None
        self.session: ChargingSession | None = None
        self.subscriber: Subscriber | None = None
        self.decision: Decision | None = None
        self.deadline_ms: i64 = ABSENT
        self.seen = False
        self.session_checked = False
        self.account_checked = False
        self.msisdn_checked = False
        self.imsi_checked = False
        self.must_read_session = False

    def start_again(self) -> None:
        """Its states have changed meanwhile: look everything up once more."""
        self.session = None
        self.subscriber = None
        self.decision = None
        self.deadline_ms = ABSENT
        self.session_checked = False
        self.account_checked = False
        self.msisdn_checked = False
        self.imsi_checked = False
        self.must_read_session = True


@mypyc_attr(acyclic=True)
class Group:
    """The requests of one batch that concern one account: decided one after the other, committed as one change.

    ``account`` is its newest state, ``read_version`` the version in the store, seen in ``read_term``. Each
    request is of another session, and holds what was decided for it. Once it ``is_sent``, others of the
    account are ``waiting``.
    """

    def __init__(self, account_id: str, account: Account | None) -> None:
        self.account_id = account_id
        self.account = account
        self.read_version: i64 = 0 if account is None else account.version
        self.read_term: i64 = NO_TERM if account is None else account.term
        self.account_changed = False
        self.requests: tuple[Pending, ...] = ()
        self.is_sent = False
        self.waiting: list[Pending] | None = None

    def wait(self, pending: Pending) -> None:
        """Let a request wait until the group's commit is over."""
        if self.waiting is None:
            self.waiting = [pending]
        else:
            self.waiting.append(pending)

    def take(
        self,
        pending: Pending,
        session: ChargingSession | None,
        subscriber: Subscriber | None,
        decision: Decision,
    ) -> None:
        """Add a decision that was made on this group's newest account and on a session as it was read."""
        pending.session = session
        pending.subscriber = subscriber
        pending.decision = decision
        self.requests += (pending,)
        account = decision.account
        if account is not None:
            self.account = account
            self.account_changed = True

    def put_changes(self, batch: ChangeBatch, remember_closed_ms: i64) -> None:
        """Add the group's change set to a batch; its new states get the versions they will have in the store.

        Where a state can not be encoded the exception leaves the batch as it was.
        """
        batch.begin(held=self._is_held(batch.term))
        try:
            self._put_states(batch, remember_closed_ms)
        except BaseException:
            batch.take_back()
            raise
        for pending in self.requests:
            decision = pending.decision
            if decision is not None:
                self._put_consequences(batch, pending, decision)

    def _is_held(self, term: i64) -> bool:
        """Whether all it rests on was read, compared or written in a term, or is believed absent."""
        if self.read_term != term:
            return False
        for pending in self.requests:
            session = pending.session
            if session is not None and session.term != term:
                return False
            subscriber = pending.subscriber
            if subscriber is not None and subscriber.term != term:
                return False
        return True

    def _put_states(self, batch: ChangeBatch, remember_closed_ms: i64) -> None:
        account = self.account
        if account is not None:
            value = b""
            if self.account_changed:
                account.version = self.read_version + 1
                value = encode_account(account, account.version)
            batch.put(account.key(), self.read_version, value, 0)
        for index in range(len(self.requests)):
            pending = self.requests[index]
            subscriber = pending.subscriber
            if subscriber is not None and not self._is_compared(subscriber, index):
                batch.put(subscriber_key(subscriber.subscriber_id()), subscriber.version, b"", 0)
            read = pending.session
            version: i64 = 0 if read is None else read.version
            decision = pending.decision
            session = None if decision is None else decision.session
            if session is None:
                pending.key = session_key(pending.session_id)
                batch.put(pending.key, version, b"", 0)
                continue
            key = session.identity.key()
            pending.key = key
            life_ms: i64 = remember_closed_ms if session.state == CLOSED else 0
            session.version = version + 1
            pending.deadline_ms = _index_deadline(session)
            batch.put(key, version, encode_session(session, session.version), life_ms)

    def _is_compared(self, subscriber: Subscriber, before: i64) -> bool:
        """Whether an earlier request compares this subscriber: a key may be compared once in a commit."""
        for index in range(before):
            known = self.requests[index].subscriber
            if known is not None and known.subscriber_id() == subscriber.subscriber_id():
                return True
        return False

    def _put_consequences(self, batch: ChangeBatch, pending: Pending, decision: Decision) -> None:
        if pending.deadline_ms != ABSENT:
            batch.deadline(pending.key, pending.deadline_ms)
        for record in decision.records:
            batch.event(record)
        if decision.opened:
            batch.opens(self.account_id.encode(), pending.session_id)
        if decision.closed:
            batch.closes(self.account_id.encode(), pending.session_id)


def _index_deadline(session: ChargingSession) -> i64:
    """The time under which a session is to be indexed (0 = no more); ABSENT where the index can stay as it is.

    A deadline is indexed anew when it comes sooner, or when the indexed time has passed: a session that was
    found not to be due yet is indexed under a later time than its state knows.
    """
    if session.state == CLOSED:
        if session.indexed_ms == 0:
            return ABSENT
        session.indexed_ms = 0
        return 0
    if session.indexed_ms <= session.last_ms or session.deadline_ms < session.indexed_ms:
        session.indexed_ms = session.deadline_ms
        return session.deadline_ms
    return ABSENT
