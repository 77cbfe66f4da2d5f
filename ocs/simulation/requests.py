"""What a packet gateway writes into its CCR-I, CCR-U and CCR-T (TS 32.299, 6.4; TS 32.251, 6.2)."""

import ipaddress

from librt.strings import BytesWriter

from ocs.simulation import template as field
from ocs.simulation.profile import LoadProfile
from ocs.simulation.template import RequestTemplate, TemplateBuilder
from protocol import codes
from protocol.avp import begin_group, begin_vendor_group, end_group, put_avp, put_u32, put_u64, put_vendor_avp
from protocol.codes import MANDATORY_FLAG, VENDOR_3GPP
from protocol.messages import INITIAL_REQUEST, TERMINATION_REQUEST, UPDATE_REQUEST

DIAMETER_LOGOUT = 1
MULTIPLE_SERVICES_SUPPORTED = 1
SUBSCRIBER_E164, SUBSCRIBER_IMSI = 0, 1
REASON_FINAL, REASON_QUOTA_EXHAUSTED = 2, 3

GGSN_ADDRESS, GGSN_MCC_MNC, IMSI_MCC_MNC, CHARGING_ID, PDP_TYPE = 847, 9, 8, 2, 3
NSAPI, SELECTION_MODE, CHARGING_CHARACTERISTICS, SGSN_MCC_MNC, RAT_TYPE = 10, 12, 13, 18, 21
USER_LOCATION, TIME_ZONE, PDP_ADDRESS, SGSN_ADDRESS = 22, 23, 1227, 1228
EUTRAN = b"\x06"
TAI_AND_ECGI = bytes.fromhex("8232f451000132f45100000101")


def session_id_head(profile: LoadProfile, gateway: int, started_s: int) -> bytes:
    """A gateway's Session-Ids without the digits that count its sessions."""
    return f"{profile.origin_host(gateway)};{started_s};".encode()


def request_template(
    profile: LoadProfile, gateway: int, request_type: int, session_id_octets: int
) -> RequestTemplate:
    """The template of one CC-Request-Type for one gateway."""
    builder = TemplateBuilder()
    out = builder.out
    put_avp(out, codes.SESSION_ID, MANDATORY_FLAG, bytes(session_id_octets))
    builder.mark(field.SESSION_ID, session_id_octets, 0)
    put_avp(out, codes.ORIGIN_HOST, MANDATORY_FLAG, profile.origin_host(gateway).encode())
    put_avp(out, codes.ORIGIN_REALM, MANDATORY_FLAG, profile.realm.encode())
    put_avp(out, codes.DESTINATION_REALM, MANDATORY_FLAG, profile.realm.encode())
    put_u32(out, codes.AUTH_APPLICATION_ID, MANDATORY_FLAG, codes.CREDIT_CONTROL_APPLICATION)
    put_avp(out, codes.SERVICE_CONTEXT_ID, MANDATORY_FLAG, profile.service_context.encode())
    put_u32(out, codes.CC_REQUEST_TYPE, MANDATORY_FLAG, request_type)
    put_u32(out, codes.CC_REQUEST_NUMBER, MANDATORY_FLAG, 0)
    builder.mark(field.REQUEST_NUMBER, 4, 0)
    put_u32(out, codes.EVENT_TIMESTAMP, MANDATORY_FLAG, 0)
    builder.mark(field.EVENT_TIME, 4, 0)
    _put_subscription(builder, SUBSCRIBER_E164, field.MSISDN, len(profile.msisdn_base))
    _put_subscription(builder, SUBSCRIBER_IMSI, field.IMSI, len(profile.imsi_base))
    if request_type == TERMINATION_REQUEST:
        put_u32(out, codes.TERMINATION_CAUSE, MANDATORY_FLAG, DIAMETER_LOGOUT)
    if request_type == INITIAL_REQUEST:
        put_u32(out, codes.MULTIPLE_SERVICES_INDICATOR, MANDATORY_FLAG, MULTIPLE_SERVICES_SUPPORTED)
    for place in range(max(profile.rating_groups, 1)):
        _put_service(builder, profile, request_type, place)
    _put_service_information(builder, profile.apn.encode())
    return builder.finish()


def _put_subscription(builder: TemplateBuilder, kind: int, number: int, digits: int) -> None:
    start = begin_group(builder.out, codes.SUBSCRIPTION_ID, MANDATORY_FLAG)
    put_u32(builder.out, codes.SUBSCRIPTION_ID_TYPE, MANDATORY_FLAG, kind)
    put_avp(builder.out, codes.SUBSCRIPTION_ID_DATA, MANDATORY_FLAG, bytes(digits))
    builder.mark(number, digits, 0)
    end_group(builder.out, start)


def _put_service(builder: TemplateBuilder, profile: LoadProfile, request_type: int, place: int) -> None:
    out = builder.out
    service = begin_group(out, codes.MULTIPLE_SERVICES_CREDIT_CONTROL, MANDATORY_FLAG)
    if request_type in {INITIAL_REQUEST, UPDATE_REQUEST}:
        requested = begin_group(out, codes.REQUESTED_SERVICE_UNIT, MANDATORY_FLAG)
        if profile.requested_octets:
            put_u64(out, codes.CC_TOTAL_OCTETS, MANDATORY_FLAG, profile.requested_octets)
        end_group(out, requested)
    if request_type != INITIAL_REQUEST:
        used = begin_group(out, codes.USED_SERVICE_UNIT, MANDATORY_FLAG)
        for code, number in (
            (codes.CC_TOTAL_OCTETS, field.USED_TOTAL),
            (codes.CC_INPUT_OCTETS, field.USED_INPUT),
            (codes.CC_OUTPUT_OCTETS, field.USED_OUTPUT),
        ):
            put_u64(out, code, MANDATORY_FLAG, 0)
            builder.mark(number, 8, place)
        end_group(out, used)
    if profile.rating_groups:
        put_u32(out, codes.RATING_GROUP, MANDATORY_FLAG, profile.first_rating_group + place)
    if request_type != INITIAL_REQUEST:
        reason = REASON_FINAL if request_type == TERMINATION_REQUEST else REASON_QUOTA_EXHAUSTED
        _put_3gpp(out, codes.REPORTING_REASON, MANDATORY_FLAG, reason.to_bytes(4))
    end_group(out, service)


def _put_service_information(builder: TemplateBuilder, apn: bytes) -> None:
    out = builder.out
    information = begin_vendor_group(out, codes.SERVICE_INFORMATION, MANDATORY_FLAG, VENDOR_3GPP)
    packet = begin_vendor_group(out, codes.PS_INFORMATION, MANDATORY_FLAG, VENDOR_3GPP)
    _put_3gpp(out, CHARGING_ID, MANDATORY_FLAG, bytes(4))
    builder.mark(field.CHARGING_ID, 4, 0)
    _put_3gpp(out, PDP_TYPE, MANDATORY_FLAG, bytes(4))
    _put_3gpp(out, PDP_ADDRESS, MANDATORY_FLAG, _address("10.45.0.2"))
    _put_3gpp(out, SGSN_ADDRESS, MANDATORY_FLAG, _address("192.0.2.1"))
    _put_3gpp(out, GGSN_ADDRESS, MANDATORY_FLAG, _address("192.0.2.2"))
    _put_3gpp(out, IMSI_MCC_MNC, 0, b"23415")
    _put_3gpp(out, GGSN_MCC_MNC, 0, b"23415")
    _put_3gpp(out, NSAPI, 0, b"5")
    put_avp(out, codes.CALLED_STATION_ID, MANDATORY_FLAG, apn)
    _put_3gpp(out, SELECTION_MODE, 0, b"0")
    _put_3gpp(out, CHARGING_CHARACTERISTICS, 0, b"0800")
    _put_3gpp(out, SGSN_MCC_MNC, 0, b"23415")
    _put_3gpp(out, RAT_TYPE, 0, EUTRAN)
    _put_3gpp(out, USER_LOCATION, 0, TAI_AND_ECGI)
    _put_3gpp(out, TIME_ZONE, 0, bytes(2))
    end_group(out, packet)
    end_group(out, information)


def _put_3gpp(out: BytesWriter, code: int, flags: int, data: bytes) -> None:
    put_vendor_avp(out, code, flags, VENDOR_3GPP, data)


def _address(text: str) -> bytes:
    """An Address AVP's data: the family (1 = IPv4) and the octets (RFC 6733, 4.3.1)."""
    return b"\0\x01" + ipaddress.IPv4Address(text).packed
