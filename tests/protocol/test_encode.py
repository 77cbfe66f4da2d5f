"""Answers, octet for octet and by their grammar."""

import pytest

from balance import quantity
from protocol import messages
from protocol.decode import decode_request
from protocol.encode import Identity, encode_answer, encode_error, encode_issue, encode_request_error
from protocol.messages import CreditControlAnswer, CreditControlRequest, Issue, ServiceAnswer
from tests.protocol.ccr_builder import avp, build_ccr, group, message, text_avp, u32, u64, units

IDENTITY = Identity(b"ocs.example.net", b"example.net", 77)
SESSION = text_avp(263, "gw.example.net;1;1")
ORIGIN = text_avp(264, "ocs.example.net") + text_avp(296, "example.net")
APPLICATION = u32(258, 4)
PROXIES = [group(284, [avp(280, b"p1"), avp(33, b"s1")]), group(284, [avp(280, b"proxy2"), avp(33, b"")])]


def request_of(**fields: object) -> CreditControlRequest:
    """A decoded CCR-U."""
    given = {"request_type": 2, "request_number": 7} | fields
    return decode_request(build_ccr(**given))  # type: ignore[arg-type]  # the fields are of several types


def answered(*avps: bytes, flags: int = 0x40, **header: int) -> bytes:
    """The answer that holds these AVPs."""
    return message(b"".join(avps), flags=flags, **header)


def granting(kind: int, amount: int) -> ServiceAnswer:
    """A service with a grant and everything that may go with it."""
    service = ServiceAnswer(10, 5, 2001)
    service.granted_kind = kind
    service.granted = amount
    service.validity_time_s = 3600
    service.threshold = 100
    service.quota_holding_time_s = 600
    service.final_unit_action = 0
    return service


def test_plain_success() -> None:
    """A CCA-T: exactly what its grammar requires, in order, nothing else."""
    octets = encode_answer(IDENTITY, request_of(), CreditControlAnswer(2001))
    assert octets == answered(SESSION, u32(268, 2001), ORIGIN, APPLICATION, u32(416, 2), u32(415, 7))


def test_identifiers_and_flags() -> None:
    """Both identifiers come back, P as it was, R and T cleared."""
    for sent, expected in ((0xC0, 0x40), (0x80, 0x00), (0xD0, 0x40), (0xDF, 0x40)):
        request = request_of(flags=sent, hop_by_hop=0xFEDCBA98, end_to_end=0xFFFFFFFF)
        octets = encode_answer(IDENTITY, request, CreditControlAnswer(2001))
        assert octets[4] == expected
        assert octets[8:20].hex() == "00000004fedcba98ffffffff"


@pytest.mark.parametrize(
    ("kind", "granted", "threshold"),
    [
        (messages.GRANTED_OCTETS, u64(421, 1_000_000), u32(869, 100, vendor=10415)),
        (messages.GRANTED_SECONDS, u32(420, 1_000_000), u32(868, 100, vendor=10415)),
        (messages.GRANTED_SPECIFIC_UNITS, u64(417, 1_000_000), u32(1226, 100, vendor=10415)),
    ],
)
def test_service(kind: int, granted: bytes, threshold: bytes) -> None:
    """An MSCC with all it can have, for each kind of unit."""
    answer = CreditControlAnswer(2001)
    answer.session_failover = 1
    answer.failure_handling = 2
    answer.services.append(granting(kind, 1_000_000))
    members = [group(431, [granted]), u32(439, 5), u32(432, 10), u32(448, 3600), u32(268, 2001)]
    members += [group(430, [u32(449, 0)]), threshold, u32(871, 600, vendor=10415)]
    expected = answered(
        SESSION, u32(268, 2001), ORIGIN, APPLICATION, u32(416, 2), u32(415, 7), u32(418, 1), u32(427, 2),
        group(456, members),
    )  # fmt: skip
    assert encode_answer(IDENTITY, request_of(), answer) == expected


def test_service_without_anything() -> None:
    """No grant, no group, no identifiers: only the Result-Code; rating group 0 is one."""
    answer = CreditControlAnswer(2001)
    answer.services += [ServiceAnswer(-1, -1, 4012), ServiceAnswer(0, -1, 5031)]
    octets = encode_answer(IDENTITY, request_of(), answer)
    assert octets.endswith(group(456, [u32(268, 4012)]) + group(456, [u32(432, 0), u32(268, 5031)]))


def test_threshold_without_grant_is_left_out() -> None:
    """A threshold means something only beside what it is a part of."""
    service = granting(0, 0)
    answer = CreditControlAnswer(2001)
    answer.services.append(service)
    octets = encode_answer(IDENTITY, request_of(), answer)
    assert u32(869, 100, vendor=10415) not in octets


def test_large_values_are_capped_to_their_type() -> None:
    """A threshold has 32 bits, whatever the grant."""
    service = granting(messages.GRANTED_OCTETS, 1 << 52)
    service.threshold = 1 << 40
    answer = CreditControlAnswer(2001)
    answer.services.append(service)
    octets = encode_answer(IDENTITY, request_of(), answer)
    assert u32(869, 0xFFFFFFFF, vendor=10415) in octets
    assert u64(421, 1 << 52) in octets


def test_units_at_command_level() -> None:
    """A client without MSCC finds its units where it asked for them, without 3GPP's additions."""
    answer = CreditControlAnswer(2001)
    answer.units_at_command_level = True
    answer.services.append(granting(messages.GRANTED_SECONDS, 60))
    octets = encode_answer(IDENTITY, request_of(), answer)
    assert octets.endswith(units(431, {"time_s": 60}) + group(430, [u32(449, 0)]) + u32(448, 3600))


def test_failure_and_proxies() -> None:
    """Error-Message without M, Failed-AVP, and Proxy-Info in order at the end."""
    answer = CreditControlAnswer(5031)
    answer.error_message = "no price for ünits"
    answer.failed_avp = u32(432, 99)
    octets = encode_answer(IDENTITY, request_of(proxy_info=PROXIES), answer)
    tail = avp(281, "no price for ünits".encode(), flags=0) + group(279, [u32(432, 99)])
    assert octets.endswith(tail + b"".join(PROXIES))


def test_type_and_number_are_left_out_only_where_the_request_had_none() -> None:
    """What can not be repeated is not made up (RFC 6733, 7.5)."""
    request = decode_request(build_ccr(request_number=None))
    assert request.issue is not None
    expected = answered(
        SESSION, u32(268, 5005), ORIGIN, APPLICATION, u32(416, 1),
        avp(281, b"CC-Request-Number (415) is missing", flags=0), group(279, [u32(415, 0)]),
    )  # fmt: skip
    assert encode_issue(IDENTITY, request, request.issue) == expected


def test_protocol_errors_are_answer_messages() -> None:
    """3xxx: E flag, no application AVPs, from a decoded request as from its octets."""
    octets = build_ccr(proxy_info=PROXIES)
    request = decode_request(octets)
    failed = u32(872, 1)
    expected = answered(
        SESSION, ORIGIN, u32(268, 3009), avp(281, b"no V", flags=0), group(279, [failed]), *PROXIES, flags=0x60
    )
    assert encode_issue(IDENTITY, request, Issue(3009, failed, "no V")) == expected
    assert encode_request_error(IDENTITY, request, 3009, failed, "no V") == expected
    assert encode_error(IDENTITY, octets, 3009, failed, "no V") == expected
    answer = CreditControlAnswer(3009)
    answer.failed_avp = failed
    answer.error_message = "no V"
    assert encode_answer(IDENTITY, request, answer) == expected


def test_error_to_an_unknown_command() -> None:
    """3001 copies command, application and identifiers, whatever they are."""
    octets = message(
        SESSION + PROXIES[0], command=0xFFFFFE, application=0xFFFFFFFF, hop_by_hop=0x80000000, end_to_end=3
    )
    expected = message(
        SESSION + ORIGIN + u32(268, 3001) + PROXIES[0],
        command=0xFFFFFE, flags=0x60, application=0xFFFFFFFF, hop_by_hop=0x80000000, end_to_end=3,
    )  # fmt: skip
    assert encode_error(IDENTITY, octets, 3001, b"", "") == expected


def test_permanent_error_to_a_header_alone() -> None:
    """5015 to an unframeable header: E clear, nothing repeated but the header."""
    header = message(b"", command=257, flags=0x80, application=0)
    expected = message(ORIGIN + u32(268, 5015), command=257, flags=0, application=0)
    assert encode_error(IDENTITY, header, 5015, b"", "") == expected


def test_permanent_error_to_a_request_in_octets() -> None:
    """A CCR that failed for a reason outside it gets a whole CCA."""
    octets = encode_error(IDENTITY, build_ccr(), 5012, b"", "")
    assert octets == answered(SESSION, u32(268, 5012), ORIGIN, APPLICATION, u32(416, 1), u32(415, 0))


def test_session_id_goes_first_wherever_it_stood() -> None:
    """Session-Id follows the header in every answer (RFC 6733, 8.8)."""
    octets = build_ccr(session_id=None, extra=[SESSION])
    assert encode_error(IDENTITY, octets, 3004, b"", "")[20:].startswith(SESSION)
    request = decode_request(octets)
    assert encode_answer(IDENTITY, request, CreditControlAnswer(2001))[20:].startswith(SESSION)


def test_kinds_of_units_are_those_of_the_balance() -> None:
    """The two packages that never see each other agree on the numbers."""
    kinds = (messages.GRANTED_OCTETS, messages.GRANTED_SECONDS, messages.GRANTED_SPECIFIC_UNITS)
    assert kinds == (quantity.OCTETS, quantity.SECONDS, quantity.SPECIFIC_UNITS)
