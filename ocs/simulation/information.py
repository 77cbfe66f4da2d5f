"""What the requests of each kind of traffic say in their Service-Information (TS 32.299, 7.2)."""

import ipaddress
from typing import Final

from librt.strings import BytesWriter

from ocs.simulation import template as field
from ocs.simulation.session import EVENTS, OCTETS
from ocs.simulation.template import TemplateBuilder
from protocol import codes
from protocol.avp import begin_vendor_group, end_group, put_avp, put_vendor_avp
from protocol.codes import MANDATORY_FLAG, VENDOR_3GPP

GGSN_ADDRESS, GGSN_MCC_MNC, IMSI_MCC_MNC, CHARGING_ID, PDP_TYPE = 847, 9, 8, 2, 3
NSAPI, SELECTION_MODE, CHARGING_CHARACTERISTICS, SGSN_MCC_MNC, RAT_TYPE = 10, 12, 13, 18, 21
USER_LOCATION, TIME_ZONE, PDP_ADDRESS, SGSN_ADDRESS = 22, 23, 1227, 1228
IMS_INFORMATION, NODE_FUNCTIONALITY, ROLE_OF_NODE, CALLING_PARTY, CALLED_PARTY = 876, 862, 829, 831, 832
SMS_INFORMATION, MESSAGE_TYPE, RECIPIENT_INFO, RECIPIENT_ADDRESS = 2000, 2007, 2026, 1201
ADDRESS_TYPE, ADDRESS_DATA = 899, 897
EUTRAN = b"\x06"
TAI_AND_ECGI = bytes.fromhex("8232f451000132f45100000101")
ORIGINATING, APPLICATION_SERVER, SUBMISSION, MSISDN_ADDRESS = 0, 6, 0, 1
TELEPHONE: Final = b"tel:+"
CALLED: Final = b"447911123456"
"""Whom every simulated call and message goes to."""


def put_service_information(builder: TemplateBuilder, unit: int, apn: bytes, msisdn_digits: int) -> None:
    """Append the Service-Information of requests that count in a unit."""
    information = begin_vendor_group(builder.out, codes.SERVICE_INFORMATION, MANDATORY_FLAG, VENDOR_3GPP)
    if unit == OCTETS:
        _put_packet_session(builder, apn)
    elif unit == EVENTS:
        _put_message(builder.out)
    else:
        _put_call(builder, msisdn_digits)
    end_group(builder.out, information)


def _put_packet_session(builder: TemplateBuilder, apn: bytes) -> None:
    """PS-Information, much as a PGW sends it (TS 32.251, 6.2)."""
    out = builder.out
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


def _put_call(builder: TemplateBuilder, msisdn_digits: int) -> None:
    """IMS-Information of an originating call (TS 32.260, 6.3)."""
    out = builder.out
    call = begin_vendor_group(out, IMS_INFORMATION, MANDATORY_FLAG, VENDOR_3GPP)
    _put_3gpp(out, ROLE_OF_NODE, MANDATORY_FLAG, ORIGINATING.to_bytes(4))
    _put_3gpp(out, NODE_FUNCTIONALITY, MANDATORY_FLAG, APPLICATION_SERVER.to_bytes(4))
    _put_3gpp(out, CALLING_PARTY, MANDATORY_FLAG, TELEPHONE + bytes(msisdn_digits))
    builder.mark(field.MSISDN, msisdn_digits, 0, len(TELEPHONE))
    _put_3gpp(out, CALLED_PARTY, MANDATORY_FLAG, TELEPHONE + CALLED)
    end_group(out, call)


def _put_message(out: BytesWriter) -> None:
    """SMS-Information of a submitted message (TS 32.274, 6.3)."""
    message = begin_vendor_group(out, SMS_INFORMATION, MANDATORY_FLAG, VENDOR_3GPP)
    _put_3gpp(out, MESSAGE_TYPE, MANDATORY_FLAG, SUBMISSION.to_bytes(4))
    recipient = begin_vendor_group(out, RECIPIENT_INFO, MANDATORY_FLAG, VENDOR_3GPP)
    address = begin_vendor_group(out, RECIPIENT_ADDRESS, MANDATORY_FLAG, VENDOR_3GPP)
    _put_3gpp(out, ADDRESS_TYPE, MANDATORY_FLAG, MSISDN_ADDRESS.to_bytes(4))
    _put_3gpp(out, ADDRESS_DATA, MANDATORY_FLAG, CALLED)
    end_group(out, address)
    end_group(out, recipient)
    end_group(out, message)


def _put_3gpp(out: BytesWriter, code: int, flags: int, data: bytes) -> None:
    put_vendor_avp(out, code, flags, VENDOR_3GPP, data)


def _address(text: str) -> bytes:
    """An Address AVP's data: the family (1 = IPv4) and the octets (RFC 6733, 4.3.1)."""
    return b"\0\x01" + ipaddress.IPv4Address(text).packed
