"""One packet gateway without its socket: sessions of many subscribers, requests out, answers checked.

Times are nanoseconds of a monotonic clock, given by the caller. HOT PATH: compiled.
"""

from collections import deque
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from ocs.simulation.answer import NONE, Answer, ServiceResult, read_answer, read_number32
from ocs.simulation.answer_check import fault_of, place_of
from ocs.simulation.session import (
    Behaviour,
    GatewayIdentity,
    SessionKind,
    SimulatedSession,
    write_request,
)
from ocs.simulation.tally import Tally
from protocol.codes import RETRANSMITTED_FLAG
from protocol.messages import INITIAL_REQUEST, TERMINATION_REQUEST, UPDATE_REQUEST
from protocol.result_codes import CREDIT_LIMIT_REACHED, SUCCESS, TOO_BUSY

SLOT_BITS: Final = 20
"""The Hop-by-Hop identifier is a session's slot below a generation that makes it unique for 4096 requests."""
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
RANDOM_MASK: Final = 0x7FFFFFFF
DRAIN_WINDOW: Final = 64
MICROSECOND_NS: Final = 1000


class Gateway:
    """The sessions of one gateway.

    Closed loop: ``open_window`` starts sessions, and each sends its next request when its last is answered.
    Open loop: ``send_due`` is called with the moment at which a request is due. ``take_output`` has the
    octets to send. ``event_time`` is what goes into Event-Timestamp (seconds since 1900).
    """

    def __init__(self, identity: GatewayIdentity, behaviour: Behaviour) -> None:
        self.identity = identity
        self.behaviour = behaviour
        self.paced = behaviour.paced
        self.tally = Tally()
        self.sessions: list[SimulatedSession] = []
        self.ready: deque[int] = deque()
        self.free_slots: list[int] = []
        self.free_subscribers: deque[int] = deque(identity.subscribers)
        self.stopping = False
        self.outstanding: i64 = 0
        self.open_count: i64 = 0
        self.event_time: i64 = 0
        self._out = BytesWriter()
        self._serial: i64 = 0
        self._sequence: i64 = 0
        self._generation: i64 = 0
        self._random: i64 = behaviour.seed & RANDOM_MASK

    def open_window(self, now_ns: i64) -> None:
        """Start all sessions of the closed loop at once."""
        for _ in range(self.behaviour.sessions):
            self._send(self._start_session(), now_ns)

    def send_due(self, due_ns: i64) -> bool:
        """Send the request that is due, of a waiting session or a new one; False = there is none."""
        may_start = len(self.free_subscribers) > 0
        if self.ready and not (may_start and self.open_count < self.behaviour.sessions):
            self._send(self.sessions[self.ready.popleft()], due_ns)
            return True
        if may_start:
            self._send(self._start_session(), due_ns)
        return may_start

    def stop(self) -> None:
        """Start no more sessions and end the open ones: their next request is the CCR-T."""
        self.stopping = True

    def drain(self, now_ns: i64) -> None:
        """Send what waits, a bounded number at a time: what was shed in closed loop, and all after ``stop``."""
        while self.ready and self.outstanding < DRAIN_WINDOW:
            session = self.sessions[self.ready.popleft()]
            if self.stopping and session.request_type == INITIAL_REQUEST:
                self._end(session)
                continue
            if self.stopping and not session.sent_before:
                session.request_type = TERMINATION_REQUEST
            self._send(session, now_ns)

    def resend_outstanding(self) -> None:
        """After a reconnect: send all unanswered requests again, with the T flag (RFC 6733, 3)."""
        self._out = BytesWriter()
        for session in self.sessions:
            if session.outstanding:
                self.tally.repeated += 1
                session.sent_before = True
                self.outstanding -= 1
                self._write(session, RETRANSMITTED_FLAG)

    def give_up_before(self, limit_ns: i64, now_ns: i64) -> None:
        """Forget the requests that were sent before a moment and never answered, and their sessions."""
        late: list[SimulatedSession] = []
        for session in self.sessions:
            if session.outstanding and session.sent_ns < limit_ns:
                late.append(session)
        for session in late:
            session.outstanding = False
            self.outstanding -= 1
            self.tally.unanswered += 1
            self._end(session)
            if not self.paced and not self.stopping:
                self._send(self._start_session(), now_ns)

    def take_output(self) -> bytes:
        """The octets to send since the last call."""
        if len(self._out) == 0:
            return b""
        octets = self._out.getvalue()
        self._out = BytesWriter()
        return octets

    def receive_answer(self, message: bytes, now_ns: i64) -> None:
        """Check a CCA against its request and go on with the session."""
        session = self._session_of(read_number32(message, 12))
        if session is None:
            if self.tally.unanswered > 0:
                self.tally.late += 1
            else:
                self.tally.fault("an answer to nothing", message)
            return
        session.outstanding = False
        self.outstanding -= 1
        self.tally.answered += 1
        answer = read_answer(message)
        fault = fault_of(session, message, answer)
        if fault:
            self.tally.fault(fault, message)
        self.tally.answers.count(session.request_type, answer.result_code)
        if answer.result_code == TOO_BUSY:
            self._shed(session)
            return
        session.sent_before = False
        if not self.stopping:
            self.tally.latency.record((now_ns - session.sent_ns) // MICROSECOND_NS)
        if self._take(session, answer):
            self._end(session)
            if self.paced or self.stopping:
                return
            session = self._start_session()
        if self.paced:
            self.ready.append(session.slot)
        else:
            self._send(session, now_ns)

    def _session_of(self, hop_by_hop: i64) -> SimulatedSession | None:
        slot = hop_by_hop & SLOT_MASK
        if slot >= i64(len(self.sessions)):
            return None
        session = self.sessions[slot]
        if not session.outstanding or session.hop_by_hop != hop_by_hop:
            return None
        return session

    def _shed(self, session: SimulatedSession) -> None:
        """Let a request that was answered 3004 wait to be sent again as it is: it may have been served."""
        self.tally.shed += 1
        session.sent_before = True
        self.ready.append(session.slot)
        sums = self.tally.units[session.kind.unit]
        for used in session.used:
            sums.reported -= used

    def _take(self, session: SimulatedSession, answer: Answer) -> bool:
        """Take grants and results in and choose the session's next request; true at the session's end."""
        if answer.result_code != SUCCESS:
            if session.request_type == INITIAL_REQUEST or session.kind.event:
                self.tally.sessions_refused += 1
            if answer.result_code == CREDIT_LIMIT_REACHED:
                self.tally.out_of_credit += 1
            return True
        sums = self.tally.units[session.kind.unit]
        for used in session.used:
            sums.acknowledged += used
        granted: i64 = 0
        for service in answer.services:
            granted += self._take_service(session, service)
        if session.request_type == TERMINATION_REQUEST or session.kind.event:
            return True
        sums.granted += granted
        session.request_number += 1
        if session.updates_left == 0 or granted == 0 or session.ending or self.stopping:
            session.request_type = TERMINATION_REQUEST
        else:
            session.request_type = UPDATE_REQUEST
            session.updates_left -= 1
        return False

    def _take_service(self, session: SimulatedSession, service: ServiceResult) -> i64:
        """Remember one rating group's grant; its octets. A refusal or final units end the session."""
        place = place_of(session.kind, service.rating_group)
        if place == NONE:
            return 0
        if service.final:
            self.tally.final_units += 1
            session.ending = True
        result_code = service.result_code
        if result_code != NONE:
            self.tally.service_results.count(session.request_type, result_code)
            if result_code != SUCCESS:
                session.ending = True
            if result_code == CREDIT_LIMIT_REACHED:
                self.tally.out_of_credit += 1
        granted: i64 = max(service.granted, 0)
        session.granted[place] = granted
        return granted

    def _start_session(self) -> SimulatedSession:
        draws = self.behaviour.draws
        kind = self.behaviour.kinds[0 if len(draws) == 1 else draws[self._next_random() % len(draws)]]
        if self.free_slots:
            session = self.sessions[self.free_slots.pop()]
        else:
            session = SimulatedSession(len(self.sessions), self.behaviour.services, kind)
            self.sessions.append(session)
        self._serial += 1
        updates = kind.updates
        if self._serial <= self.behaviour.sessions:  # the first ones differ, so that they do not march in step
            updates = self._next_random() % (updates + 1)
        session.begin(kind, self.identity, self.free_subscribers.popleft(), self._serial, updates)
        self.tally.sessions_started += 1
        self.open_count += 1
        return session

    def _end(self, session: SimulatedSession) -> None:
        self.free_subscribers.append(session.subscriber)
        self.free_slots.append(session.slot)
        self.tally.sessions_ended += 1
        self.open_count -= 1

    def _send(self, session: SimulatedSession, sent_ns: i64) -> None:
        """Write a session's next request; ``sent_ns`` is when it was due."""
        self._sequence += 1
        session.end_to_end = (self.identity.started_s & 0xFFF) << 20 | (self._sequence & 0xFFFFF)
        session.sent_ns = sent_ns
        session.event_time = self.event_time
        if session.request_type != INITIAL_REQUEST:
            kind = session.kind
            sums = self.tally.units[kind.unit]
            for place in range(kind.services):
                if not session.sent_before:
                    session.used[place] = kind.used if kind.event else self._usage(kind, session.granted[place])
                sums.reported += session.used[place]
        self.tally.requests += 1
        self._write(session, 0)

    def _write(self, session: SimulatedSession, flags: i64) -> None:
        """Append the octets of a session's request under a new Hop-by-Hop identifier."""
        self._generation = (self._generation + 1) & 0xFFF
        session.hop_by_hop = self._generation << SLOT_BITS | session.slot
        session.outstanding = True
        self.outstanding += 1
        kind = session.kind
        template = kind.templates[0 if kind.event else session.request_type - 1]
        write_request(self._out, session, template, flags)

    def _usage(self, kind: SessionKind, granted: i64) -> i64:
        """Between half of the usual report and all of it, at most what was granted."""
        most = kind.used
        used = most - self._next_random() % (most // 2 + 1)
        return used if used < granted else granted

    def _next_random(self) -> i64:
        """The next number of a plain congruential generator: the same traffic for the same seed."""
        self._random = (self._random * 1103515245 + 12345) & RANDOM_MASK
        return self._random >> 8
