"""Builds Credit-Control-Requests from Python data, right or deliberately wrong, without the code under test.

``build_ccr(mscc=[mscc(rating_group=10, requested=1_000_000)])`` is a whole CCR-I. A field set to None is left
out; ``extra`` takes AVPs as octets, put at the end; ``first`` puts AVPs right behind the Session-Id.
"""

import struct
from collections.abc import Iterable

VENDOR_3GPP = 10415
UNITS = {"time_s": 420, "octets": 421, "input_octets": 412, "output_octets": 414, "specific_units": 417}


def avp(code: int, data: bytes, *, flags: int = 0x40, vendor: int = 0) -> bytes:
    """An AVP; a vendor other than 0 sets the V flag and adds Vendor-Id."""
    if vendor:
        flags |= 0x80
        data = struct.pack(">I", vendor) + data
    header = struct.pack(">II", code, flags << 24 | (len(data) + 8))
    return header + data + bytes(-len(data) % 4)


def u32(code: int, value: int, *, flags: int = 0x40, vendor: int = 0) -> bytes:
    """An AVP of 32 bits."""
    return avp(code, struct.pack(">I", value & 0xFFFFFFFF), flags=flags, vendor=vendor)


def u64(code: int, value: int, *, flags: int = 0x40, vendor: int = 0) -> bytes:
    """An AVP of 64 bits."""
    return avp(code, struct.pack(">Q", value & 0xFFFFFFFFFFFFFFFF), flags=flags, vendor=vendor)


def group(code: int, members: Iterable[bytes] = (), *, flags: int = 0x40, vendor: int = 0) -> bytes:
    """A Grouped AVP."""
    return avp(code, b"".join(members), flags=flags, vendor=vendor)


def message(
    body: bytes,
    *,
    command: int = 272,
    flags: int = 0xC0,
    application: int = 4,
    hop_by_hop: int = 1,
    end_to_end: int = 1,
    version: int = 1,
) -> bytes:
    """A Diameter message around a body."""
    length = version << 24 | (len(body) + 20)
    return struct.pack(">IIIII", length, flags << 24 | command, application, hop_by_hop, end_to_end) + body


def units(code: int, amounts: int | dict[str, int] | None, members: Iterable[bytes] = ()) -> bytes:
    """A unit group: a number means CC-Total-Octets, a dictionary names its kinds as in UNITS, None is empty."""
    if amounts is None:
        amounts = {}
    if isinstance(amounts, int):
        amounts = {"octets": amounts}
    put = [
        u32(420, amount) if kind == "time_s" else u64(UNITS[kind], amount) for kind, amount in amounts.items()
    ]
    return group(code, [*members, *put])


Amounts = int | dict[str, int] | bool | None


def mscc(
    *,
    rating_group: int | None = None,
    service_identifier: int | None = None,
    requested: Amounts = None,
    used: Amounts | list[int | dict[str, int]] = None,
    reporting_reason: int | None = None,
    extra: Iterable[bytes] = (),
) -> bytes:
    """An MSCC; ``requested=True`` is an empty RSU, a list of ``used`` several USUs."""
    members = []
    if requested is not None and requested is not False:
        members.append(units(437, None if requested is True else requested))
    for one in used if isinstance(used, list) else [used]:
        if one is not None and one is not False:
            members.append(units(446, None if one is True else one))
    if service_identifier is not None:
        members.append(u32(439, service_identifier))
    if rating_group is not None:
        members.append(u32(432, rating_group))
    if reporting_reason is not None:
        members.append(u32(872, reporting_reason, vendor=VENDOR_3GPP))
    return group(456, [*members, *extra])


def subscription(kind: int, data: str) -> bytes:
    """A Subscription-Id; kinds are 0 E164, 1 IMSI, 2 SIP URI, 3 NAI, 4 private."""
    return group(443, [u32(450, kind), avp(444, data.encode())])


def ps_information(
    *, called_station_id: str | None = "internet", sgsn_mcc_mnc: str = "00101", extra: Iterable[bytes] = ()
) -> bytes:
    """A Service-Information with a PS-Information much as a PGW sends it."""
    members = [avp(2, b"\0\0\0\x2a", vendor=VENDOR_3GPP), u32(3, 0, vendor=VENDOR_3GPP)]
    members.append(avp(1227, b"\0\x01\x0a\x00\x00\x02", vendor=VENDOR_3GPP))
    members.append(avp(1228, b"\0\x01\x0a\x01\x00\x01", vendor=VENDOR_3GPP))
    members.append(avp(847, b"\0\x01\x0a\x01\x00\x02", vendor=VENDOR_3GPP))
    if called_station_id is not None:
        members.append(avp(30, called_station_id.encode()))
    members.append(avp(18, sgsn_mcc_mnc.encode(), vendor=VENDOR_3GPP))
    members.append(avp(21, b"\x06", vendor=VENDOR_3GPP))
    return group(873, [group(874, [*members, *extra], vendor=VENDOR_3GPP)], vendor=VENDOR_3GPP)


def build_ccr(
    *,
    session_id: str | None = "gw.example.net;1;1",
    origin_host: str | None = "gw.example.net",
    origin_realm: str | None = "example.net",
    destination_realm: str | None = "example.net",
    destination_host: str | None = None,
    auth_application_id: int | None = 4,
    service_context_id: str | None = "32251@3gpp.org",
    request_type: int | None = 1,
    request_number: int | None = 0,
    event_timestamp: int | None = 3_900_000_000,
    msisdn: str | None = "491700000001",
    imsi: str | None = "001010000000001",
    termination_cause: int | None = None,
    requested_action: int | None = None,
    multiple_services_indicator: int | None = None,
    origin_state_id: int | None = None,
    mscc: Iterable[bytes] = (),
    service_information: bytes = b"",
    proxy_info: Iterable[bytes] = (),
    first: Iterable[bytes] = (),
    extra: Iterable[bytes] = (),
    flags: int = 0xC0,
    application: int = 4,
    hop_by_hop: int = 1,
    end_to_end: int = 1,
) -> bytes:
    """A Credit-Control-Request; see the module for how to leave out, add and bend AVPs."""
    body = [text_avp(263, session_id), *first]
    body += [text_avp(264, origin_host), text_avp(296, origin_realm), text_avp(283, destination_realm)]
    body += [number_avp(258, auth_application_id), text_avp(461, service_context_id)]
    body += [number_avp(416, request_type), number_avp(415, request_number), text_avp(293, destination_host)]
    body += [number_avp(55, event_timestamp), number_avp(278, origin_state_id)]
    if msisdn is not None:
        body.append(subscription(0, msisdn))
    if imsi is not None:
        body.append(subscription(1, imsi))
    body += [number_avp(295, termination_cause), number_avp(436, requested_action)]
    body += [number_avp(455, multiple_services_indicator), *mscc, service_information, *proxy_info, *extra]
    return message(
        b"".join(body), flags=flags, application=application, hop_by_hop=hop_by_hop, end_to_end=end_to_end
    )


def text_avp(code: int, text: str | None) -> bytes:
    """An AVP of text, nothing for None."""
    return b"" if text is None else avp(code, text.encode())


def number_avp(code: int, value: int | None) -> bytes:
    """An AVP of 32 bits, nothing for None."""
    return b"" if value is None else u32(code, value)
