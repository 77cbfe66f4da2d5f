"""A simulated session and the octets of its requests. HOT PATH: compiled."""

from typing import Final

from librt.strings import BytesWriter, write_i64_be
from mypy_extensions import i64, u8

from ocs.simulation import template as field
from ocs.simulation.template import RequestTemplate
from protocol.avp import put_number32
from protocol.messages import EVENT_REQUEST, INITIAL_REQUEST

SERIAL_DIGITS: Final = 10
NO_RATING_GROUP: Final = -1
OCTETS: Final = 0
SECONDS: Final = 1
EVENTS: Final = 2


class GatewayIdentity:
    """A gateway's own part of the traffic: names and numbers of its subscribers.

    ``subscribers`` are added to the bases. ``started_s`` is the epoch second that makes End-to-End ids unique.
    """

    def __init__(
        self,
        session_id_head: bytes,
        msisdn_base: str,
        imsi_base: str,
        subscribers: list[int],
        started_s: i64,
    ) -> None:
        self.session_id_head = session_id_head
        self.msisdn_base = int(msisdn_base)
        self.msisdn_digits = len(msisdn_base)
        self.imsi_base = int(imsi_base)
        self.imsi_digits = len(imsi_base)
        self.subscribers = subscribers
        self.started_s = started_s


class SessionKind:
    """What sessions (or events) of one kind do.

    ``templates`` are of CCR-I, CCR-U and CCR-T, or of the one request of an event. ``updates`` CCR-Us;
    ``services`` MSCCs from ``first_rating_group`` on (or NO_RATING_GROUP); reports of at most ``used``, in
    ``unit``.
    """

    def __init__(
        self,
        templates: list[RequestTemplate],
        *,
        updates: i64,
        services: i64,
        first_rating_group: i64,
        used: i64,
        unit: i64,
        event: bool,
    ) -> None:
        self.templates = templates
        self.updates = updates
        self.services = services
        self.first_rating_group = first_rating_group
        self.used = used
        self.unit = unit
        self.event = event


class Behaviour:
    """What a gateway does. ``paced`` is the open loop; ``sessions`` are open at a time.

    Each session is of one of the ``kinds``, drawn from ``draws``, their places as often as they shall come.
    """

    def __init__(
        self, kinds: list[SessionKind], draws: list[int], *, seed: i64, paced: bool, sessions: i64
    ) -> None:
        self.kinds = kinds
        self.draws = draws
        self.services: i64 = max(kind.services for kind in kinds)
        self.seed = seed
        self.paced = paced
        self.sessions = sessions


class SimulatedSession:
    """A session, and the request it has outstanding. A slot is used again after its session's end.

    ``sent_before``: the next request was sent already, and not served as far as is known: it stays as it is.
    """

    def __init__(self, slot: i64, services: i64, kind: SessionKind) -> None:
        self.slot = slot
        self.kind = kind
        self.subscriber: int = 0
        self.session_id = b""
        self.msisdn = b""
        self.imsi = b""
        self.serial: i64 = 0
        self.request_type: i64 = INITIAL_REQUEST
        self.request_number: i64 = 0
        self.updates_left: i64 = 0
        self.ending = False
        self.outstanding = False
        self.sent_before = False
        self.hop_by_hop: i64 = 0
        self.end_to_end: i64 = 0
        self.event_time: i64 = 0
        self.sent_ns: i64 = 0
        self.granted: list[int] = [0] * services
        self.used: list[int] = [0] * services

    def begin(
        self, kind: SessionKind, identity: GatewayIdentity, subscriber: int, serial: i64, updates: i64
    ) -> None:
        """Become a new session of a subscriber; ``serial`` counts the gateway's sessions."""
        self.kind = kind
        self.subscriber = subscriber
        self.serial = serial
        self.session_id = identity.session_id_head + digits(serial, SERIAL_DIGITS)
        self.msisdn = digits(identity.msisdn_base + subscriber, identity.msisdn_digits)
        self.imsi = digits(identity.imsi_base + subscriber, identity.imsi_digits)
        self.request_type = EVENT_REQUEST if kind.event else INITIAL_REQUEST
        self.request_number = 0
        self.updates_left = updates
        self.ending = False
        self.sent_before = False
        for place in range(i64(len(self.granted))):
            self.granted[place] = 0
            self.used[place] = 0


def digits(number: int, width: int) -> bytes:
    """A number in that many decimal digits at least."""
    return str(number).rjust(width, "0").encode()


def write_request(out: BytesWriter, session: SimulatedSession, template: RequestTemplate, flags: i64) -> None:
    """Append the octets of a session's request; ``flags`` are added to the command flags."""
    start: i64 = len(out)
    fields = template.fields
    count: i64 = len(fields)
    i: i64 = 0
    while i < count:
        out.write(template.pieces[i])
        _write_field(out, session, fields[i], template.places[i])
        i += 1
    out.write(template.pieces[count])
    if flags:
        out[start + 4] = u8(i64(out[start + 4]) | flags)


def _write_field(out: BytesWriter, session: SimulatedSession, name: i64, place: i64) -> None:
    if name == field.HOP_BY_HOP:
        put_number32(out, session.hop_by_hop)
    elif name == field.END_TO_END:
        put_number32(out, session.end_to_end)
    elif name == field.SESSION_ID:
        out.write(session.session_id)
    elif name == field.REQUEST_NUMBER:
        put_number32(out, session.request_number)
    elif name == field.EVENT_TIME:
        put_number32(out, session.event_time)
    elif name == field.MSISDN:
        out.write(session.msisdn)
    elif name == field.IMSI:
        out.write(session.imsi)
    elif name == field.CHARGING_ID:
        put_number32(out, session.serial)
    elif name == field.USED_TOTAL:
        write_i64_be(out, session.used[place])
    elif name == field.USED_INPUT:
        write_i64_be(out, session.used[place] // 10)
    elif name == field.USED_TIME:
        put_number32(out, session.used[place])
    else:
        write_i64_be(out, session.used[place] - session.used[place] // 10)
