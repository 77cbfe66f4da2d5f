"""Charging sessions: what a credit-control session has used, holds and was answered (RFC 8506, 7)."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.changes import NO_TERM
from balance.keys import session_key
from balance.packing import end_of_first
from ocs.charging.rated_service import Service
from protocol.messages import ABSENT

OPEN: Final = 0
CLOSED: Final = 1

ANSWERS_KEPT: Final = 8
"""How many of its last answers a session can repeat."""


@mypyc_attr(acyclic=True)
class SessionIdentity:
    """What of a session never changes, with its stored octets and record fields made once."""

    def __init__(
        self,
        session_id: bytes,
        account_id: str,
        msisdn: bytes,
        imsi: bytes,
        plan_id: str,
        service: str,
        service_context_id: bytes,
    ) -> None:
        self.session_id = session_id
        self.account_id = account_id
        self.msisdn = msisdn
        self.imsi = imsi
        self.plan_id = plan_id
        self.service = service
        self.service_context_id = service_context_id
        self.apn = b""
        self.origin_host = b""
        self.origin_realm = b""
        self.payment = ""
        self.subscriber_group = b""
        self.time_zone = ""
        self.activated_ms: i64 = 0
        self.octets = b""
        self.record_fields = b""
        self._key = b""

    def key(self) -> bytes:
        """The session's key in the store."""
        if not self._key:
            self._key = session_key(self.session_id)
        return self._key


@mypyc_attr(acyclic=True)
class Circumstances:
    """Where and how a session is served now, as its last request told: what tariffs may select by.

    Never changed: a request that tells something else makes another. ``octets`` are its stored form, made once.
    """

    def __init__(self, serving_network: bytes, user_location: bytes, rat_type: i64, qos_class: i64) -> None:
        self.serving_network = serving_network
        self.user_location = user_location
        self.rat_type = rat_type
        self.qos_class = qos_class
        self.octets = b""


UNTOLD: Final = Circumstances(b"", b"", ABSENT, ABSENT)
"""The circumstances of a session whose requests tell nothing of them."""


@mypyc_attr(acyclic=True)
class ChargingSession:
    """A credit-control session. Times are epoch milliseconds; ``version`` 0 = not yet stored.

    ``term`` is the store holder's in which this state was last read or written.
    ``deadline_ms`` is when the server gives it up (Tcc); ``indexed_ms`` is the time under which the store's
    deadline index knows it, which may be earlier. ``answers`` are ``answer_count`` stored answers, each behind
    its length, the newest last.
    ``records`` counts the charging data records it has produced. ``served_through`` is the highest
    CC-Request-Number of its updates; bit n of ``served`` says whether the update numbered n less was served.
    The first of its services has an attribute of its own: into a list Python's collector would look, at each
    of a hundred thousand sessions four times a second.
    """

    def __init__(self, identity: SessionIdentity, opened_ms: i64) -> None:
        self.version: i64 = 0
        self.term: i64 = NO_TERM
        self.identity = identity
        self.circumstances = UNTOLD
        self.state: i64 = OPEN
        self.opened_ms = opened_ms
        self.last_ms = opened_ms
        self.deadline_ms: i64 = 0
        self.indexed_ms: i64 = 0
        self.records: i64 = 0
        self.first_request: i64 = 0
        self.last_request: i64 = 0
        self.requests: i64 = 0
        self.served_through: i64 = 0
        self.served: i64 = 0
        self._service: Service | None = None
        self._others: list[Service] | None = None
        self.answers = b""
        self.answer_count: i64 = 0

    def copy(self) -> ChargingSession:
        """A copy that shares its services: replace one by its own copy before changing it."""
        other = ChargingSession(self.identity, self.opened_ms)
        other._service = self._service
        if self._others is not None:
            other._others = self._others[:]
        other.version = self.version
        other.circumstances = self.circumstances
        other.state = self.state
        other.last_ms = self.last_ms
        other.deadline_ms = self.deadline_ms
        other.indexed_ms = self.indexed_ms
        other.records = self.records
        other.first_request = self.first_request
        other.last_request = self.last_request
        other.requests = self.requests
        other.served_through = self.served_through
        other.served = self.served
        other.answers = self.answers
        other.answer_count = self.answer_count
        return other

    def service_for_change(self, rating_group: i64, service_identifier: i64, now_ms: i64) -> Service:
        """This copy's own service of a key; a new one where the session has none yet."""
        first = self._service
        if first is not None and first.has_key(rating_group, service_identifier):
            self._service = mine = first.copy()
            return mine
        others = self._others
        if others is not None:
            for index in range(len(others)):
                if others[index].has_key(rating_group, service_identifier):
                    mine = others[index].copy()
                    others[index] = mine
                    return mine
        fresh = Service(rating_group, service_identifier, now_ms)
        self.add_service(fresh)
        return fresh

    @property
    def services(self) -> tuple[Service, ...]:
        """Its services, in the order in which they came."""
        if self._service is None:
            return ()
        return (self._service,) if self._others is None else (self._service, *self._others)

    @services.setter
    def services(self, services: tuple[Service, ...]) -> None:
        self._service = services[0] if services else None
        self._others = list(services[1:]) if len(services) > 1 else None

    def service_count(self) -> i64:
        """How many services it has."""
        if self._service is None:
            return 0
        return 1 if self._others is None else 1 + i64(len(self._others))

    def service_at(self, index: i64) -> Service:
        """One of them, by its place. IndexError where it has fewer."""
        first = self._service
        if first is not None and index == 0:
            return first
        if index < 1 or self._others is None:
            raise IndexError(index)
        return self._others[index - 1]

    def add_service(self, service: Service) -> None:
        """Add a service behind the others."""
        if self._service is None:
            self._service = service
        elif self._others is None:
            self._others = [service]
        else:
            self._others.append(service)

    def remove_service(self, service: Service) -> None:
        """Take a service out."""
        self.services = tuple([other for other in self.services if other is not service])

    def reserved_micros(self) -> i64:
        """The money that its services hold."""
        total: i64 = 0
        for service in self.services:
            total += service.reservation.money_micros
        return total

    def keep_answer(self, stored: bytes) -> None:
        """Remember an answer, which comes behind its length, forgetting the oldest over ANSWERS_KEPT."""
        if self.answer_count < ANSWERS_KEPT:
            self.answers += stored
            self.answer_count += 1
        else:
            self.answers = self.answers[end_of_first(self.answers) :] + stored
