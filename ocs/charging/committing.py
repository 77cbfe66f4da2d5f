"""Group commit: what a batch has decided goes to the store in one call, and is answered when it is durable.

While an account's commit is under way, its other requests wait here. What loses to another writer, or whose
outcome is unknown because the store's connection broke, is forgotten, read and decided again.
"""

from __future__ import annotations

from collections.abc import Callable

from mypy_extensions import i64

from balance.changes import COMMITTED, UNKNOWN, ChangeBatch
from balance.keys import session_key
from balance.store import Holder
from ocs.charging.answering import Answering
from ocs.charging.overload import AdmissionBound
from ocs.charging.pending import Group, Pending
from ocs.charging.remembered import RememberedStates
from ocs.charging.request_queue import RequestQueue
from ocs.charging.session import OPEN, ChargingSession
from ocs.metrics import STAGE_COMMIT, STAGE_DECIDE


class GroupCommits:
    """The commits under way. ``groups`` has the one of each account that is being decided or committed.

    ``over`` is told after each commit whether the store has failed, ``lost`` each request whose change was not
    applied, ``fail`` each that broke by a fault of ours.
    """

    def __init__(
        self,
        holder: Holder,
        states: RememberedStates,
        queue: RequestQueue,
        answering: Answering,
        intake: AdmissionBound,
        now_us: Callable[[], int],
        over: Callable[[bool], None],
        lost: Callable[[Pending], None],
        fail: Callable[[Pending, str], None],
    ) -> None:
        self.under_way: i64 = 0
        self.groups: dict[str, Group] = {}
        self._holder = holder
        self._states = states
        self._queue = queue
        self._answering = answering
        self._intake = intake
        self._metrics = answering.metrics
        self._now_us = now_us
        self._over = over
        self._lost = lost
        self._fail = fail

    def send(self, groups: list[Group], start_us: i64, remember_ms: i64) -> None:
        """Commit the groups of a batch whose decisions began at ``start_us``."""
        commit = _Commit(self, self._holder.term)
        size: i64 = 0
        for group in groups:
            try:
                group.put_changes(commit.batch, remember_ms)
            except Exception as error:  # noqa: BLE001 - a fault of ours fails these requests, never the server
                del self.groups[group.account_id]
                for pending in group.requests:
                    self._fail(pending, repr(error))
                continue
            group.is_sent = True
            commit.groups.append(group)
            size += len(group.requests)
        if commit.groups:
            self.under_way += 1
            commit.start_us = self._now_us()
            self._metrics.batch_size.record(size)
            self._metrics.stages[STAGE_DECIDE].record_many((commit.start_us - start_us) // size, size)
            try:
                self._holder.commit(commit.batch, commit.done)
            except Exception as error:  # noqa: BLE001 - nothing was sent: these requests fail, never the server
                self._refused(commit, repr(error))

    def _refused(self, commit: _Commit, reason: str) -> None:
        self.under_way -= 1
        for group in commit.groups:
            for pending in group.requests:
                self._fail(pending, reason)
            self._end(group)

    def done(self, groups: list[Group], results: list[int], start_us: i64, term: i64) -> None:
        """Answer what is durable; what lost or is unknown is forgotten."""
        self.under_way -= 1
        now_us: i64 = self._now_us()
        metrics = self._metrics
        metrics.store_round_trip.record(now_us - start_us)
        metrics.store_transactions = self._holder.transactions
        metrics.store_disturbed = self._holder.disturbed
        store_failed = False
        answered: i64 = 0
        for index in range(len(groups)):
            group = groups[index]
            result = results[index]
            if result == COMMITTED:
                answered += len(group.requests)
                self._committed(group, now_us, term)
            elif result == UNKNOWN:
                store_failed = True
                metrics.store_unknown += 1
                self._forget(group)
            else:
                metrics.conflicts += 1
                self._forget(group)
            self._end(group)
        metrics.stages[STAGE_COMMIT].record_many(now_us - start_us, answered)
        self._intake.answered(answered, now_us)
        self._over(store_failed)

    def _end(self, group: Group) -> None:
        """What waited for the account goes on."""
        del self.groups[group.account_id]
        if group.waiting is not None:
            self._queue.again(group.waiting)

    def _committed(self, group: Group, now_us: i64, term: i64) -> None:
        account = group.account
        if account is not None:
            account.term = term
            if group.account_changed:
                self._states.keep_account(account)
        metrics = self._metrics
        for pending in group.requests:
            self._queue.done(pending)
            decision = pending.decision
            if decision is None:
                continue
            session = decision.session
            if pending.subscriber is not None:
                pending.subscriber.term = term
            if session is not None:
                session.term = term
                if session.state == OPEN:
                    self._states.keep_session(session)
                else:
                    self._states.forget_session(pending.session_id)
            if decision.opened:
                metrics.sessions_opened += 1
            if decision.closed:
                if pending.request is None:
                    metrics.sessions_expired += 1
                else:
                    metrics.sessions_closed += 1
            self._answering.answer(pending, decision.answer, now_us)

    def _forget(self, group: Group) -> None:
        self._states.forget_account(group.account_id)
        for pending in group.requests:
            if pending.subscriber is not None:
                self._states.forget_subscriber(pending.subscriber)
            self._states.forget_session(pending.session_id)
            self._lost(pending)

    def settle_deadline(self, session_id: bytes, session: ChargingSession | None) -> None:
        """Correct the deadline index for a session that is not due: forget it, or index its later deadline."""
        changes = ChangeBatch(self._holder.term)
        changes.begin()
        key = session_key(session_id)
        later: i64 = 0 if session is None or session.state != OPEN else session.deadline_ms
        changes.put(key, 0 if session is None else session.version, b"", 0)
        changes.deadline(key, later)
        self._holder.commit(changes, _Settlement(self._states, session_id).done)


class _Commit:
    """A commit under way."""

    def __init__(self, commits: GroupCommits, term: i64) -> None:
        self.commits = commits
        self.start_us: i64 = 0
        self.groups: list[Group] = []
        self.batch = ChangeBatch(term)

    def done(self, batch: ChangeBatch) -> None:
        self.commits.done(self.groups, batch.results, self.start_us, batch.term)


class _Settlement:
    """A corrected deadline under way. Its loss does no harm: the next look at the deadline reads again."""

    def __init__(self, states: RememberedStates, session_id: bytes) -> None:
        self.states = states
        self.session_id = session_id

    def done(self, batch: ChangeBatch) -> None:
        if batch.results[0] != COMMITTED:
            self.states.forget_session(self.session_id)
