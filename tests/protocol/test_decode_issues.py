"""Every fault of an AVP, at every depth: its Result-Code, its Failed-AVP, and what can still be echoed."""

import struct

import pytest

from protocol.decode import decode_request
from protocol.messages import Issue
from protocol.unit_walk import MAX_UNITS
from tests.protocol.ccr_builder import (
    VENDOR_3GPP,
    avp,
    build_ccr,
    group,
    message,
    mscc,
    ps_information,
    subscription,
    u32,
    u64,
    units,
)

SESSION = "gw.example.net;1;1"
PROXY = group(284, [avp(280, b"proxy"), avp(33, b"state")])
REQUIRED = {263: b"", 264: b"", 296: b"", 283: b"", 258: bytes(4), 461: b"", 416: bytes(4), 415: bytes(4)}
FIELDS = {
    263: "session_id", 264: "origin_host", 296: "origin_realm", 283: "destination_realm",
    258: "auth_application_id", 461: "service_context_id", 416: "request_type", 415: "request_number",
}  # fmt: skip


def issue_of(octets: bytes) -> Issue:
    """The issue of a request that must have one, and must still tell what an answer repeats."""
    request = decode_request(octets)
    assert request.issue is not None
    return request.issue


def placed(bad: bytes) -> dict[str, bytes]:
    """Requests that hold a bad AVP, by where they hold it."""
    return {
        "first in command": build_ccr(first=[bad]),
        "last in command": build_ccr(extra=[bad]),
        "MSCC": build_ccr(mscc=[mscc(rating_group=1), mscc(rating_group=2, extra=[bad])]),
        "USU": build_ccr(mscc=[group(456, [units(446, 5, [bad])])]),
        "RSU": build_ccr(mscc=[group(456, [units(437, 5, [bad])])]),
        "USU at command level": build_ccr(extra=[units(446, 5, [bad])]),
        "Subscription-Id": build_ccr(extra=[group(443, [u32(450, 1), avp(444, b"1"), bad])]),
        "PS-Information": build_ccr(service_information=ps_information(extra=[bad])),
        "QoS-Information": build_ccr(mscc=[mscc(extra=[group(1016, [bad], vendor=VENDOR_3GPP)])]),
        "Proxy-Info": build_ccr(proxy_info=[group(284, [avp(280, b"p"), avp(33, b"s"), bad])]),
        "User-Equipment-Info": build_ccr(extra=[group(458, [u32(459, 0), bad])]),
    }


def bad_length(octets: bytes, length: int) -> bytes:
    """An AVP with another length in its header."""
    return octets[:5] + length.to_bytes(3, "big") + octets[8:]


EVERYWHERE = {
    "unknown base AVP with M": (avp(9999, b"abc"), 5001, None),
    "unknown base AVP without vendor, under 700": (avp(699, b"abc"), 5001, None),
    "unknown 3GPP AVP with M": (avp(4999, b"abc", vendor=VENDOR_3GPP), 5001, None),
    "AVP of an unknown vendor with M": (avp(1, b"abc", vendor=99_999), 5001, None),
    "AVP of a vendor with the top bit and M": (avp(263, b"abc", vendor=0xFFFFFFFF), 5001, None),
    "3GPP AVP without V": (u32(872, 1), 3009, None),
    "3GPP AVP without V and M": (u32(872, 1, flags=0), 3009, None),
    "Vendor-Id 0": (avp(55, bytes(8), flags=0xC0), 3009, None),
    "unknown AVP with Vendor-Id 0": (avp(9999, bytes(8), flags=0x80), 3009, None),
    "number of 3 octets": (avp(459, b"abc"), 5014, u32(459, 0)),
    "number of 8 octets": (avp(459, bytes(8)), 5014, u32(459, 0)),
    "empty number": (avp(459, b""), 5014, u32(459, 0)),
    "64-bit number of 4 octets": (avp(419, bytes(4)), 5014, u64(419, 0)),
    "3GPP number of 8 octets": (avp(1247, bytes(8), vendor=10415), 5014, u32(1247, 0, vendor=10415)),
    "length below the header": (bad_length(avp(33, b"abcd"), 7), 5014, avp(33, b"")),
    "length 0": (bad_length(avp(33, b"abcd"), 0), 5014, avp(33, b"")),
    "length below the header with V": (
        bad_length(avp(847, bytes(6), vendor=10415), 11), 5014, avp(847, bytes(6), vendor=10415),
    ),
    "length past everything": (bad_length(avp(33, b"abcd"), 0xFFFFFF), 5014, avp(33, b"")),
    "group past everything": (bad_length(group(458), 0xFFFFF0), 5014, group(458)),
    "text that is no UTF-8": (avp(30, b"internet\xff"), 5004, None),
    "short text that is no UTF-8": (avp(30, b"\xc3"), 5004, None),
    "overlong UTF-8": (avp(12, b"\xc0\x80", vendor=VENDOR_3GPP), 5004, None),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERYWHERE)
def test_faults_are_found_at_any_depth(name: str) -> None:
    """The same fault has the same answer wherever the AVP stands; what is echoed survives it."""
    bad, result_code, failed = EVERYWHERE[name]
    for place, octets in placed(bad).items():
        request = decode_request(octets)
        assert request.issue is not None, place
        assert request.issue.result_code == result_code, place
        assert request.issue.failed_avp == (bad if failed is None else failed), place
        assert request.session_id == SESSION.encode(), place
        if "past" not in name and "below" not in name and "length 0" not in name:
            assert (request.request_type, request.request_number) == (1, 0), place


@pytest.mark.parametrize("code", REQUIRED)
def test_missing(code: int) -> None:
    """5005 with an example of the AVP, for each that must be there."""
    octets = build_ccr(**{FIELDS[code]: None})  # type: ignore[arg-type]  # the one key is chosen at run time
    issue = issue_of(octets)
    assert (issue.result_code, issue.failed_avp) == (5005, avp(code, REQUIRED[code]))
    assert f"({code}) is missing" in issue.error_message


def test_first_missing_of_several() -> None:
    """An empty body misses the Session-Id first."""
    assert issue_of(message(b"")).failed_avp == avp(263, b"")
    assert issue_of(message(avp(263, b"s"))).failed_avp == avp(264, b"")


@pytest.mark.parametrize("code", REQUIRED)
def test_twice(code: int) -> None:
    """5009 with the first surplus instance, which is the second, whatever comes after."""
    second = avp(code, struct.pack(">I", 4)) if REQUIRED[code] else avp(code, b"second")
    third = avp(code, struct.pack(">I", 3)) if REQUIRED[code] else avp(code, b"third")
    issue = issue_of(build_ccr(extra=[second, third]))
    assert (issue.result_code, issue.failed_avp) == (5009, second)


ONCE = {
    "User-Name": build_ccr(extra=[avp(1, b"a"), avp(1, b"b")]),
    "Destination-Host": build_ccr(destination_host="h", extra=[avp(293, b"b")]),
    "Event-Timestamp": build_ccr(extra=[u32(55, 9)]),
    "Requested-Action": build_ccr(requested_action=0, extra=[u32(436, 0)]),
    "Multiple-Services-Indicator": build_ccr(multiple_services_indicator=1, extra=[u32(455, 1)]),
    "Termination-Cause": build_ccr(termination_cause=1, extra=[u32(295, 1)]),
    "RSU at command level": build_ccr(extra=[units(437, 1), units(437, 2)]),
    "Service-Information": build_ccr(service_information=ps_information() + ps_information()),
    "Rating-Group": build_ccr(mscc=[mscc(rating_group=1, extra=[u32(432, 1)])]),
    "RSU": build_ccr(mscc=[mscc(requested=1, extra=[units(437, 1)])]),
    "Quota-Holding-Time": build_ccr(mscc=[mscc(extra=[u32(871, 1, vendor=VENDOR_3GPP)] * 2)]),
    "CC-Total-Octets": build_ccr(mscc=[group(456, [units(446, 1, [u64(421, 1)])])]),
    "CC-Time in RSU": build_ccr(mscc=[group(456, [units(437, {"time_s": 1}, [u32(420, 1)])])]),
    "Subscription-Id-Type": build_ccr(extra=[group(443, [u32(450, 1), u32(450, 1), avp(444, b"1")])]),
    "Subscription-Id-Data": build_ccr(extra=[group(443, [u32(450, 1), avp(444, b"1"), avp(444, b"1")])]),
}


@pytest.mark.parametrize("name", ONCE)
def test_occurs_too_many_times(name: str) -> None:
    """5009 for AVPs that are optional, at command level and in groups."""
    assert issue_of(ONCE[name]).result_code == 5009


VALUES = {
    "CC-Request-Type 0": (build_ccr(request_type=0), u32(416, 0)),
    "CC-Request-Type 5": (build_ccr(request_type=5), u32(416, 5)),
    "CC-Request-Type -1": (build_ccr(request_type=-1), u32(416, -1)),
    "Requested-Action 4": (build_ccr(request_type=4, requested_action=4), u32(436, 4)),
    "Multiple-Services-Indicator 2": (build_ccr(multiple_services_indicator=2), u32(455, 2)),
    "Subscription-Id-Type 5": (build_ccr(extra=[subscription(5, "x")]), u32(450, 5)),
    "usage of 2^64 - 1": (build_ccr(mscc=[mscc(used=(1 << 64) - 1)]), u64(421, (1 << 64) - 1)),
    "usage of 2^63": (build_ccr(mscc=[mscc(used={"input_octets": 1 << 63})]), u64(412, 1 << 63)),
    "usage of 2^53 + 1": (build_ccr(extra=[units(446, MAX_UNITS + 1)]), u64(421, MAX_UNITS + 1)),
    "usage whose sum is beyond": (
        build_ccr(mscc=[mscc(used=[MAX_UNITS, 1])]), units(446, 1),
    ),
    "usage whose parts are beyond": (
        build_ccr(mscc=[mscc(used={"input_octets": MAX_UNITS, "output_octets": 1})]),
        units(446, {"input_octets": MAX_UNITS, "output_octets": 1}),
    ),
    "Session-Id": (build_ccr(session_id=None, first=[avp(263, b"\xfe")]), avp(263, b"\xfe")),
    "Service-Context-Id": (
        build_ccr(service_context_id=None, first=[avp(461, b"12345678\x80")]), avp(461, b"12345678\x80"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_invalid_value(name: str) -> None:
    """5004 with the AVP."""
    octets, failed = VALUES[name]
    issue = issue_of(octets)
    assert (issue.result_code, issue.failed_avp) == (5004, failed)


def test_text_may_be_utf8() -> None:
    """What is not ASCII but UTF-8 is nobody's fault."""
    for text in ("ü", "internet-日本", "12345678€"):
        assert decode_request(build_ccr(service_context_id=text)).issue is None


def test_event_without_action() -> None:
    """5005 for Requested-Action, in events only."""
    issue = issue_of(build_ccr(request_type=4))
    assert (issue.result_code, issue.failed_avp) == (5005, u32(436, 0))


def test_event_with_used_units() -> None:
    """5007 with both AVPs, in whichever order they came."""
    used = units(446, 5)
    for octets in (
        build_ccr(request_type=4, requested_action=0, mscc=[mscc(used=5)]),
        build_ccr(request_type=4, requested_action=0, first=[mscc(used=5)]),
        build_ccr(request_type=4, requested_action=0, extra=[used]),
    ):
        issue = issue_of(octets)
        assert (issue.result_code, issue.failed_avp) == (5007, u32(416, 4) + used)


def test_usage_at_both_levels() -> None:
    """5007 where usage stands beside an MSCC, since neither may be lost nor charged twice."""
    service = mscc(rating_group=1, used=5)
    issue = issue_of(build_ccr(request_type=2, mscc=[service], extra=[units(446, 7)]))
    assert (issue.result_code, issue.failed_avp) == (5007, units(446, 7) + service)


def test_granted_units_are_the_servers() -> None:
    """5008 with a copy, at command level and in an MSCC."""
    granted = units(431, 5)
    for octets in (build_ccr(extra=[granted]), build_ccr(mscc=[mscc(extra=[granted])])):
        issue = issue_of(octets)
        assert (issue.result_code, issue.failed_avp) == (5008, granted)


def test_subscription_without_its_parts() -> None:
    """5005 inside Subscription-Id."""
    for members, failed in (([avp(444, b"1")], u32(450, 0)), ([u32(450, 0)], avp(444, b"")), ([], u32(450, 0))):
        issue = issue_of(build_ccr(extra=[group(443, members)]))
        assert (issue.result_code, issue.failed_avp) == (5005, failed)


def test_other_application_in_the_avp() -> None:
    """3007 where Auth-Application-Id is not credit control's."""
    assert issue_of(build_ccr(auth_application_id=16777238)).result_code == 3007


def test_header_that_is_cut_off() -> None:
    """5014 with a header that zeros complete, with and without V flag."""
    for octets, failed in (
        (b"\0\0\1\x9f", avp(415, bytes(4), flags=0)),
        (struct.pack(">I", 0x1B1)[:4] + b"\x40\0\0\x0c" + b"", u32(433, 0)),
        (struct.pack(">II", 999, 0x80 << 24 | 12), struct.pack(">III", 999, 0x80 << 24 | 12, 0)),
    ):
        issue = issue_of(build_ccr(extra=[octets]))
        assert (issue.result_code, issue.failed_avp) == (5014, failed)


def test_length_past_the_group() -> None:
    """A member may not reach beyond its group, even where the message goes on."""
    service = group(456, [bad_length(u32(432, 1), 16)])
    issue = issue_of(build_ccr(mscc=[service, mscc(rating_group=2)]))
    assert (issue.result_code, issue.failed_avp) == (5014, u32(432, 0))


def test_only_the_first_fault_is_told() -> None:
    """Of several, the one that stands first."""
    issue = issue_of(build_ccr(request_number=None, first=[avp(9999, b"1"), avp(9998, b"2")]))
    assert (issue.result_code, issue.failed_avp) == (5001, avp(9999, b"1"))


def test_what_can_be_echoed_is() -> None:
    """Session-Id, type, number and Proxy-Info are there, before and after the fault, and who asked."""
    bad = avp(9999, b"x")
    for octets in (
        build_ccr(first=[bad], proxy_info=[PROXY, PROXY], request_type=3, request_number=9),
        build_ccr(extra=[PROXY, bad, PROXY], request_type=3, request_number=9),
    ):
        request = decode_request(octets)
        assert request.issue is not None
        assert request.session_id == SESSION.encode()
        assert (request.request_type, request.request_number) == (3, 9)
        assert request.proxy_info == PROXY + PROXY
        assert (request.origin_host, request.origin_realm) == (b"gw.example.net", b"example.net")
        assert request.destination_realm == b"example.net"


def test_faulty_values_are_echoed_no_further_than_they_go() -> None:
    """A type that is no type is repeated, one that is no number is not."""
    assert decode_request(build_ccr(request_type=9)).request_type == 9
    assert decode_request(build_ccr(request_type=None, extra=[avp(416, b"abc")])).request_type == -1


def test_the_message_names_the_avp() -> None:
    """An engineer reads in Error-Message which AVP it was."""
    assert "CC-Total-Octets (421)" in issue_of(build_ccr(mscc=[mscc(used=1 << 60)])).error_message
    assert "AVP (9999)" in issue_of(build_ccr(extra=[avp(9999, b"")])).error_message


def test_no_message_at_all() -> None:
    """Fewer octets than a header are no reason to raise."""
    for size in range(20):
        assert issue_of(bytes(size)).result_code == 5015
