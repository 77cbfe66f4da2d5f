"""The way of a request: decided in batches, committed in one write, answered together.

Requests that arrive in one turn of the event loop form a batch. Each is decided on remembered or freshly read
states; all decisions of a batch go to the store in one commit, and their answers leave when it is durable. An
account whose commit is under way lets its other requests wait, so requests of a session are served in turn.
What loses to another writer (or whose outcome is unknown, because the store's connection broke) is read and
decided again: if the change had been applied, the session's stored answer says so and nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mypy_extensions import i64

from balance.account import Account, decode_account
from balance.keys import account_key, imsi_key, session_key, subscriber_key
from balance.store import COMMITTED, UNKNOWN, ChangeSet, StateStore
from balance.subscriber import Subscriber, decode_subscriber
from ocs.charging.decision import decide, expire
from ocs.charging.pending import Group, Pending
from ocs.charging.policy import ChargingPolicy
from ocs.charging.remembered import RememberedStates
from ocs.charging.session import OPEN, ChargingSession
from ocs.charging.session_octets import decode_session
from ocs.metrics import STAGE_COMMIT, STAGE_QUEUE, STAGE_TOTAL, ServerMetrics
from protocol.encode import Identity, encode_answer, encode_request_error
from protocol.handler import AnswerSink, RequestHandler
from protocol.messages import INITIAL_REQUEST, CreditControlAnswer, CreditControlRequest
from protocol.result_codes import TOO_BUSY, UNABLE_TO_COMPLY
from rating.catalogue import Catalogue

CREDIT_CONTROL: Final = 272
RETRY_S: Final = 0.05


class ServiceLimits:
    """Bounds: requests in flight, requests in a batch, commits under way, and how long a request may be retried."""

    def __init__(self, in_flight: i64, batch_size: i64, commits: i64, patience_us: i64) -> None:
        self.in_flight = in_flight
        self.batch_size = batch_size
        self.commits = commits
        self.patience_us = patience_us


class ChargingService(RequestHandler):
    """Serves credit-control requests from one store. It is driven by one event loop and never waits."""

    def __init__(
        self,
        store: StateStore,
        identity: Identity,
        catalogue: Catalogue,
        policy: ChargingPolicy,
        limits: ServiceLimits,
        states: RememberedStates,
        metrics: ServerMetrics,
        now_ms: Callable[[], int],
        now_us: Callable[[], int],
        call_soon: Callable[[Callable[[], None]], object],
        call_later: Callable[[float, Callable[[], None]], object],
        log_failure: Callable[[str, bytes], None],
    ) -> None:
        self.store = store
        self.identity = identity
        self.catalogue = catalogue
        self.policy = policy
        self.limits = limits
        self.states = states
        self.metrics = metrics
        self._now_ms = now_ms
        self._now_us = now_us
        self._call_soon = call_soon
        self._call_later = call_later
        self._log_failure = log_failure
        self._ready: list[Pending] = []
        self._scheduled = False
        self._commits: i64 = 0
        self._in_flight: i64 = 0
        self._turns: dict[bytes, Pending] = {}
        self._busy: dict[str, list[Pending]] = {}
        self._loading: dict[bytes, list[Pending]] = {}
        self._groups: dict[str, Group] = {}
        self._to_load: list[bytes] = []
        self._outgoing: dict[AnswerSink, list[bytes]] = {}

    @property
    def in_flight(self) -> int:
        """Requests that were taken and not yet answered."""
        return self._in_flight

    def submit(self, requests: list[CreditControlRequest], connection: AnswerSink) -> None:
        """Take requests; those over the bound are answered 3004 at once (RFC 6733, 7.1.3)."""
        received_us = self._now_us()
        metrics = self.metrics
        shed: list[bytes] = []
        for request in requests:
            metrics.count_request(request.request_type)
            if self._in_flight >= self.limits.in_flight:
                shed.append(encode_request_error(self.identity, request, TOO_BUSY, b"", ""))
                metrics.shed += 1
                metrics.count_answer(CREDIT_CONTROL, request.request_type, TOO_BUSY)
                continue
            pending = Pending(request.session_id, received_us)
            pending.request = request
            pending.connection = connection
            self._queue(pending)
        if shed:
            connection.answers(shed)
        self._schedule()

    def submit_expiry(self, session_ids: list[bytes]) -> None:
        """Look at sessions whose deadline has passed, and give up those that are really due."""
        for session_id in session_ids:
            pending = Pending(session_id, self._now_us())
            pending.must_read_session = True
            self._queue(pending)
        self._schedule()

    def _queue(self, pending: Pending) -> None:
        """Let a request wait for the earlier ones of its session: they are served in turn."""
        self._in_flight += 1
        last = self._turns.get(pending.session_id)
        self._turns[pending.session_id] = pending
        if last is None:
            self._ready.append(pending)
        else:
            last.next = pending

    def _done(self, pending: Pending) -> None:
        """A request is answered: the next one of its session may go."""
        self._in_flight -= 1
        following = pending.next
        if following is not None:
            self._ready.append(following)
        else:
            del self._turns[pending.session_id]

    def _schedule(self) -> None:
        if self._ready and not self._scheduled and self._commits < self.limits.commits:
            self._scheduled = True
            self._call_soon(self._run)

    def _run(self) -> None:
        """Make one batch of what is ready and send it to the store."""
        self._scheduled = False
        if self._commits >= self.limits.commits:
            return
        size = self.limits.batch_size
        ready = self._ready
        if len(ready) > size:
            batch = ready[:size]
            del ready[:size]
        else:
            batch = ready
            self._ready = []
        now_ms = self._now_ms()
        start_us: i64 = self._now_us()
        metrics = self.metrics
        metrics.queue_length = len(self._ready)
        metrics.in_flight = self._in_flight
        queue_times = metrics.stages[STAGE_QUEUE]
        for pending in batch:
            queue_times.record(start_us - pending.received_us)
            try:
                self._place(pending, now_ms)
            except Exception as error:  # noqa: BLE001 - a programming error fails one request, never the server
                self._fail(pending, repr(error))
        self._send_groups(start_us)
        self._send_loads()
        self._flush()
        self._schedule()

    def _place(self, pending: Pending, now_ms: i64) -> None:
        """Find a request's states, decide it and put it into its account's group; or let it wait for what is missing."""
        request = pending.request
        session_id = pending.session_id
        session = self.states.session(session_id)
        if session is None and not pending.session_checked:
            if pending.must_read_session or (request is not None and request.request_type != INITIAL_REQUEST):
                pending.session_checked = True
                self._load(session_key(session_id), pending)
                return
        subscriber: Subscriber | None = None
        account_id = ""
        if session is not None and session.state == OPEN:
            account_id = session.identity.account_id
        elif request is not None and request.request_type == INITIAL_REQUEST:
            subscriber = self.states.subscriber(request.msisdn, request.imsi)
            if subscriber is None and self._load_subscriber(pending, request):
                return
            if subscriber is not None:
                account_id = subscriber.account_id
        if not account_id:
            self._decide_without_account(pending, session, now_ms)
            return
        waiting = self._busy.get(account_id)
        if waiting is not None:
            waiting.append(pending)
            return
        group = self._groups.get(account_id)
        if group is None:
            account = self.states.account(account_id)
            if account is None and not pending.account_checked:
                pending.account_checked = True
                self._load(account_key(account_id), pending)
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
            self.metrics.sessions_expired += 1
        else:
            decision = decide(request, session, subscriber, group.account, self.catalogue, self.policy, now_ms)
        if decision.replayed:
            self.metrics.replays += 1
            self._answer(pending, decision.answer)
            return
        group.take(pending, session, subscriber, decision)
        self._groups[group.account_id] = group

    def _decide_without_account(self, pending: Pending, session: ChargingSession | None, now_ms: i64) -> None:
        """A repeat to a closed session, an unknown session or an unknown subscriber: nothing to commit."""
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
        changes = ChangeSet()
        later: i64 = 0 if session is None or session.state != OPEN else session.deadline_ms
        changes.deadlines.append((session_key(pending.session_id), later))
        self._done(pending)
        self.store.commit([changes], _ignore)

    def _load(self, key: bytes, pending: Pending) -> None:
        waiting = self._loading.get(key)
        if waiting is None:
            self._loading[key] = [pending]
            self._to_load.append(key)
        else:
            waiting.append(pending)

    def _load_subscriber(self, pending: Pending, request: CreditControlRequest) -> bool:
        """Whether there is still an identity to look up; the request then waits for it."""
        if request.msisdn and not pending.msisdn_checked:
            pending.msisdn_checked = True
            self._load(subscriber_key(request.msisdn), pending)
            return True
        if request.imsi and not pending.imsi_checked:
            pending.imsi_checked = True
            self._load(imsi_key(request.imsi), pending)
            return True
        return False

    def _send_loads(self) -> None:
        keys = self._to_load
        if keys:
            self._to_load = []
            _LoadDone(self, keys).start()

    def loaded(self, keys: list[bytes], found: list[bytes | None] | None) -> None:
        """Take what the store has under the keys, and let the requests go on that waited for it."""
        if found is None:
            self._call_later(RETRY_S, _Retry(self, keys).run)
            return
        for index in range(len(keys)):
            key = keys[index]
            state = found[index]
            waiting = self._loading.pop(key, None)
            if waiting is None:
                continue
            if state is not None:
                try:
                    self._remember(key, state, waiting)
                except ValueError as error:
                    for pending in waiting:
                        self._fail(pending, f"{key!r}: {error}")
                    continue
            self._ready.extend(waiting)
        self._flush()
        self._schedule()

    def _remember(self, key: bytes, state: bytes, waiting: list[Pending]) -> None:
        if key.startswith(b"s:"):
            self.states.keep_session(decode_session(state))
        elif key.startswith(b"a:"):
            self.states.keep_account(decode_account(state))
        elif key.startswith(b"m:"):
            self.states.keep_subscriber(decode_subscriber(state))
        else:
            subscriber = subscriber_key(state[8:])
            for pending in waiting:
                self._load(subscriber, pending)
            waiting.clear()
            self._send_loads()

    def retry_loads(self, keys: list[bytes]) -> None:
        """Read again what the store could not tell; requests out of patience are answered 3004."""
        now_us: i64 = self._now_us()
        again: list[bytes] = []
        for key in keys:
            waiting = self._loading.get(key)
            if waiting is None:
                continue
            patient: list[Pending] = []
            for pending in waiting:
                if now_us - pending.received_us > self.limits.patience_us:
                    self._answer_busy(pending)
                else:
                    patient.append(pending)
            if patient:
                self._loading[key] = patient
                again.append(key)
            else:
                del self._loading[key]
        self._to_load.extend(again)
        self._send_loads()
        self._flush()

    def _send_groups(self, start_us: i64) -> None:
        groups = self._groups
        if not groups:
            return
        self._groups = {}
        remember_ms = self.policy.remember_closed_s * 1000
        batch = _CommitDone(self, start_us)
        size: i64 = 0
        for account_id, group in groups.items():
            try:
                changes = group.change_set(remember_ms)
            except Exception as error:  # noqa: BLE001 - what can not be stored fails its requests, never the server
                for pending in group.requests:
                    self._fail(pending, repr(error))
                continue
            self._busy[account_id] = []
            batch.groups.append(group)
            batch.sets.append(changes)
            size += len(group.requests)
        if not batch.groups:
            return
        self.metrics.batch_size.record(size)
        self._commits += 1
        batch.start()

    def committed(self, groups: list[Group], sets: list[ChangeSet], start_us: i64) -> None:
        """Answer what is durable; what lost or is unknown is forgotten, read and decided again."""
        self._commits -= 1
        now_us: i64 = self._now_us()
        metrics = self.metrics
        metrics.store_round_trip.record(now_us - start_us)
        store_failed = False
        for index in range(len(groups)):
            group = groups[index]
            result = sets[index].result
            if result == COMMITTED:
                self._group_committed(group)
                metrics.stages[STAGE_COMMIT].record_many(now_us - start_us, len(group.requests))
            else:
                if result == UNKNOWN:
                    store_failed = True
                    metrics.store_unknown += 1
                else:
                    metrics.conflicts += 1
                self._group_lost(group, now_us)
            waiting = self._busy.pop(group.account_id)
            if waiting:
                self._ready.extend(waiting)
        self._flush()
        if store_failed:
            self._scheduled = True
            self._call_later(RETRY_S, self._run)
        else:
            self._schedule()

    def _group_committed(self, group: Group) -> None:
        states = self.states
        account: Account | None = group.account
        if account is not None and group.account_changed:
            states.keep_account(account)
        for session in group.changed_sessions:
            states.keep_session(session)
        self.metrics.sessions_opened += len(group.opened)
        self.metrics.sessions_closed += len(group.closed)
        for pending in group.requests:
            answer = pending.answer
            if answer is not None:
                self._answer(pending, answer)

    def _group_lost(self, group: Group, now_us: i64) -> None:
        self.states.forget_account(group.account_id)
        for subscriber in group.subscribers:
            self.states.forget_subscriber(subscriber)
        for pending in group.requests:
            self.states.forget_session(pending.session_id)
            pending.attempts += 1
            pending.session_checked = False
            pending.account_checked = False
            pending.msisdn_checked = False
            pending.imsi_checked = False
            pending.must_read_session = True
            if now_us - pending.received_us > self.limits.patience_us:
                self._answer_busy(pending)
            else:
                self._ready.append(pending)

    def _answer(self, pending: Pending, answer: CreditControlAnswer) -> None:
        request = pending.request
        connection = pending.connection
        self._done(pending)
        if request is None or connection is None:
            return
        metrics = self.metrics
        for part in answer.services:
            if part.granted_kind != 0:
                metrics.grants += 1
                if part.final_unit_action >= 0:
                    metrics.final_grants += 1
        metrics.count_answer(CREDIT_CONTROL, request.request_type, answer.result_code)
        metrics.stages[STAGE_TOTAL].record(self._now_us() - pending.received_us)
        self._send(connection, encode_answer(self.identity, request, answer))

    def _answer_busy(self, pending: Pending) -> None:
        """The store did not answer in time: let the client's failure handling decide (RFC 8506, 5.7)."""
        self._done(pending)
        request = pending.request
        connection = pending.connection
        if request is not None and connection is not None:
            self.metrics.count_answer(CREDIT_CONTROL, request.request_type, TOO_BUSY)
            self._send(connection, encode_request_error(self.identity, request, TOO_BUSY, b"", ""))

    def _fail(self, pending: Pending, reason: str) -> None:
        self.metrics.failed_decisions += 1
        self._log_failure(reason, pending.session_id)
        self.states.forget_session(pending.session_id)
        self._answer(pending, CreditControlAnswer(UNABLE_TO_COMPLY))

    def _send(self, connection: AnswerSink, octets: bytes) -> None:
        waiting = self._outgoing.get(connection)
        if waiting is None:
            self._outgoing[connection] = [octets]
        else:
            waiting.append(octets)

    def _flush(self) -> None:
        """Hand each connection the answers of this turn, in one write."""
        if self._outgoing:
            outgoing = self._outgoing
            self._outgoing = {}
            for connection, answers in outgoing.items():
                connection.answers(answers)


class _CommitDone:
    """A commit under way: what to do when the store calls back."""

    def __init__(self, service: ChargingService, start_us: i64) -> None:
        self.service = service
        self.start_us = start_us
        self.groups: list[Group] = []
        self.sets: list[ChangeSet] = []

    def start(self) -> None:
        """Hand the change sets to the store."""
        self.service.store.commit(self.sets, self.done)

    def done(self, sets: list[ChangeSet]) -> None:
        """The store has committed, refused or lost them."""
        self.service.committed(self.groups, sets, self.start_us)


class _LoadDone:
    """A load under way."""

    def __init__(self, service: ChargingService, keys: list[bytes]) -> None:
        self.service = service
        self.keys = keys

    def start(self) -> None:
        """Ask the store."""
        self.service.store.load(self.keys, self.done)

    def done(self, found: list[bytes | None] | None) -> None:
        """The store has answered, or failed."""
        self.service.loaded(self.keys, found)


class _Retry:
    """A load to be asked again."""

    def __init__(self, service: ChargingService, keys: list[bytes]) -> None:
        self.service = service
        self.keys = keys

    def run(self) -> None:
        """Ask again."""
        self.service.retry_loads(self.keys)


def _ignore(_sets: list[ChangeSet]) -> None:
    """A change whose loss does no harm: the next look at the deadline makes it again."""
