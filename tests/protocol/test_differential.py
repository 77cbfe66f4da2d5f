"""python-diameter reads in our messages what we read and wrote."""

from collections.abc import Iterable
from typing import Any

import pytest
from diameter.message import Message

from protocol.decode import decode_request
from protocol.encode import Identity, encode_answer, encode_error
from protocol.messages import ABSENT, CreditControlAnswer, ServiceAnswer
from tests.protocol.vectors import Vector, all_ccrs

IDENTITY = Identity(b"ocs.example.net", b"example.net", 1)
VENDOR_3GPP = 10415


def tree(octets: bytes) -> Any:
    """The message as python-diameter's tree of plain AVPs."""
    return Message.from_bytes(octets, plain_msg=True)


def members(avps: Iterable[Any], *codes: int, vendor: int = 0) -> list[Any]:
    """The AVPs at the end of a path of codes; a vendor counts for the last."""
    found = list(avps)
    for depth, code in enumerate(codes):
        last = depth == len(codes) - 1
        wanted = vendor if last else VENDOR_3GPP if code in (873, 874) else 0
        found = [avp for avp in found if avp.code == code and avp.vendor_id == wanted]
        if not last:
            found = [inner for avp in found for inner in avp.value]
    return found


def octets_of(avps: Iterable[Any], *codes: int) -> bytes:
    """The data of the first AVP on a path, empty where there is none."""
    found = members(avps, *codes)
    return bytes(found[0].payload) if found else b""


def number_of(avps: Iterable[Any], *codes: int, vendor: int = 0) -> int:
    """The number in the first AVP on a path, ABSENT where there is none."""
    found = members(avps, *codes, vendor=vendor)
    return int.from_bytes(found[0].payload, "big") if found else ABSENT


def subscription_of(avps: Iterable[Any], kind: int) -> bytes:
    """The first Subscription-Id of a kind."""
    for group in members(avps, 443):
        if number_of(group.value, 450) == kind:
            return octets_of(group.value, 444).removeprefix(b"+")
    return b""


@pytest.mark.parametrize("vector", all_ccrs(), ids=lambda vector: vector.name)
def test_requests_read_alike(vector: Vector) -> None:
    """Every field of every vector is what an independent decoder finds."""
    request = decode_request(vector.octets)
    avps = tree(vector.octets).avps
    assert request.session_id == octets_of(avps, 263)
    assert request.origin_host == octets_of(avps, 264)
    assert request.origin_realm == octets_of(avps, 296)
    assert request.destination_realm == octets_of(avps, 283)
    assert request.destination_host == octets_of(avps, 293)
    assert request.service_context_id == octets_of(avps, 461)
    assert request.called_station_id == octets_of(avps, 873, 874, 30)
    assert (request.request_type, request.request_number) == (number_of(avps, 416), number_of(avps, 415))
    assert request.event_timestamp == number_of(avps, 55)
    assert request.termination_cause == number_of(avps, 295)
    assert request.multiple_services_indicator == number_of(avps, 455)
    assert request.requested_action == (number_of(avps, 436) if request.request_type == 4 else ABSENT)
    assert request.msisdn == subscription_of(avps, 0)
    assert request.imsi == subscription_of(avps, 1)
    groups = members(avps, 456)
    assert len(request.services) == len(groups)
    for service, group in zip(request.services, groups, strict=True):
        inside = group.value
        assert service.rating_group == number_of(inside, 432)
        assert service.service_identifier == number_of(inside, 439)
        assert service.requested == bool(members(inside, 437))
        assert service.requested_octets == number_of(inside, 437, 421)
        assert service.requested_time_s == number_of(inside, 437, 420)
        assert service.requested_specific_units == number_of(inside, 437, 417)
        assert service.used == bool(members(inside, 446))
        assert service.used_time_s == number_of(inside, 446, 420)
        assert service.used_input_octets == number_of(inside, 446, 412)
        assert service.used_output_octets == number_of(inside, 446, 414)
        assert service.used_specific_units == number_of(inside, 446, 417)
        total = number_of(inside, 446, 421)
        if total == ABSENT and service.used_input_octets != ABSENT:
            total = number_of(inside, 446, 412) + number_of(inside, 446, 414)
        assert service.used_octets == total


@pytest.mark.parametrize("vector", all_ccrs(), ids=lambda vector: vector.name)
def test_answers_read_alike(vector: Vector) -> None:
    """What we wrote into an answer is what an independent decoder reads, and it writes the same octets."""
    request = decode_request(vector.octets)
    answer = CreditControlAnswer(2001)
    answer.session_failover = 1
    answer.failure_handling = 2
    service = ServiceAnswer(0xFFFFFFFF, 3, 2001)
    service.granted_kind = 1
    service.granted = 1 << 40
    service.validity_time_s = 0xFFFFFFFF
    service.threshold = 1 << 20
    service.quota_holding_time_s = 60
    service.final_unit_action = 0
    answer.services.append(service)
    octets = encode_answer(IDENTITY, request, answer)
    read = tree(octets)
    assert read.as_bytes() == octets
    header = read.header
    assert (header.command_code, header.application_id) == (272, 4)
    assert (header.hop_by_hop_identifier, header.end_to_end_identifier) == (
        request.hop_by_hop,
        request.end_to_end,
    )
    assert header.is_proxyable
    assert not header.is_request
    assert not header.is_error
    assert [avp.code for avp in read.avps][:2] == [263, 268]
    assert number_of(read.avps, 268) == 2001
    assert number_of(read.avps, 258) == 4
    assert octets_of(read.avps, 264) == b"ocs.example.net"
    assert (number_of(read.avps, 418), number_of(read.avps, 427)) == (1, 2)
    assert number_of(read.avps, 416) == request.request_type
    assert number_of(read.avps, 415) == request.request_number
    (group,) = members(read.avps, 456)
    assert number_of(group.value, 431, 421) == 1 << 40
    assert (number_of(group.value, 432), number_of(group.value, 439)) == (0xFFFFFFFF, 3)
    assert (number_of(group.value, 448), number_of(group.value, 268)) == (0xFFFFFFFF, 2001)
    assert number_of(group.value, 430, 449) == 0
    assert number_of(group.value, 869, vendor=VENDOR_3GPP) == 1 << 20
    assert number_of(group.value, 871, vendor=VENDOR_3GPP) == 60


def test_error_answers_read_alike() -> None:
    """An answer-message carries the E flag and what is needed to find its request."""
    for vector in all_ccrs():
        read = tree(encode_error(IDENTITY, vector.octets, 3004, b"", "busy"))
        assert read.header.is_error
        assert not read.header.is_request
        assert octets_of(read.avps, 263) == decode_request(vector.octets).session_id
        assert number_of(read.avps, 268) == 3004
        assert octets_of(read.avps, 281) == b"busy"
