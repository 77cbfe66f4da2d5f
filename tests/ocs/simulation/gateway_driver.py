"""A gateway and whoever answers it, without sockets: requests are decoded by the server's own codec."""

from collections.abc import Callable

from ocs.simulation.gateway import Gateway
from ocs.simulation.profile import LoadProfile
from ocs.simulation.requests import gateway_templates, session_id_head
from ocs.simulation.session import SERIAL_DIGITS, GatewayIdentity
from protocol.decode import decode_request
from protocol.encode import Identity, encode_answer
from protocol.framing import MessageFramer
from protocol.messages import GRANTED_OCTETS, CreditControlAnswer, CreditControlRequest, ServiceAnswer

SERVER = Identity(b"ocs.example.net", b"example.net", 1)
SUCCESS = 2001
Answerer = Callable[[CreditControlRequest], bytes]


def build_gateway(profile: LoadProfile | None = None, *, sessions: int = 2) -> Gateway:
    """The gateway of a profile (ten subscribers where none is given), ``sessions`` at a time."""
    profile = profile or LoadProfile(subscribers=10)
    head = session_id_head(profile, 1, 1_700_000_000)
    templates = gateway_templates(profile, 1, len(head) + SERIAL_DIGITS)
    subscribers = list(range(profile.subscribers))
    identity = GatewayIdentity(head, profile.msisdn_base, profile.imsi_base, subscribers, 1_700_000_000)
    behaviour = profile.behaviour_of(1, templates)
    behaviour.seed = profile.seed
    behaviour.sessions = sessions
    return Gateway(identity, behaviour)


def requests_of(gateway: Gateway) -> list[bytes]:
    """The requests that the gateway has written since the last look."""
    framer = MessageFramer(1 << 20)
    framer.feed(gateway.take_output())
    found: list[bytes] = []
    while framer.next():
        found.append(framer.message())
    return found


def grant(request: CreditControlRequest, octets: int = 1_000_000, result_code: int = SUCCESS) -> bytes:
    """An answer that grants the same to every service that asks, or refuses it with a Result-Code."""
    answer = CreditControlAnswer(SUCCESS)
    for service in request.services:
        given = ServiceAnswer(service.rating_group, service.service_identifier, result_code)
        if service.requested and result_code == SUCCESS:
            given.granted_kind = GRANTED_OCTETS
            given.granted = octets
        answer.services.append(given)
    return encode_answer(SERVER, request, answer)


def answer_all(gateway: Gateway, answerer: Answerer, rounds: int) -> list[CreditControlRequest]:
    """Answer whatever the gateway asks, some times over; all requests that it sent."""
    seen: list[CreditControlRequest] = []
    for now in range(1, rounds + 1):
        for message in requests_of(gateway):
            request = decode_request(message)
            seen.append(request)
            gateway.receive_answer(answerer(request), now * 1_000_000)
    return seen
