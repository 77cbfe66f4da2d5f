"""The way of a request: decided in batches, committed in one write, answered together.

Requests that arrive in one turn of the event loop form a batch. Each is decided on remembered or freshly read
states; all decisions of a batch go to the store in one commit, and their answers leave when it is durable. The
requests of a session are served in turn, and while an account's commit is under way its other requests wait.
What loses to another writer (or whose outcome is unknown, because the store's connection broke) is read and
decided again: if the change had been applied, the session's stored answer says so and nothing happens twice.
"""

from __future__ import annotations

from mypy_extensions import i64

from balance.changes import COMMITTED, UNKNOWN, ChangeBatch
from balance.keys import session_key
from balance.store import StateStore
from balance.subscriber import Subscriber
from ocs.charging.answering import Answering
from ocs.charging.decision import decide, expire
from ocs.charging.lookup import RETRY_S, StateLookup
from ocs.charging.pending import Group, Pending
from ocs.charging.policy import ChargingPolicy
from ocs.charging.remembered import RememberedStates
from ocs.charging.request_queue import RequestQueue
from ocs.charging.session import OPEN, ChargingSession
from ocs.charging.surroundings import Surroundings
from ocs.metrics import STAGE_COMMIT, STAGE_DECIDE, STAGE_QUEUE, ServerMetrics
from protocol.encode import Identity
from protocol.handler import AnswerSink, RequestHandler
from protocol.messages import INITIAL_REQUEST, CreditControlAnswer, CreditControlRequest
from protocol.result_codes import UNABLE_TO_COMPLY
from rating.catalogue import Catalogue


class ServiceLimits:
    """Bounds: requests in flight, requests in a batch, commits under way, and how long a request is retried."""

    def __init__(self, in_flight: i64, batch_size: i64, commits: i64, patience_us: i64) -> None:
        self.in_flight = in_flight
        self.batch_size = batch_size
        self.commits = commits
        self.patience_us = patience_us


class ChargingService(RequestHandler):
    """Serves credit-control requests from one store. It is driven by one event loop and never waits.

    ``catalogue`` may be replaced at any time; the next batch is decided with the new one.
    """

    def __init__(
        self,
        store: StateStore,
        identity: Identity,
        catalogue: Catalogue,
        policy: ChargingPolicy,
        limits: ServiceLimits,
        states: RememberedStates,
        metrics: ServerMetrics,
        surroundings: Surroundings,
    ) -> None:
        self.store = store
        self.catalogue = catalogue
        self.policy = policy
        self.limits = limits
        self.states = states
        self.metrics = metrics
        self._world = surroundings
        self._answering = Answering(identity, metrics, surroundings.log_failure)
        self._lookup = StateLookup(
            store,
            states,
            self._resume,
            self._give_up,
            self._fail,
            self._is_patient,
            surroundings.call_later,
        )
        self._queue = RequestQueue()
        self._scheduled = False
        self._commits: i64 = 0
        self._busy: dict[str, list[Pending]] = {}
        self._groups: dict[str, Group] = {}

    @property
    def in_flight(self) -> int:
        """Requests that were taken and not yet answered."""
        return self._queue.in_flight

    def submit(self, requests: list[CreditControlRequest], connection: AnswerSink) -> None:
        """Take requests; those over the bound are answered 3004 at once."""
        received_us = self._world.now_us()
        metrics = self.metrics
        for request in requests:
            metrics.count_request(request.request_type)
            if self._queue.in_flight >= self.limits.in_flight:
                metrics.shed += 1
                self._answering.too_busy(request, connection)
                continue
            pending = Pending(request.session_id, received_us)
            pending.request = request
            pending.connection = connection
            self._queue.add(pending)
        self._end_turn()
        self._schedule()

    def submit_expiry(self, session_ids: list[bytes]) -> None:
        """Look at sessions whose deadline has passed, and give up those that are really due."""
        received_us = self._world.now_us()
        for session_id in session_ids:
            pending = Pending(session_id, received_us)
            pending.must_read_session = True
            self._queue.add(pending)
        self._schedule()

    def _schedule(self) -> None:
        if self._queue.ready and not self._scheduled and self._commits < self.limits.commits:
            self._scheduled = True
            self._world.call_soon(self._run)

    def _run(self) -> None:
        """Make one batch of what is ready and send it to the store."""
        self._scheduled = False
        if self._commits >= self.limits.commits:
            return
        batch = self._queue.take(self.limits.batch_size)
        now_ms = self._world.now_ms()
        start_us: i64 = self._world.now_us()
        queue_times = self.metrics.stages[STAGE_QUEUE]
        for pending in batch:
            if not pending.seen:
                pending.seen = True
                queue_times.record(start_us - pending.received_us)
            try:
                self._place(pending, now_ms)
            except Exception as error:  # noqa: BLE001 - a fault of ours fails one request, never the server
                self._fail(pending, repr(error))
        self._lookup.send()
        self._send_groups(start_us)
        self._end_turn()
        self._schedule()

    def _end_turn(self) -> None:
        """Let the answers of this turn leave, and say how much is still to be done."""
        self._answering.flush()
        self.metrics.queue_length = len(self._queue.ready)
        self.metrics.in_flight = self._queue.in_flight

    def _place(self, pending: Pending, now_ms: i64) -> None:
        """Find a request's states and decide it, or let it wait for what is missing."""
        request = pending.request
        session = self.states.session(pending.session_id)
        initial = request is not None and request.request_type == INITIAL_REQUEST
        if session is None and not pending.session_checked and (pending.must_read_session or not initial):
            self._lookup.session(pending)
            return
        subscriber: Subscriber | None = None
        account_id = ""
        if session is not None and session.state == OPEN:
            account_id = session.identity.account_id
        elif request is not None and initial:
            subscriber = self.states.subscriber(request.msisdn, request.imsi, pending.msisdn_checked)
            if subscriber is None and self._lookup.subscriber(request, pending):
                return
            if subscriber is not None:
                account_id = subscriber.account_id
        if not account_id:
            self._decide_alone(pending, session, now_ms)
            return
        waiting = self._busy.get(account_id)
        if waiting is not None:
            waiting.append(pending)
            return
        group = self._groups.get(account_id)
        if group is None:
            account = self.states.account(account_id)
            if account is None and not pending.account_checked:
                self._lookup.account(account_id, pending)
                return
            group = Group(account_id, account)
        self._decide_in_group(pending, group, session, subscriber, now_ms)

    def _decide_in_group(
        self,
        pending: Pending,
        group: Group,
        session: ChargingSession | None,
        subscriber: Subscriber | None,
        now_ms: i64,
    ) -> None:
        request = pending.request
        if request is None:
            if session is None or session.state != OPEN or session.deadline_ms > now_ms:
                self._settle_deadline(pending, session)
                return
            decision = expire(session, group.account, self.catalogue, self.policy, now_ms)
        else:
            decision = decide(request, session, subscriber, group.account, self.catalogue, self.policy, now_ms)
        if decision.replayed:
            self.metrics.replays += 1
            self._answer(pending, decision.answer)
            return
        group.take(pending, session, subscriber, decision)
        self._groups[group.account_id] = group

    def _decide_alone(self, pending: Pending, session: ChargingSession | None, now_ms: i64) -> None:
        """A repeat to a closed session, an unknown session or subscriber: there is nothing to commit."""
        request = pending.request
        if request is None:
            self._settle_deadline(pending, session)
            return
        decision = decide(request, session, None, None, self.catalogue, self.policy, now_ms)
        if decision.replayed:
            self.metrics.replays += 1
        self._answer(pending, decision.answer)

    def _settle_deadline(self, pending: Pending, session: ChargingSession | None) -> None:
        """Correct the deadline index for a session that is not due: forget it, or index its later deadline."""
        changes = ChangeBatch()
        changes.begin()
        key = session_key(pending.session_id)
        later: i64 = 0 if session is None or session.state != OPEN else session.deadline_ms
        changes.put(key, 0 if session is None else session.version, b"", 0)
        changes.deadline(key, later)
        self.store.commit_batch(changes, _Settlement(self.states, pending.session_id).done)
        self._queue.done(pending)

    def _send_groups(self, start_us: i64) -> None:
        groups = self._groups
        if not groups:
            return
        self._groups = {}
        remember_ms = self.policy.remember_closed_s * 1000
        commit = _Commit(self)
        size: i64 = 0
        for account_id, group in groups.items():
            try:
                group.put_changes(commit.batch, remember_ms)
            except Exception as error:  # noqa: BLE001 - a fault of ours fails these requests, never the server
                for pending in group.requests:
                    self._fail(pending, repr(error))
                continue
            self._busy[account_id] = []
            commit.groups.append(group)
            size += len(group.requests)
        if commit.groups:
            self._commits += 1
            commit.start_us = self._world.now_us()
            self.metrics.batch_size.record(size)
            self.metrics.stages[STAGE_DECIDE].record_many((commit.start_us - start_us) // size, size)
            try:
                self.store.commit_batch(commit.batch, commit.done)
            except Exception as error:  # noqa: BLE001 - nothing was sent: these requests fail, never the server
                self._commit_refused(commit, repr(error))

    def _commit_refused(self, commit: _Commit, reason: str) -> None:
        self._commits -= 1
        for group in commit.groups:
            for pending in group.requests:
                self._fail(pending, reason)
            self._queue.again(self._busy.pop(group.account_id))

    def committed(self, groups: list[Group], results: list[int], start_us: i64) -> None:
        """Answer what is durable; what lost or is unknown is forgotten, read and decided again."""
        self._commits -= 1
        now_us: i64 = self._world.now_us()
        metrics = self.metrics
        metrics.store_round_trip.record(now_us - start_us)
        store_failed = False
        for index in range(len(groups)):
            group = groups[index]
            result = results[index]
            if result == COMMITTED:
                metrics.stages[STAGE_COMMIT].record_many(now_us - start_us, len(group.requests))
                self._group_committed(group, now_us)
            elif result == UNKNOWN:
                store_failed = True
                metrics.store_unknown += 1
                self._group_lost(group)
            else:
                metrics.conflicts += 1
                self._group_lost(group)
            self._queue.again(self._busy.pop(group.account_id))
        self._end_turn()
        if store_failed and not self._scheduled:
            self._scheduled = True
            self._world.call_later(RETRY_S, self._run)
        else:
            self._schedule()

    def _group_committed(self, group: Group, now_us: i64) -> None:
        account = group.account
        if account is not None and group.account_changed:
            self.states.keep_account(account)
        metrics = self.metrics
        for pending in group.requests:
            self._queue.done(pending)
            decision = pending.decision
            if decision is None:
                continue
            session = decision.session
            if session is not None:
                if session.state == OPEN:
                    self.states.keep_session(session)
                else:
                    self.states.forget_session(pending.session_id)
            if decision.opened:
                metrics.sessions_opened += 1
            if decision.closed:
                if pending.request is None:
                    metrics.sessions_expired += 1
                else:
                    metrics.sessions_closed += 1
            self._answering.answer(pending, decision.answer, now_us)

    def _group_lost(self, group: Group) -> None:
        self.states.forget_account(group.account_id)
        for pending in group.requests:
            if pending.subscriber is not None:
                self.states.forget_subscriber(pending.subscriber)
            self.states.forget_session(pending.session_id)
            pending.start_again()
            if self._is_patient(pending):
                self._queue.again([pending])
            else:
                self._give_up(pending)

    def _resume(self, going_on: list[Pending]) -> None:
        self._queue.again(going_on)
        self._end_turn()
        self._schedule()

    def _is_patient(self, pending: Pending) -> bool:
        return self._world.now_us() - pending.received_us < self.limits.patience_us

    def _answer(self, pending: Pending, answer: CreditControlAnswer) -> None:
        self._queue.done(pending)
        self._answering.answer(pending, answer, self._world.now_us())

    def _give_up(self, pending: Pending) -> None:
        """The store did not answer in time."""
        self._queue.done(pending)
        request = pending.request
        connection = pending.connection
        if request is not None and connection is not None:
            self._answering.too_busy(request, connection)

    def _fail(self, pending: Pending, reason: str) -> None:
        self.metrics.failed_decisions += 1
        self._world.log_failure(reason, pending.session_id)
        self.states.forget_session(pending.session_id)
        self._answer(pending, CreditControlAnswer(UNABLE_TO_COMPLY))


class _Commit:
    """A commit under way."""

    def __init__(self, service: ChargingService) -> None:
        self.service = service
        self.start_us: i64 = 0
        self.groups: list[Group] = []
        self.batch = ChangeBatch()

    def done(self, batch: ChangeBatch) -> None:
        self.service.committed(self.groups, batch.results, self.start_us)


class _Settlement:
    """A corrected deadline under way. Its loss does no harm: the next look at the deadline reads again."""

    def __init__(self, states: RememberedStates, session_id: bytes) -> None:
        self.states = states
        self.session_id = session_id

    def done(self, batch: ChangeBatch) -> None:
        if batch.results[0] != COMMITTED:
            self.states.forget_session(self.session_id)
