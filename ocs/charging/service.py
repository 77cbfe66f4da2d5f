"""The way of a request: decided in batches, committed in one write, answered together.

Requests that arrive in one turn of the event loop form a batch. Each is decided on remembered or freshly read
states; all decisions of a batch go to the store in one commit, and their answers leave when it is durable. The
requests of a session are served in turn, and while an account's commit is under way its other requests wait.
What loses to another writer (or whose outcome is unknown, because the store's connection broke) is read and
decided again: if the change had been applied, the session's stored answer says so and nothing happens twice.
"""

from __future__ import annotations

from mypy_extensions import i64

from balance.store import StateStore
from balance.subscriber import Subscriber
from ocs.charging.answering import Answering
from ocs.charging.committing import GroupCommits
from ocs.charging.decision import decide, expire
from ocs.charging.limits import ServiceLimits
from ocs.charging.lookup import RETRY_S, StateLookup
from ocs.charging.overload import AdmissionBound
from ocs.charging.pending import Group, Pending
from ocs.charging.policy import ChargingPolicy
from ocs.charging.remembered import RememberedStates
from ocs.charging.request_queue import RequestQueue
from ocs.charging.session import OPEN, ChargingSession
from ocs.charging.surroundings import Surroundings
from ocs.metrics import STAGE_QUEUE, ServerMetrics
from protocol.encode import Identity
from protocol.handler import AnswerSink, RequestHandler
from protocol.messages import INITIAL_REQUEST, CreditControlAnswer, CreditControlRequest
from protocol.result_codes import UNABLE_TO_COMPLY
from rating.catalogue import Catalogue


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
        holder = store.hold(states.forget)
        self._lookup = StateLookup(
            store,
            holder,
            states,
            self._resume,
            self._give_up,
            self._fail,
            self._is_patient,
            surroundings.call_later,
        )
        self.intake = AdmissionBound(limits.in_flight, limits.batch_size, limits.queue_us, metrics)
        self._queue = RequestQueue()
        self._scheduled = False
        self._commits = GroupCommits(
            holder,
            states,
            self._queue,
            self._answering,
            self.intake,
            surroundings.now_us,
            self._committed,
            self._lost,
            self._fail,
        )
        self._decided: list[Group] = []

    @property
    def in_flight(self) -> int:
        """Requests that were taken and not yet answered."""
        return self._queue.in_flight

    @property
    def is_full(self) -> bool:
        """Whether a request that came now would be answered 3004."""
        return self.intake.room <= 0

    def submit(self, requests: list[CreditControlRequest], connection: AnswerSink) -> None:
        """Take requests; those over the bound are answered 3004 at once."""
        received_us = self._world.now_us()
        metrics = self.metrics
        bound = self.intake.bound
        for request in requests:
            metrics.count_request(request.request_type)
            if self._queue.in_flight >= bound:
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
        if self._queue.ready and not self._scheduled and self._may_commit():
            self._scheduled = True
            self._world.call_soon(self._run)

    def _may_commit(self) -> bool:
        """Beside a commit under way another goes only when it is full: small ones cost most, and wait least."""
        under_way = self._commits.under_way
        if under_way == 0:
            return True
        return under_way < self.limits.commits and len(self._queue.ready) >= self.limits.batch_size

    def _run(self) -> None:
        """Make one batch of what is ready and send it to the store."""
        self._scheduled = False
        if not self._may_commit():
            return
        batch = self._queue.take(self.limits.batch_size)
        now_ms = self._world.now_ms()
        start_us: i64 = self._world.now_us()
        self.intake.waited(self._queue.oldest_us(), start_us)
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
        if self._decided:
            decided = self._decided
            self._decided = []
            self._commits.send(decided, start_us, self.policy.remember_closed_s * 1000)
        self._end_turn()
        self._schedule()

    def _end_turn(self) -> None:
        """Let the answers of this turn leave, and say how much is still to be done."""
        self._answering.flush()
        self.metrics.queue_length = len(self._queue.ready)
        self.metrics.in_flight = self._queue.in_flight
        room = self.intake.bound - self._queue.in_flight
        self.intake.room = room if room > 0 else 0  # never below: a compiled number of -113 may read as unset

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
        group = self._commits.groups.get(account_id)
        if group is None:
            account = self.states.account(account_id)
            if account is None and not pending.account_checked:
                self._lookup.account(account_id, pending)
                return
            group = Group(account_id, account)
        elif group.is_sent:
            group.wait(pending)
            return
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
        if not group.requests:
            self._commits.groups[group.account_id] = group
            self._decided.append(group)
        group.take(pending, session, subscriber, decision)

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
        """A session that was looked at is not due."""
        self._commits.settle_deadline(pending.session_id, session)
        self._queue.done(pending)

    def _committed(self, store_failed: bool) -> None:
        """A commit is over. Where the store failed, the next waits a moment."""
        self._end_turn()
        if store_failed and not self._scheduled:
            self._scheduled = True
            self._world.call_later(RETRY_S, self._run)
        else:
            self._schedule()

    def _lost(self, pending: Pending) -> None:
        """A request's commit was not applied: it is decided again, while it has patience."""
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
