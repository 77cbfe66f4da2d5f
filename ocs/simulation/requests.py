"""What clients write into CCR-I, CCR-U and CCR-T, or into the one request of an event (TS 32.299, 6.4)."""

from ocs.simulation import template as field
from ocs.simulation.information import put_service_information
from ocs.simulation.kinds import KINDS, TrafficKind
from ocs.simulation.profile import LoadProfile
from ocs.simulation.session import EVENTS, NO_RATING_GROUP, SECONDS
from ocs.simulation.template import RequestTemplate, TemplateBuilder
from protocol import codes
from protocol.avp import begin_group, end_group, put_avp, put_u32, put_u64, put_vendor_avp
from protocol.codes import MANDATORY_FLAG, VENDOR_3GPP
from protocol.messages import EVENT_REQUEST, INITIAL_REQUEST, TERMINATION_REQUEST, UPDATE_REQUEST

DIAMETER_LOGOUT = 1
MULTIPLE_SERVICES_SUPPORTED = 1
SUBSCRIBER_E164, SUBSCRIBER_IMSI = 0, 1
REASON_FINAL, REASON_QUOTA_EXHAUSTED = 2, 3

DIRECT_DEBITING = 0


def session_id_head(profile: LoadProfile, gateway: int, started_s: int) -> bytes:
    """A gateway's Session-Ids without the digits that count its sessions."""
    return f"{profile.origin_host(gateway)};{started_s};".encode()


def gateway_templates(
    profile: LoadProfile, gateway: int, session_id_octets: int
) -> dict[str, list[RequestTemplate]]:
    """The templates of one gateway by kind: of CCR-I, CCR-U and CCR-T, or of the one request of an event."""
    found = {}
    for name, _ in profile.mix:
        kind = KINDS[name]
        types = (EVENT_REQUEST,) if kind.event else (INITIAL_REQUEST, UPDATE_REQUEST, TERMINATION_REQUEST)
        found[name] = [request_template(profile, kind, gateway, each, session_id_octets) for each in types]
    return found


def request_template(
    profile: LoadProfile, kind: TrafficKind, gateway: int, request_type: int, session_id_octets: int
) -> RequestTemplate:
    """The template of one CC-Request-Type for one gateway and one kind of its traffic."""
    builder = TemplateBuilder()
    out = builder.out
    put_avp(out, codes.SESSION_ID, MANDATORY_FLAG, bytes(session_id_octets))
    builder.mark(field.SESSION_ID, session_id_octets, 0)
    put_avp(out, codes.ORIGIN_HOST, MANDATORY_FLAG, profile.origin_host(gateway).encode())
    put_avp(out, codes.ORIGIN_REALM, MANDATORY_FLAG, profile.realm.encode())
    put_avp(out, codes.DESTINATION_REALM, MANDATORY_FLAG, profile.realm.encode())
    put_u32(out, codes.AUTH_APPLICATION_ID, MANDATORY_FLAG, codes.CREDIT_CONTROL_APPLICATION)
    context = kind.service_context or profile.service_context
    put_avp(out, codes.SERVICE_CONTEXT_ID, MANDATORY_FLAG, context.encode())
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
    if request_type == EVENT_REQUEST:
        put_u32(out, codes.REQUESTED_ACTION, MANDATORY_FLAG, DIRECT_DEBITING)
    for place in range(profile.services_of(kind)):
        _put_service(builder, profile, kind, request_type, place)
    put_service_information(builder, kind.unit, profile.apn.encode(), len(profile.msisdn_base))
    return builder.finish()


def _put_subscription(builder: TemplateBuilder, kind: int, number: int, digits: int) -> None:
    start = begin_group(builder.out, codes.SUBSCRIPTION_ID, MANDATORY_FLAG)
    put_u32(builder.out, codes.SUBSCRIPTION_ID_TYPE, MANDATORY_FLAG, kind)
    put_avp(builder.out, codes.SUBSCRIPTION_ID_DATA, MANDATORY_FLAG, bytes(digits))
    builder.mark(number, digits, 0)
    end_group(builder.out, start)


def _put_service(
    builder: TemplateBuilder, profile: LoadProfile, kind: TrafficKind, request_type: int, place: int
) -> None:
    out = builder.out
    service = begin_group(out, codes.MULTIPLE_SERVICES_CREDIT_CONTROL, MANDATORY_FLAG)
    if request_type != TERMINATION_REQUEST:
        requested = begin_group(out, codes.REQUESTED_SERVICE_UNIT, MANDATORY_FLAG)
        _put_requested(builder, profile, kind)
        end_group(out, requested)
    reports = request_type in {UPDATE_REQUEST, TERMINATION_REQUEST}
    if reports:
        used = begin_group(out, codes.USED_SERVICE_UNIT, MANDATORY_FLAG)
        _put_used(builder, kind.unit, place)
        end_group(out, used)
    first = profile.first_group_of(kind)
    if first != NO_RATING_GROUP:
        put_u32(out, codes.RATING_GROUP, MANDATORY_FLAG, first + place)
    if reports:
        reason = REASON_FINAL if request_type == TERMINATION_REQUEST else REASON_QUOTA_EXHAUSTED
        put_vendor_avp(out, codes.REPORTING_REASON, MANDATORY_FLAG, VENDOR_3GPP, reason.to_bytes(4))
    end_group(out, service)


def _put_requested(builder: TemplateBuilder, profile: LoadProfile, kind: TrafficKind) -> None:
    if kind.unit == SECONDS:
        put_u32(builder.out, codes.CC_TIME, MANDATORY_FLAG, kind.requested)
    elif kind.unit == EVENTS:
        put_u64(builder.out, codes.CC_SERVICE_SPECIFIC_UNITS, MANDATORY_FLAG, kind.requested)
    elif profile.requested_octets:
        put_u64(builder.out, codes.CC_TOTAL_OCTETS, MANDATORY_FLAG, profile.requested_octets)


def _put_used(builder: TemplateBuilder, unit: int, place: int) -> None:
    out = builder.out
    if unit == SECONDS:
        put_u32(out, codes.CC_TIME, MANDATORY_FLAG, 0)
        builder.mark(field.USED_TIME, 4, place)
    elif unit == EVENTS:
        put_u64(out, codes.CC_SERVICE_SPECIFIC_UNITS, MANDATORY_FLAG, 0)
        builder.mark(field.USED_TOTAL, 8, place)
    else:
        for code, number in (
            (codes.CC_TOTAL_OCTETS, field.USED_TOTAL),
            (codes.CC_INPUT_OCTETS, field.USED_INPUT),
            (codes.CC_OUTPUT_OCTETS, field.USED_OUTPUT),
        ):
            put_u64(out, code, MANDATORY_FLAG, 0)
            builder.mark(number, 8, place)
