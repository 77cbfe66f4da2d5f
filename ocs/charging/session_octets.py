"""The stored octets of a charging session. The part that never changes is made once and copied.

Times take eight octets, the other numbers as many as they need.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from balance.packing import (
    PackingError,
    Unpacker,
    finished,
    put_name,
    put_number,
    put_octet,
    put_octets,
    put_signed,
    put_text,
    put_varint,
    spare_writer,
)
from ocs.charging.line_rate import line_rate
from ocs.charging.meter_octets import meter_octets, read_meter
from ocs.charging.rated_service import ChargeLine, Service
from ocs.charging.session import UNTOLD, ChargingSession, Circumstances, SessionIdentity

SESSION_FORMAT: Final = 2
_OF_ONE_CATALOGUE: Final = 1
"""The format before services named the catalogue of their grants; it is still read."""


def identity_octets(identity: SessionIdentity) -> bytes:
    """The octets of what never changes in a session."""
    out = spare_writer()
    put_octets(out, identity.session_id)
    put_text(out, identity.account_id)
    put_octets(out, identity.msisdn)
    put_octets(out, identity.imsi)
    put_text(out, identity.plan_id)
    put_text(out, identity.service)
    put_octets(out, identity.service_context_id)
    put_octets(out, identity.apn)
    put_octets(out, identity.origin_host)
    put_octets(out, identity.origin_realm)
    put_text(out, identity.payment)
    put_octets(out, identity.subscriber_group)
    put_text(out, identity.time_zone)
    put_varint(out, identity.activated_ms)
    return finished(out)


def circumstances_octets(circumstances: Circumstances) -> bytes:
    """The octets of what may change in a session at any request, but seldom does."""
    out = spare_writer()
    put_octets(out, circumstances.serving_network)
    put_octets(out, circumstances.user_location)
    put_varint(out, circumstances.rat_type + 1)
    put_varint(out, circumstances.qos_class + 1)
    return finished(out)


def encode_session(session: ChargingSession, version: i64) -> bytes:
    """The stored octets of a session under a new version."""
    identity = session.identity
    if not identity.octets:
        identity.octets = identity_octets(identity)
    out = spare_writer()
    put_number(out, version)
    put_octet(out, SESSION_FORMAT)
    put_octet(out, session.state)
    put_octets(out, identity.octets)
    circumstances = session.circumstances
    if not circumstances.octets and circumstances is not UNTOLD:
        circumstances.octets = circumstances_octets(circumstances)
    put_octets(out, circumstances.octets)
    put_number(out, session.opened_ms)
    put_number(out, session.last_ms)
    put_number(out, session.deadline_ms)
    put_number(out, session.indexed_ms)
    put_varint(out, session.records)
    put_varint(out, session.first_request)
    put_varint(out, session.last_request)
    put_varint(out, session.requests)
    put_varint(out, session.served_through)
    put_varint(out, session.served)
    put_varint(out, session.answer_count)
    out.write(session.answers)
    count = session.service_count()
    put_varint(out, count)
    for index in range(count):
        _put_service(out, session.service_at(index))
    return finished(out)


def _line(octets: Unpacker, kept_as: i64) -> ChargeLine:
    rule_id, catalogue = octets.text(), octets.text()
    price_micros = octets.varint() if kept_as == _OF_ONE_CATALOGUE else octets.signed()
    per_units, increment, rounding = octets.varint(), octets.varint(), octets.octet()
    units = octets.varint()
    amount_micros = octets.varint() if kept_as == _OF_ONE_CATALOGUE else octets.signed()
    tax = band = ""
    if kept_as != _OF_ONE_CATALOGUE:
        tax, band = octets.text(), octets.text()
    rate = line_rate(rule_id, catalogue, price_micros, per_units, increment, rounding, tax, band)
    return ChargeLine(rate, units, amount_micros)


def _put_line(out: BytesWriter, line: ChargeLine) -> None:
    rate = line.rate
    out.write(rate.octets)
    put_varint(out, line.units)
    put_signed(out, line.amount_micros)
    put_name(out, rate.tax)
    put_name(out, rate.band)


def _put_service(out: BytesWriter, service: Service) -> None:
    put_varint(out, service.rating_group + 1)
    put_varint(out, service.service_identifier + 1)
    put_number(out, service.opened_ms)
    put_number(out, service.last_ms)
    put_octet(out, service.unit_kind)
    put_varint(out, service.granted)
    put_varint(out, service.validity_time_s)
    put_name(out, service.granted_under)
    put_varint(out, service.reservation.money_micros)
    put_varint(out, i64(len(service.reservation.holds)))
    for hold in service.reservation.holds:
        put_name(out, hold.bucket_id)
        put_varint(out, hold.units)
    put_varint(out, service.used_units)
    put_varint(out, service.used_octets)
    put_varint(out, service.input_octets)
    put_varint(out, service.output_octets)
    put_varint(out, service.time_s)
    put_varint(out, service.specific_units)
    put_varint(out, service.amount_micros)
    put_varint(out, service.written_off_micros)
    put_varint(out, service.first_request)
    put_varint(out, service.last_request)
    put_varint(out, service.requests)
    put_varint(out, service.line_count())
    for line in service.earlier_lines:
        _put_line(out, line)
    if service.line is not None:
        _put_line(out, service.line)
    put_varint(out, i64(len(service.bucket_uses)))
    for use in service.bucket_uses:
        put_name(out, use.bucket_id)
        put_varint(out, use.units)
    meter = service.meter
    put_octets(out, b"" if meter is None else meter_octets(meter, service.metered_from))


def decode_session(state: bytes) -> ChargingSession:
    """The session that ``encode_session`` wrote; PackingError where the octets are none."""
    octets = Unpacker(state, 0)
    version = octets.number()
    kept_as = octets.octet()
    if kept_as < _OF_ONE_CATALOGUE or kept_as > SESSION_FORMAT:
        raise PackingError(f"session format {state[8]}, this version reads {SESSION_FORMAT}")
    kind = octets.octet()
    identity = _identity(octets.octets())
    circumstances = UNTOLD if kept_as == _OF_ONE_CATALOGUE else _circumstances(octets.octets())
    session = ChargingSession(identity, octets.number())
    session.circumstances = circumstances
    session.version = version
    session.state = kind
    session.last_ms = octets.number()
    session.deadline_ms = octets.number()
    session.indexed_ms = octets.number()
    session.records = octets.varint()
    session.first_request = octets.varint()
    session.last_request = octets.varint()
    session.requests = octets.varint()
    session.served_through = octets.varint()
    session.served = octets.varint()
    session.answer_count = octets.varint()
    session.answers = octets.strings(session.answer_count)
    services = octets.varint()
    for _ in range(services):
        session.add_service(_service(octets, kept_as))
    return session


def _circumstances(part: bytes) -> Circumstances:
    if not part:
        return UNTOLD
    octets = Unpacker(part, 0)
    told = Circumstances(octets.octets(), octets.octets(), octets.varint() - 1, octets.varint() - 1)
    told.octets = part
    return told


def _identity(part: bytes) -> SessionIdentity:
    octets = Unpacker(part, 0)
    identity = SessionIdentity(
        octets.octets(),
        octets.text(),
        octets.octets(),
        octets.octets(),
        octets.text(),
        octets.text(),
        octets.octets(),
    )
    identity.apn = octets.octets()
    identity.origin_host = octets.octets()
    identity.origin_realm = octets.octets()
    if octets.position < len(part):
        identity.payment = octets.text()
        identity.subscriber_group = octets.octets()
        identity.time_zone = octets.text()
        identity.activated_ms = octets.varint()
    identity.octets = part
    return identity


def _service(octets: Unpacker, kept_as: i64) -> Service:
    rating_group = octets.varint() - 1
    service_identifier = octets.varint() - 1
    service = Service(rating_group, service_identifier, octets.number())
    service.last_ms = octets.number()
    service.unit_kind = octets.octet()
    service.granted = octets.varint()
    service.validity_time_s = octets.varint()
    if kept_as != _OF_ONE_CATALOGUE:
        service.granted_under = octets.text()
    money_micros = octets.varint()
    holds = octets.varint()
    if money_micros > 0 or holds > 0:
        held = service.reserve_anew()
        held.money_micros = money_micros
        for _ in range(holds):
            held.hold(octets.text(), octets.varint())
    service.used_units = octets.varint()
    service.used_octets = octets.varint()
    service.input_octets = octets.varint()
    service.output_octets = octets.varint()
    service.time_s = octets.varint()
    service.specific_units = octets.varint()
    service.amount_micros = octets.varint()
    service.written_off_micros = octets.varint()
    service.first_request = octets.varint()
    service.last_request = octets.varint()
    service.requests = octets.varint()
    for _ in range(octets.varint()):
        service.add_line(_line(octets, kept_as))
    uses = octets.varint()
    for _ in range(uses):
        service.take_from_bucket(octets.text(), octets.varint())
    if kept_as != _OF_ONE_CATALOGUE:
        part = octets.octets()
        if part:
            service.metered_from, service.meter = read_meter(part)
    return service
