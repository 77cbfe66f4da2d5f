"""What an answer says of each service: units, how long they hold, when to come back (RFC 8506, 8.16)."""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from protocol.avp import begin_group, end_group, put_u32, put_u64, put_vendor_u32
from protocol.codes import (
    CC_SERVICE_SPECIFIC_UNITS,
    CC_TIME,
    CC_TOTAL_OCTETS,
    FINAL_UNIT_ACTION,
    FINAL_UNIT_INDICATION,
    GRANTED_SERVICE_UNIT,
    MANDATORY_FLAG,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    QUOTA_HOLDING_TIME,
    RATING_GROUP,
    RESULT_CODE,
    SERVICE_IDENTIFIER,
    TIME_QUOTA_THRESHOLD,
    UNIT_QUOTA_THRESHOLD,
    VALIDITY_TIME,
    VENDOR_3GPP,
    VOLUME_QUOTA_THRESHOLD,
)
from protocol.messages import GRANTED_OCTETS, GRANTED_SECONDS, GRANTED_SPECIFIC_UNITS, ServiceAnswer

_U32: Final = 0xFFFFFFFF


def put_service(out: BytesWriter, service: ServiceAnswer) -> None:
    """One MSCC (RFC 8506, 8.16; TS 32.299, 6.4.3)."""
    start = begin_group(out, MULTIPLE_SERVICES_CREDIT_CONTROL, MANDATORY_FLAG)
    kind = service.granted_kind
    if kind:
        _put_granted(out, kind, service.granted)
    if service.service_identifier >= 0:
        put_u32(out, SERVICE_IDENTIFIER, MANDATORY_FLAG, service.service_identifier)
    if service.rating_group >= 0:
        put_u32(out, RATING_GROUP, MANDATORY_FLAG, service.rating_group)
    if service.validity_time_s >= 0:
        put_u32(out, VALIDITY_TIME, MANDATORY_FLAG, service.validity_time_s)
    put_u32(out, RESULT_CODE, MANDATORY_FLAG, service.result_code)
    if service.final_unit_action >= 0:
        _put_final_unit(out, service.final_unit_action)
    if service.threshold >= 0 and kind:
        _put_threshold(out, kind, service.threshold)
    if service.quota_holding_time_s >= 0:
        put_vendor_u32(out, QUOTA_HOLDING_TIME, MANDATORY_FLAG, VENDOR_3GPP, service.quota_holding_time_s)
    end_group(out, start)


def put_command_units(out: BytesWriter, service: ServiceAnswer) -> None:
    """The units of a client that has them at command level; there is no place for 3GPP's thresholds there."""
    if service.granted_kind:
        _put_granted(out, service.granted_kind, service.granted)
    if service.final_unit_action >= 0:
        _put_final_unit(out, service.final_unit_action)
    if service.validity_time_s >= 0:
        put_u32(out, VALIDITY_TIME, MANDATORY_FLAG, service.validity_time_s)


def _put_granted(out: BytesWriter, kind: i64, amount: i64) -> None:
    """Granted-Service-Unit with its one kind of unit."""
    start = begin_group(out, GRANTED_SERVICE_UNIT, MANDATORY_FLAG)
    if kind == GRANTED_OCTETS:
        put_u64(out, CC_TOTAL_OCTETS, MANDATORY_FLAG, amount)
    elif kind == GRANTED_SECONDS:
        put_u32(out, CC_TIME, MANDATORY_FLAG, _capped(amount))
    elif kind == GRANTED_SPECIFIC_UNITS:
        put_u64(out, CC_SERVICE_SPECIFIC_UNITS, MANDATORY_FLAG, amount)
    end_group(out, start)


def _put_threshold(out: BytesWriter, kind: i64, threshold: i64) -> None:
    """What must be left of the grant when the client comes back: 32 bits, of octets too."""
    code: i64 = VOLUME_QUOTA_THRESHOLD
    if kind == GRANTED_SECONDS:
        code = TIME_QUOTA_THRESHOLD
    elif kind == GRANTED_SPECIFIC_UNITS:
        code = UNIT_QUOTA_THRESHOLD
    put_vendor_u32(out, code, MANDATORY_FLAG, VENDOR_3GPP, _capped(threshold))


def _put_final_unit(out: BytesWriter, action: i64) -> None:
    """Final-Unit-Indication with its action alone (RFC 8506, 8.34)."""
    start = begin_group(out, FINAL_UNIT_INDICATION, MANDATORY_FLAG)
    put_u32(out, FINAL_UNIT_ACTION, MANDATORY_FLAG, action)
    end_group(out, start)


def _capped(value: i64) -> i64:
    """What 32 bits can say of a value."""
    if value > _U32:
        return _U32
    return value
