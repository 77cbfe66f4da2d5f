"""What gateways find wrong with an answer, and what they do not."""

from collections.abc import Callable

import pytest

from ocs.simulation.gateway import Gateway
from protocol.decode import decode_request
from protocol.encode import encode_request_error
from protocol.messages import CreditControlRequest
from tests.ocs.simulation.gateway_driver import SERVER, build_gateway, grant, requests_of
from tests.protocol.ccr_builder import avp, group, message, u32

Change = Callable[[bytes], bytes]


def one_request() -> tuple[Gateway, CreditControlRequest]:
    """A gateway with one CCR-I outstanding."""
    gateway = build_gateway(sessions=1)
    gateway.open_window(0)
    return gateway, decode_request(requests_of(gateway)[0])


def answer_of(request: CreditControlRequest, **changes: bytes | None) -> bytes:
    """A plain CCA, with single AVPs replaced or left out."""
    parts: dict[str, bytes | None] = {
        "session_id": avp(263, request.session_id),
        "result_code": u32(268, 2001),
        "origin_host": avp(264, b"ocs.example.net"),
        "origin_realm": avp(296, b"example.net"),
        "application": u32(258, 4),
        "type": u32(416, 1),
        "number": u32(415, 0),
        "services": group(456, [u32(432, 1), u32(268, 2001)]),
        **changes,
    }
    body = b"".join(part for part in parts.values() if part is not None)
    return message(body, flags=0x40, hop_by_hop=int(request.hop_by_hop), end_to_end=int(request.end_to_end))


def faults_of(octets: bytes, gateway: Gateway) -> list[str]:
    """The faults that a gateway finds with an answer."""
    gateway.receive_answer(octets, 1)
    assert gateway.tally.malformed == len(gateway.tally.faults)
    return [fault.split(": ")[0] for fault in gateway.tally.faults]


def test_plain_answer_is_well_formed() -> None:
    """The answer that the other tests spoil has no fault."""
    gateway, request = one_request()

    assert faults_of(answer_of(request), gateway) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"result_code": None}, "no Result-Code"),
        ({"result_code": u32(268, 2001) * 2}, "Result-Code occurs twice"),
        ({"result_code": avp(268, b"\0")}, "Result-Code has 9 octets"),
        ({"result_code": u32(268, 3004)}, "Result-Code 3004 without the E bit"),
        ({"origin_host": None}, "Origin-Host and Origin-Realm are not there once each"),
        ({"origin_realm": avp(296, b"a") * 2}, "Origin-Host and Origin-Realm are not there once each"),
        ({"application": None}, "Auth-Application-Id is not 4"),
        ({"type": None}, "no CC-Request-Type or no CC-Request-Number"),
        ({"type": u32(416, 2)}, "another CC-Request-Type or CC-Request-Number"),
        ({"number": u32(415, 7)}, "another CC-Request-Type or CC-Request-Number"),
        ({"session_id": None}, "no Session-Id"),
        ({"session_id": avp(263, b"another")}, "another Session-Id"),
        ({"session_id": u32(268, 2001), "result_code": avp(263, b"x")}, "Session-Id is not the first AVP"),
        ({"services": group(456, [u32(432, 9)])}, "Rating-Group 9 was not asked for"),
        ({"services": group(456, [u32(432, 1)]) * 2}, "Rating-Group 1 is answered twice"),
        ({"services": avp(456, b"\0\0\1\xb0\x40\0\0\xff")}, "an AVP does not fit at octet"),
        ({"services": group(456, [group(431, [u32(421, 1)])])}, "CC-Total-Octets has 12 octets"),
    ],
)
def test_faults_are_found(changes: dict[str, bytes | None], fault: str) -> None:
    """Each thing that a strict client would refuse counts as malformed, named."""
    gateway, request = one_request()

    found = faults_of(answer_of(request, **changes), gateway)

    assert len(found) == 1
    assert found[0].startswith(fault)


def test_identifiers_of_others_are_found() -> None:
    """A foreign Hop-by-Hop answers nothing, a foreign End-to-End is a fault."""
    gateway, request = one_request()
    request.hop_by_hop += 1
    assert faults_of(answer_of(request), gateway) == ["an answer to nothing"]

    gateway, request = one_request()
    request.end_to_end += 1
    assert faults_of(answer_of(request), gateway) == ["another End-to-End identifier"]


def test_answer_messages_are_well_formed() -> None:
    """An answer with the E bit needs no CC-Request-Type, and ends the session of a CCR-I."""
    gateway, request = one_request()

    assert faults_of(encode_request_error(SERVER, request, 3003, b"", "not ours"), gateway) == []
    assert gateway.tally.sessions_refused == 1


def test_no_truncation_raises() -> None:
    """An answer that ends anywhere is taken or refused; one that cuts an AVP is always refused."""
    whole = grant(one_request()[1])
    for size in range(24, len(whole)):
        gateway, _ = one_request()
        gateway.receive_answer(whole[:size], 1)

        assert gateway.tally.answered == 1
        assert gateway.tally.malformed == 1 or (size % 4 == 0 and size > 100)
