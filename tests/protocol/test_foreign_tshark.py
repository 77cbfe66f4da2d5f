"""Wireshark's dissector finds nothing to say against our answers."""

import struct
from pathlib import Path

import pytest

from protocol.decode import decode_request
from protocol.encode import Identity, encode_answer, encode_error, encode_issue
from protocol.messages import CreditControlAnswer, ServiceAnswer
from tests.foreign.wireshark import Capture, tshark
from tests.protocol import test_decode_issues as faults
from tests.protocol.ccr_builder import avp, build_ccr, group, mscc
from tests.protocol.vectors import all_ccrs

pytestmark = pytest.mark.foreign

IDENTITY = Identity(b"ocs.example.net", b"example.net", 1)


def full_answer(octets: bytes) -> bytes:
    """A CCA with everything in it that we ever send."""
    request = decode_request(octets)
    answer = CreditControlAnswer(2001)
    answer.session_failover = 1
    answer.failure_handling = 1
    for kind, service in enumerate(request.services, start=1):
        part = ServiceAnswer(int(service.rating_group), int(service.service_identifier), 2001)
        part.granted_kind = (kind - 1) % 3 + 1
        part.granted = 1_000_000
        part.threshold = 100_000
        part.validity_time_s = 3600
        part.quota_holding_time_s = 600
        part.final_unit_action = 0
        answer.services.append(part)
    answer.services.append(ServiceAnswer(7, -1, 4012))
    answer.units_at_command_level = request.units_at_command_level
    return encode_answer(IDENTITY, request, answer)


def exchanges() -> list[tuple[bytes, bytes]]:
    """Sound requests with the answers we give them; the requests are sent so that tshark can match the two."""
    proxies = [group(284, [avp(280, b"proxy.example.net"), avp(33, b"state")])] * 2
    requests = [vector.octets for vector in all_ccrs()]
    requests.append(build_ccr(proxy_info=proxies, mscc=[mscc(rating_group=1, requested=True)] * 4))
    found = [(octets, full_answer(octets)) for octets in requests]
    plain = build_ccr(proxy_info=proxies)
    found += [(plain, encode_error(IDENTITY, plain, code, b"", "why")) for code in (3002, 3004, 5012, 5030)]
    return found


def test_nothing_to_say_against_our_answers(tmp_path: Path) -> None:
    """No expert note, no malformed frame, in any answer to a sound request."""
    capture = Capture()
    for number, (request, answer) in enumerate(exchanges()):
        identifiers = struct.pack(">II", number, number)
        capture.to_server(request[:12] + identifiers + request[20:])
        capture.to_client(answer[:12] + identifiers + answer[20:])
    of_answers = ("-Y", "(_ws.expert || _ws.malformed) && diameter.flags.request == 0")
    said = tshark(
        capture, tmp_path, *of_answers, "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"
    )
    assert said == ""
    dissected = tshark(
        capture, tmp_path, "-Y", "diameter.flags.request == 0", "-T", "fields", "-e", "diameter.cmd.code"
    )
    assert dissected.split() == ["272"] * len(exchanges())


def test_answers_to_faults_are_well_formed(tmp_path: Path) -> None:
    """Whatever was wrong with a request, the answer that shows it is itself no malformed message.

    Only a fault inside Proxy-Info comes back as it was: that AVP is the proxy's, and returned unread.
    """
    bad = [
        octets
        for one, _, _ in faults.EVERYWHERE.values()
        for place, octets in faults.placed(one).items()
        if place != "Proxy-Info"
    ]
    bad += [*faults.ONCE.values(), *(octets for octets, _ in faults.VALUES.values())]
    capture = Capture()
    for number, octets in enumerate(bad):
        request = decode_request(octets)
        assert request.issue is not None
        answer = encode_issue(IDENTITY, request, request.issue)
        capture.to_client(answer[:12] + struct.pack(">II", number, number) + answer[20:])
    assert tshark(capture, tmp_path, "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number") == ""
    codes = tshark(capture, tmp_path, "-T", "fields", "-e", "diameter.Result-Code")
    assert len(codes.split()) == len(bad)
