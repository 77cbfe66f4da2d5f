"""What a Credit-Control-Request says, read from captured, golden and built messages."""

import pytest

from protocol.decode import decode_request
from protocol.messages import ABSENT, CreditControlRequest, MultipleServicesCreditControl
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
from tests.protocol.vectors import Vector, all_ccrs, golden, open5gs


def read(octets: bytes) -> CreditControlRequest:
    """A request that must have nothing wrong with it."""
    request = decode_request(octets)
    assert request.issue is None, request.issue.error_message
    return request


def service_of(octets: bytes) -> MultipleServicesCreditControl:
    """The one service of a request."""
    (service,) = read(octets).services
    return service


@pytest.mark.parametrize("vector", all_ccrs(), ids=lambda vector: vector.name)
def test_every_vector_decodes(vector: Vector) -> None:
    """Nothing that a real or golden client sends is refused, but for what E1 leaves out on purpose."""
    request = decode_request(vector.octets)
    if vector.name.startswith("E1 "):
        assert request.issue is not None
        assert request.issue.result_code == 5005
    else:
        assert request.issue is None, request.issue.error_message


def test_golden_initial_request() -> None:
    """Flow A opens with two rating groups whose grants are left to the server."""
    request = read(golden()["A1"].octets)
    assert request.session_id.startswith(request.origin_host + b";")
    assert request.service_context_id == b"8.32251@3gpp.org"
    assert (request.request_type, request.request_number) == (1, 0)
    assert (request.msisdn, request.imsi) == (b"447700900123", b"001010123456789")
    assert request.called_station_id == b"internet"
    assert request.multiple_services_indicator == 1
    assert not request.units_at_command_level
    assert [service.rating_group for service in request.services] == [10, 20]
    assert all(service.requested and not service.used for service in request.services)
    assert request.services[0].requested_octets == ABSENT


def test_golden_updates() -> None:
    """Flow A's reports: totals beside input and output, Reporting-Reason, a service without request."""
    (service,) = read(golden()["A3"].octets).services
    assert (service.used_octets, service.used_input_octets, service.used_output_octets) == (
        9_437_190, 1_437_190, 8_000_000,
    )  # fmt: skip
    assert not service.total_disagrees
    assert service.reporting_reason == 0
    first, second = read(golden()["A5"].octets).services
    assert (first.rating_group, first.used_octets, first.reporting_reason, first.requested) == (
        10, 2_000_000, 6, True,
    )  # fmt: skip
    assert (second.rating_group, second.used_octets, second.reporting_reason, second.requested) == (
        20, 300_000, 1, False,
    )  # fmt: skip
    last = read(golden()["A13"].octets)
    assert (last.request_type, last.request_number, last.termination_cause) == (3, 5, 1)
    assert (last.services[0].used_octets, last.services[0].reporting_reason) == (4_200_000, 2)


def test_golden_voice_and_events() -> None:
    """Flows B and C: seconds, service-specific units, Requested-Action."""
    first = read(golden()["B1"].octets).services[0]
    assert (first.rating_group, first.service_identifier, first.requested_time_s) == (100, 1, 60)
    assert read(golden()["B3"].octets).services[0].used_time_s == 50
    event = read(golden()["C1"].octets)
    assert (event.request_type, event.requested_action) == (4, 0)
    assert event.services[0].requested_specific_units == 1
    assert event.services[0].service_identifier == 1000
    assert [read(golden()[name].octets).requested_action for name in ("C7", "C9", "C11")] == [2, 1, 3]


def test_golden_retransmission() -> None:
    """E5 is A3 again with the T flag."""
    first, again = read(golden()["A3"].octets), read(golden()["E5"].octets)
    assert again.flags & 0x10
    assert (again.session_id, again.end_to_end) == (first.session_id, first.end_to_end)


def test_open5gs_session() -> None:
    """A live SMF: no Rating-Group, one million octets asked for, usage as input and output without total."""
    ccrs = [vector.octets for vector in open5gs() if vector.is_ccr][:4]
    opening, update, _, closing = (read(octets) for octets in ccrs)
    assert opening.origin_host == b"smf.localdomain"
    assert opening.session_id == b"smf.localdomain;1795388231;2;app_gy"
    assert opening.service_context_id == b"32251@3gpp.org"
    assert (opening.imsi, opening.msisdn) == (b"999700000000001", b"491700000001")
    assert opening.called_station_id == b"internet"
    assert opening.multiple_services_indicator == 0
    assert opening.requested_action == ABSENT
    assert opening.destination_host == b""
    assert update.destination_host == b"ocs.localdomain"
    assert [service.rating_group for service in opening.services] == [ABSENT]
    assert opening.services[0].requested_octets == 1_000_000
    used = update.services[0]
    assert (used.used_octets, used.used_input_octets + used.used_output_octets) == (800_000, 800_000)
    assert used.used_time_s >= 0
    assert used.reporting_reason == 0
    assert (closing.request_type, closing.termination_cause) == (3, 1)
    assert (closing.services[0].requested, closing.services[0].reporting_reason) == (False, 2)


def test_header_and_command_fields() -> None:
    """Identifiers use all their 32 bits, and each field of the command level is where it belongs."""
    octets = build_ccr(
        hop_by_hop=0xFFFFFFFF, end_to_end=0x80000001, flags=0xD0, destination_host="ocs", origin_state_id=7,
        termination_cause=4, event_timestamp=0xFFFFFFFE, request_number=0xFFFFFFFF, request_type=3,
    )  # fmt: skip
    request = read(octets)
    assert (request.flags, request.hop_by_hop, request.end_to_end) == (0xD0, 0xFFFFFFFF, 0x80000001)
    assert (request.destination_host, request.destination_realm) == (b"ocs", b"example.net")
    assert (request.origin_host, request.origin_realm) == (b"gw.example.net", b"example.net")
    assert (request.origin_state_id, request.termination_cause) == (7, 4)
    assert (request.event_timestamp, request.request_number) == (0xFFFFFFFE, 0xFFFFFFFF)


def test_absent_is_absent() -> None:
    """What was not sent is ABSENT or empty, and 0 is not."""
    request = read(build_ccr(msisdn=None, imsi=None, event_timestamp=None))
    assert (request.msisdn, request.imsi, request.called_station_id) == (b"", b"", b"")
    assert request.event_timestamp == request.termination_cause == request.origin_state_id == ABSENT
    assert request.services == []
    assert not request.units_at_command_level
    service = service_of(build_ccr(mscc=[mscc(rating_group=0, used={"octets": 0})]))
    assert (service.rating_group, service.used_octets, service.used_time_s) == (0, 0, ABSENT)


def test_magma_order() -> None:
    """MSCC and Service-Information before Auth-Application-Id change nothing."""
    early = [mscc(rating_group=1, requested=True), ps_information(called_station_id="magma")]
    request = read(build_ccr(first=early))
    assert [service.rating_group for service in request.services] == [1]
    assert request.called_station_id == b"magma"


def test_flags_of_known_avps_mean_nothing() -> None:
    """M clear on base AVPs, P or reserved bits set anywhere: all the same."""
    for flags in (0x00, 0x20, 0x40, 0x60, 0x5F):
        parts = [avp(263, b"a;1", flags=flags), avp(264, b"h", flags=flags), avp(296, b"r", flags=flags)]
        parts += [avp(283, b"r", flags=flags), u32(258, 4, flags=flags), avp(461, b"c", flags=flags)]
        parts += [u32(416, 2, flags=flags), u32(415, 1, flags=flags)]
        parts.append(group(456, [u32(432, 9, flags=flags), u32(872, 1, flags=flags, vendor=VENDOR_3GPP)]))
        service = service_of(message(b"".join(parts)))
        assert (service.rating_group, service.reporting_reason) == (9, 1)


def test_padding_is_ignored() -> None:
    """Padding that is not zero, and a last member whose padding its group's length leaves out."""
    octets = bytearray(avp(461, b"ctx-1"))
    octets[-3:] = b"\xff\xfe\xfd"
    assert read(build_ccr(service_context_id=None, first=[bytes(octets)])).service_context_id == b"ctx-1"
    tight = bytearray(group(443, [u32(450, 1), avp(444, b"00101")]))
    tight[7] -= 3
    assert read(build_ccr(imsi=None, extra=[bytes(tight)])).imsi == b"00101"


def test_subscriptions() -> None:
    """E.164 loses a leading plus, the first of a kind counts, the others are passed over, in any order."""
    ids = [subscription(3, "u@nai"), subscription(2, "sip:a@b"), subscription(4, "x"), subscription(0, "+4917")]
    ids += [subscription(1, "00101"), subscription(0, "999"), subscription(1, "888")]
    request = read(build_ccr(msisdn=None, imsi=None, extra=ids))
    assert (request.msisdn, request.imsi) == (b"4917", b"00101")
    empty = read(build_ccr(msisdn="", imsi=None))
    assert empty.msisdn == b""
    inside = group(873, [subscription(0, "4917")], vendor=VENDOR_3GPP)
    assert read(build_ccr(msisdn=None, imsi=None, extra=[inside])).msisdn == b"4917"


def test_used_units_are_summed() -> None:
    """Several Used-Service-Units add up, each with its own total or input + output."""
    used: list[int | dict[str, int]] = [
        {"octets": 100, "time_s": 5},
        {"input_octets": 10, "output_octets": 20},
        {"specific_units": 3, "time_s": 6},
        {"output_octets": 7},
    ]
    service = service_of(build_ccr(mscc=[mscc(used=used)]))
    assert (service.used_octets, service.used_time_s, service.used_specific_units) == (137, 11, 3)
    assert (service.used_input_octets, service.used_output_octets) == (10, 27)
    assert not service.total_disagrees


def test_total_wins_over_its_parts() -> None:
    """CC-Total-Octets that is not input + output is taken and marked."""
    service = service_of(
        build_ccr(mscc=[mscc(used=[{"octets": 10}, {"octets": 9, "input_octets": 4, "output_octets": 4}])])
    )
    assert (service.used_octets, service.total_disagrees) == (19, True)
    one_part = service_of(build_ccr(mscc=[mscc(used={"octets": 9, "input_octets": 4})]))
    assert (one_part.used_octets, one_part.total_disagrees) == (9, False)


def test_requested_units() -> None:
    """Empty, by kind, by parts, and a wish beyond measure that is cut."""
    assert service_of(build_ccr(mscc=[mscc(requested=True)])).requested
    assert not service_of(build_ccr(mscc=[mscc(used=1)])).requested
    service = service_of(build_ccr(mscc=[mscc(requested={"time_s": 60, "specific_units": 2})]))
    assert (service.requested_time_s, service.requested_specific_units) == (60, 2)
    assert service.requested_octets == ABSENT
    parts = service_of(build_ccr(mscc=[mscc(requested={"input_octets": 1, "output_octets": 2})]))
    assert parts.requested_octets == 3
    for wish in (MAX_UNITS + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        assert service_of(build_ccr(mscc=[mscc(requested=wish)])).requested_octets == MAX_UNITS
    both = {"input_octets": (1 << 64) - 1, "output_octets": (1 << 64) - 1}
    assert service_of(build_ccr(mscc=[mscc(requested=both)])).requested_octets == MAX_UNITS


def test_reporting_reason_at_either_place() -> None:
    """In the MSCC or in a Used-Service-Unit; FINAL wins, else the first."""
    reason = {value: u32(872, value, vendor=VENDOR_3GPP) for value in (0, 2, 3, 9)}
    one = group(456, [units(446, 5, [reason[3]])])
    assert service_of(build_ccr(mscc=[one])).reporting_reason == 3
    assert service_of(build_ccr(mscc=[mscc(used=5, reporting_reason=9)])).reporting_reason == 9
    several = group(456, [units(446, 5, [reason[0]]), units(446, 5, [reason[2]]), reason[3]])
    assert service_of(build_ccr(mscc=[several])).reporting_reason == 2
    assert service_of(build_ccr(mscc=[group(456, [units(446, 5), reason[0], reason[3]])])).reporting_reason == 0


def test_units_at_command_level() -> None:
    """A client without MSCC has one service, and is marked for an answer at the same level."""
    extra = [units(437, None), units(446, 100), units(446, 11), u32(439, 77)]
    request = read(build_ccr(request_type=2, extra=extra))
    assert request.units_at_command_level
    (service,) = request.services
    assert (service.requested, service.used_octets, service.service_identifier) == (True, 111, 77)
    assert service.rating_group == ABSENT


def test_money_is_no_unit() -> None:
    """CC-Money is checked for its form and gives no amount."""
    money = group(413, [group(445, [u64(447, 5), u32(429, -2)]), u32(425, 978)])
    service = service_of(build_ccr(extra=[group(437, [money])]))
    assert service.requested
    assert service.requested_octets == service.requested_time_s == service.requested_specific_units == ABSENT


def test_wish_beside_services_is_passed_over() -> None:
    """A Requested-Service-Unit at command level says nothing where there is an MSCC."""
    request = read(build_ccr(mscc=[mscc(rating_group=1, requested=True)], extra=[units(437, None)]))
    assert not request.units_at_command_level
    assert len(request.services) == 1


def test_service_identifiers_may_repeat() -> None:
    """The first of several Service-Identifiers is kept."""
    request = build_ccr(mscc=[mscc(service_identifier=4, extra=[u32(439, 5)])])
    assert service_of(request).service_identifier == 4


def test_proxy_info_is_kept_in_order() -> None:
    """All Proxy-Info AVPs, wherever they stand, raw and in order, with zeros for padding."""
    proxies = [group(284, [avp(280, name), avp(33, b"state\xff")]) for name in (b"p1", b"proxy-2", b"")]
    request = read(build_ccr(first=[proxies[0]], proxy_info=[proxies[1]], extra=[u32(55, 1), proxies[2]][1:]))
    assert request.proxy_info == b"".join(proxies)


def test_requested_action_counts_in_events_only() -> None:
    """Open5GS sends it in every request; even nonsense is ignored there."""
    for value in (0, 3, 99):
        assert read(build_ccr(request_type=2, requested_action=value)).requested_action == ABSENT
    assert read(build_ccr(request_type=4, requested_action=3)).requested_action == 3


def test_unknown_avps_without_m_are_skipped() -> None:
    """At any depth, of any vendor, and whole: what looks like members with M inside counts for nothing."""
    inside = u32(9999, 1, flags=0x40)
    unknown = [avp(9999, inside, flags=0), avp(9999, inside, flags=0, vendor=99_999)]
    unknown += [avp(4999, inside, flags=0, vendor=VENDOR_3GPP), avp(690, b"\xff", flags=0)]
    octets = build_ccr(
        mscc=[mscc(rating_group=5, extra=unknown)],
        service_information=ps_information(extra=unknown),
        extra=unknown,
    )
    assert service_of(octets).rating_group == 5


def test_known_avps_of_other_vendors_are_read_over() -> None:
    """An AVP of a vendor that the dictionary knows may carry M."""
    known = avp(9010, b"1234", vendor=5535)
    assert read(build_ccr(service_information=ps_information(extra=[known]))).called_station_id == b"internet"


def test_code_of_another_vendor_is_another_avp() -> None:
    """User-Name is 1, and so is 3GPP-IMSI: twice one each is once."""
    octets = build_ccr(extra=[avp(1, b"user"), avp(1, b"00101", vendor=VENDOR_3GPP)])
    assert read(octets).imsi == b"001010000000001"


def test_deep_nesting_ends_somewhere() -> None:
    """Groups in groups beyond any grammar are not followed to the end of the stack."""
    nested = b""
    for _ in range(2000):
        nested = group(873, [nested], vendor=VENDOR_3GPP)
    assert read(build_ccr(extra=[nested])).services == []


def test_what_a_price_may_depend_on() -> None:
    """Network, access, location and class of quality are PS-Information's; an MSCC may have its own quality."""
    quality = group(1016, [u32(1028, 9, vendor=VENDOR_3GPP)], vendor=VENDOR_3GPP)
    voice = group(1016, [u32(1028, 1, vendor=VENDOR_3GPP)], vendor=VENDOR_3GPP)
    location = avp(22, bytes.fromhex("8262f210000162f21000000101"), vendor=VENDOR_3GPP)
    request = read(
        build_ccr(
            mscc=[mscc(rating_group=1, requested=None, extra=[voice]), mscc(rating_group=2, requested=None)],
            service_information=ps_information(sgsn_mcc_mnc="20801", extra=[location, quality]),
        )
    )
    assert (request.serving_network, request.rat_type, request.qos_class) == (b"20801", 6, 9)
    assert request.user_location[:1] == b"\x82"
    assert [service.qos_class for service in request.services] == [1, ABSENT]


def test_a_request_that_names_no_place() -> None:
    """What was not sent is absent, not guessed."""
    request = read(build_ccr())
    assert (request.serving_network, request.user_location) == (b"", b"")
    assert (request.rat_type, request.qos_class) == (ABSENT, ABSENT)
