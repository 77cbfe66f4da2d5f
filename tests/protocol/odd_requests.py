"""Requests that have AVPs where few clients put them; all are good."""

from tests.protocol.ccr_builder import (
    VENDOR_3GPP,
    avp,
    build_ccr,
    group,
    mscc,
    ps_information,
    subscription,
    u32,
    u64,
)

LOCATION = avp(22, b"\x82\x00\xf1\x10\x12\x34\x00\xf1\x10\x01\x02\x03\x04", vendor=VENDOR_3GPP)
OTHER_LOCATION = avp(22, b"\x82\x00\xf1\x10\x43\x21\x00\xf1\x10\x04\x03\x02\x01", vendor=VENDOR_3GPP)
QOS = group(1016, [u32(1028, 9, vendor=VENDOR_3GPP)], vendor=VENDOR_3GPP)
ODD_REQUESTS = {
    "location at command level": build_ccr(
        extra=[LOCATION], service_information=ps_information(extra=[OTHER_LOCATION])
    ),
    "location in an MSCC": build_ccr(
        mscc=[mscc(extra=[LOCATION]), mscc(extra=[group(873, [LOCATION], vendor=VENDOR_3GPP)])]
    ),
    "two locations, the first empty": build_ccr(
        service_information=ps_information(extra=[avp(22, b"", vendor=VENDOR_3GPP), LOCATION, OTHER_LOCATION])
    ),
    "subscription in an MSCC": build_ccr(msisdn=None, mscc=[mscc(extra=[subscription(0, "49171")])]),
    "subscription in units": build_ccr(
        imsi=None, mscc=[group(456, [group(446, [subscription(1, "26201"), u64(421, 7)])])]
    ),
    "subscriptions in Service-Information": build_ccr(
        msisdn=None,
        imsi=None,
        service_information=group(
            873,
            [
                subscription(0, "49172"),
                subscription(1, "26202"),
                subscription(0, "49173"),
                group(443, [subscription(0, "49174"), u32(450, 1), avp(444, b"26203")]),
            ],
            vendor=VENDOR_3GPP,
        ),
    ),
    "data before type": build_ccr(msisdn=None, extra=[group(443, [avp(444, b"+49175"), u32(450, 0)])]),
    "short numbers": build_ccr(
        msisdn="+", imsi="", extra=[subscription(0, "7"), subscription(0, "49176"), subscription(1, "26204")]
    ),
    "other subscriptions": build_ccr(
        extra=[subscription(2, "sip:a@example.net"), subscription(3, "ä@example.net")]
    ),
    "units of all kinds": build_ccr(
        request_type=2,
        mscc=[
            mscc(
                rating_group=1,
                requested={"time_s": 60, "specific_units": 3},
                used=[
                    {"octets": 30, "input_octets": 10, "output_octets": 20, "time_s": 5, "specific_units": 2},
                    {"octets": 31, "input_octets": 10, "output_octets": 20},
                ],
                reporting_reason=3,
                extra=[QOS, u32(448, 60)],
            ),
            mscc(service_identifier=2, requested=True, used={"input_octets": 10, "output_octets": 20}),
        ],
    ),
    "an amount that nobody reads": build_ccr(
        request_type=2, mscc=[group(456, [group(446, [u64(421, 1), u64(447, 5)])])]
    ),
    "units at command level": build_ccr(request_type=2, extra=[group(446, [u64(421, 5)]), u32(439, 4)]),
    "an event": build_ccr(request_type=4, requested_action=0, mscc=[mscc(requested={"specific_units": 1})]),
    "proxies": build_ccr(proxy_info=[group(284, [avp(280, b"relay.example.net"), avp(33, b"state")])]),
    "groups in groups": build_ccr(
        extra=[
            group(873, [group(874, [QOS, LOCATION, avp(30, b"apn")], vendor=VENDOR_3GPP)], vendor=VENDOR_3GPP)
        ]
        * 2
    ),
    "texts that nobody reads": build_ccr(extra=[avp(1, "Zoë".encode()), avp(1, b"Zoe")]),
}
