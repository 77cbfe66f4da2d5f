"""Answers as octets: Credit-Control-Answers and error answers to any command (RFC 8506, 3.2; RFC 6733, 7.2).

AVPs carry the M flag as their tables say; clients that know no more than RFC 4006 and 3GPP accept them all.
Answers copy the P flag, the identifiers, Session-Id and Proxy-Info of their request, and never carry T.
"""

from typing import Final

from librt.strings import BytesWriter, read_i64_be
from mypy_extensions import i64

from protocol.avp import (
    HEADER_OCTETS,
    begin_message,
    finish_message,
    put_avp,
    put_u32,
)
from protocol.codes import (
    AUTH_APPLICATION_ID,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_SESSION_FAILOVER,
    CREDIT_CONTROL,
    CREDIT_CONTROL_APPLICATION,
    CREDIT_CONTROL_FAILURE_HANDLING,
    ERROR_FLAG,
    ERROR_MESSAGE,
    FAILED_AVP,
    MANDATORY_FLAG,
    ORIGIN_HOST,
    ORIGIN_REALM,
    PROXIABLE_FLAG,
    RESULT_CODE,
    SESSION_ID,
)
from protocol.cursor import AvpCursor
from protocol.decode import decode_request
from protocol.echo import proxy_info_of
from protocol.encode_services import put_command_units, put_service
from protocol.messages import (
    CreditControlAnswer,
    CreditControlRequest,
    Issue,
)
from protocol.result_codes import TOO_BUSY

_U32: Final = 0xFFFFFFFF


class Identity:
    """Who this server is in every answer: Origin-Host, Origin-Realm, and Origin-State-Id for its peers."""

    def __init__(self, origin_host: bytes, origin_realm: bytes, origin_state_id: int) -> None:
        self.origin_host = origin_host
        self.origin_realm = origin_realm
        self.origin_state_id = origin_state_id
        out = BytesWriter()
        put_avp(out, ORIGIN_HOST, MANDATORY_FLAG, origin_host)
        put_avp(out, ORIGIN_REALM, MANDATORY_FLAG, origin_realm)
        self.origin_avps = out.getvalue()
        put_u32(out, AUTH_APPLICATION_ID, MANDATORY_FLAG, CREDIT_CONTROL_APPLICATION)
        self.origin_and_application_avps = out.getvalue()
        busy = BytesWriter()
        busy.write(self.origin_avps)
        put_u32(busy, RESULT_CODE, MANDATORY_FLAG, TOO_BUSY)
        self.too_busy_avps = busy.getvalue()


def encode_answer(identity: Identity, request: CreditControlRequest, answer: CreditControlAnswer) -> bytes:
    """The CCA to a request; a Result-Code of class 3xxx makes it an answer-message with the E flag."""
    if is_protocol_error(answer.result_code):
        return _answer_message(identity, request, answer.result_code, answer.failed_avp, answer.error_message)
    out = _begin_answer(request, 0)
    put_u32(out, RESULT_CODE, MANDATORY_FLAG, answer.result_code)
    out.write(identity.origin_and_application_avps)
    if request.request_type >= 0:
        put_u32(out, CC_REQUEST_TYPE, MANDATORY_FLAG, request.request_type)
    if request.request_number >= 0:
        put_u32(out, CC_REQUEST_NUMBER, MANDATORY_FLAG, request.request_number)
    if answer.session_failover >= 0:
        put_u32(out, CC_SESSION_FAILOVER, MANDATORY_FLAG, answer.session_failover)
    if answer.failure_handling >= 0:
        put_u32(out, CREDIT_CONTROL_FAILURE_HANDLING, MANDATORY_FLAG, answer.failure_handling)
    if answer.units_at_command_level:
        for service in answer.services:
            put_command_units(out, service)
    else:
        for service in answer.services:
            put_service(out, service)
    put_failure(out, answer.failed_avp, answer.error_message)
    if request.proxy_info:
        out.write(request.proxy_info)
    return finish_message(out)


def encode_issue(identity: Identity, request: CreditControlRequest, issue: Issue) -> bytes:
    """The answer to a request that is wrong: an answer-message for 3xxx, else a CCA (RFC 6733, 7.1)."""
    return encode_request_error(identity, request, issue.result_code, issue.failed_avp, issue.error_message)


def encode_request_error(
    identity: Identity, request: CreditControlRequest, result_code: int, failed_avp: bytes, error_message: str
) -> bytes:
    """The error answer to a CCR that was decoded already."""
    answer = CreditControlAnswer(result_code)
    answer.failed_avp = failed_avp
    answer.error_message = error_message
    return encode_answer(identity, request, answer)


def encode_error(
    identity: Identity, message: bytes, result_code: int, failed_avp: bytes, error_message: str
) -> bytes:
    """The error answer to the octets of any request, of which only the 20 octets of the header must be there.

    3xxx gives an answer-message with the E flag. Else a CCR gets a CCA with all that an answer must repeat, and
    any other command the AVPs that every answer has.
    """
    if len(message) < HEADER_OCTETS:
        message = message + bytes(HEADER_OCTETS - len(message))
    head = read_i64_be(message, 0)
    command = head & 0xFFFFFF
    if command == CREDIT_CONTROL and not is_protocol_error(result_code):
        return encode_request_error(identity, decode_request(message), result_code, failed_avp, error_message)
    flags: i64 = ERROR_FLAG if is_protocol_error(result_code) else 0
    flags |= head >> 24 & PROXIABLE_FLAG
    out = begin_message(
        flags,
        command,
        read_i64_be(message, 4) & _U32,
        read_i64_be(message, 8) & _U32,
        read_i64_be(message, 12) & _U32,
    )
    _put_session_id(out, message)
    _put_error(out, identity, result_code, failed_avp, error_message)
    out.write(proxy_info_of(message))
    return finish_message(out)


def is_protocol_error(result_code: int) -> bool:
    """Whether a Result-Code is of class 3xxx, whose answers carry the E flag (RFC 6733, 7.1.3)."""
    return 3000 <= result_code < 4000


def _answer_message(
    identity: Identity, request: CreditControlRequest, result_code: int, failed_avp: bytes, error_message: str
) -> bytes:
    """The answer-message with the E flag (RFC 6733, 7.2)."""
    out = _begin_answer(request, ERROR_FLAG)
    _put_error(out, identity, result_code, failed_avp, error_message)
    out.write(request.proxy_info)
    return finish_message(out)


def _begin_answer(request: CreditControlRequest, flags: i64) -> BytesWriter:
    """The header of an answer to a CCR, and its Session-Id."""
    out = begin_message(
        request.flags & PROXIABLE_FLAG | flags,
        CREDIT_CONTROL,
        CREDIT_CONTROL_APPLICATION,
        request.hop_by_hop,
        request.end_to_end,
    )
    if request.session_id:
        put_avp(out, SESSION_ID, MANDATORY_FLAG, request.session_id)
    return out


def _put_session_id(out: BytesWriter, message: bytes) -> None:
    """Repeat the first Session-Id of a request, if the octets can be read up to there."""
    cursor = AvpCursor(message, HEADER_OCTETS, len(message))
    while cursor.next():
        if cursor.code == SESSION_ID and cursor.vendor == 0:
            put_avp(out, SESSION_ID, MANDATORY_FLAG, cursor.data())
            return


def _put_error(
    out: BytesWriter, identity: Identity, result_code: int, failed_avp: bytes, error_message: str
) -> None:
    """What every error answer carries."""
    out.write(identity.origin_avps)
    put_u32(out, RESULT_CODE, MANDATORY_FLAG, result_code)
    put_failure(out, failed_avp, error_message)


def put_failure(out: BytesWriter, failed_avp: bytes, error_message: str) -> None:
    """Error-Message and Failed-AVP, where there is something to say (RFC 6733, 7.3 and 7.5)."""
    if error_message:
        put_avp(out, ERROR_MESSAGE, 0, error_message.encode())
    if failed_avp:
        put_avp(out, FAILED_AVP, MANDATORY_FLAG, failed_avp)
