"""Charging sessions: what a credit-control session has used, holds and was answered (RFC 8506, 7)."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from balance.changes import NO_TERM
from balance.keys import session_key
from balance.operations import NOTHING_HELD, Reservation
from balance.packing import end_of_first
from protocol.messages import ABSENT
from rating.meter_state import MeterState

OPEN: Final = 0
CLOSED: Final = 1

ANSWERS_KEPT: Final = 8
"""How many of its last answers a session can repeat."""


@mypyc_attr(acyclic=True)
class ChargeLine:
    """Units that were paid with money at one rate; ``amount_micros`` is the price of all of them together.

    The rate is copied from the catalogue whose version is named, so that a record explains itself. What a cap
    or a discount takes off is a line too, at a price below zero. ``tax`` is a tax category, ``band`` names the
    time band; "" where there is none. ``rate_octets`` is the stored form of the rate, made once.
    """

    def __init__(self, rule_id: str, catalogue: str, rounding: i64) -> None:
        self.rule_id = rule_id
        self.catalogue = catalogue
        self.price_micros: i64 = 0
        self.per_units: i64 = 1
        self.increment: i64 = 1
        self.rounding = rounding
        self.units: i64 = 0
        self.amount_micros: i64 = 0
        self.tax = ""
        self.band = ""
        self.rate_octets = b""

    def copy(self) -> ChargeLine:
        """An independent copy."""
        other = ChargeLine(self.rule_id, self.catalogue, self.rounding)
        other.price_micros = self.price_micros
        other.per_units = self.per_units
        other.increment = self.increment
        other.units = self.units
        other.amount_micros = self.amount_micros
        other.tax = self.tax
        other.band = self.band
        other.rate_octets = self.rate_octets
        return other


@mypyc_attr(acyclic=True)
class BucketUse:
    """Units that a service took out of one bucket."""

    def __init__(self, bucket_id: str, units: i64) -> None:
        self.bucket_id = bucket_id
        self.units = units


@mypyc_attr(acyclic=True)
class Service:
    """One rated service of a session, keyed by Rating-Group and Service-Identifier (ABSENT where not sent).

    ``granted`` units are with the client now, paid for by ``reservation``. Copies share it, the ``lines`` and
    the ``bucket_uses``: these are replaced, not changed, once they are stored. The used units of all kinds are
    kept as reported; ``used_units`` are those of ``unit_kind``, by which the service is charged.
    ``granted_under`` is the version of the catalogue by which the next report of the granted units is priced.
    ``meter`` is where the pricing of a tariff stands (never changed, only replaced); its lines are those from
    ``metered_from`` on.
    """

    def __init__(self, rating_group: i64, service_identifier: i64, opened_ms: i64) -> None:
        self.rating_group = rating_group
        self.service_identifier = service_identifier
        self.opened_ms = opened_ms
        self.last_ms = opened_ms
        self.unit_kind: i64 = 0
        self.granted: i64 = 0
        self.validity_time_s: i64 = 0
        self.granted_under = ""
        self.reservation = NOTHING_HELD
        self.used_units: i64 = 0
        self.used_octets: i64 = 0
        self.input_octets: i64 = 0
        self.output_octets: i64 = 0
        self.time_s: i64 = 0
        self.specific_units: i64 = 0
        self.amount_micros: i64 = 0
        self.written_off_micros: i64 = 0
        self.first_request: i64 = 0
        self.last_request: i64 = 0
        self.requests: i64 = 0
        self.lines: tuple[ChargeLine, ...] = ()
        self.bucket_uses: tuple[BucketUse, ...] = ()
        self.meter: MeterState | None = None
        self.metered_from: i64 = 0

    def copy(self) -> Service:
        """An independent copy, for a decision to change."""
        other = Service(self.rating_group, self.service_identifier, self.opened_ms)
        other.last_ms = self.last_ms
        other.unit_kind = self.unit_kind
        other.granted = self.granted
        other.validity_time_s = self.validity_time_s
        other.granted_under = self.granted_under
        other.reservation = self.reservation
        other.used_units = self.used_units
        other.used_octets = self.used_octets
        other.input_octets = self.input_octets
        other.output_octets = self.output_octets
        other.time_s = self.time_s
        other.specific_units = self.specific_units
        other.amount_micros = self.amount_micros
        other.written_off_micros = self.written_off_micros
        other.first_request = self.first_request
        other.last_request = self.last_request
        other.requests = self.requests
        other.lines = self.lines
        other.bucket_uses = self.bucket_uses
        other.meter = self.meter
        other.metered_from = self.metered_from
        return other

    def reserve_anew(self) -> Reservation:
        """Where a service that holds nothing notes what it reserves."""
        if self.reservation is NOTHING_HELD:
            self.reservation = Reservation()
        return self.reservation

    def last_line_for_change(self) -> ChargeLine:
        """The newest line, which there must be, as this copy's own."""
        lines = self.lines
        mine = lines[len(lines) - 1].copy()
        self.lines = (mine,) if len(lines) == 1 else (*lines[:-1], mine)
        return mine

    def take_from_bucket(self, bucket_id: str, units: i64) -> None:
        """Note units that were paid from a bucket."""
        uses = self.bucket_uses
        for at in range(len(uses)):
            use = uses[at]
            if use.bucket_id == bucket_id:
                more = BucketUse(bucket_id, use.units + units)
                self.bucket_uses = (more,) if len(uses) == 1 else (*uses[:at], more, *uses[at + 1 :])
                return
        self.bucket_uses = (*uses, BucketUse(bucket_id, units))


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
    """

    def __init__(
        self,
        identity: SessionIdentity,
        opened_ms: i64,
        services: list[Service] | None = None,
    ) -> None:
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
        self.services: list[Service] = [] if services is None else services
        self.answers = b""
        self.answer_count: i64 = 0

    def copy(self) -> ChargingSession:
        """A copy that shares its services: replace one by its own copy before changing it."""
        other = ChargingSession(self.identity, self.opened_ms, self.services[:])
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
        services = self.services
        for index in range(len(services)):
            service = services[index]
            if service.rating_group == rating_group and service.service_identifier == service_identifier:
                mine = service.copy()
                services[index] = mine
                return mine
        fresh = Service(rating_group, service_identifier, now_ms)
        services.append(fresh)
        return fresh

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
