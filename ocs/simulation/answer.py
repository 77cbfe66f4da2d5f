"""What a gateway reads of an answer, and what it would find wrong with it. HOT PATH: compiled.

An answer is well-formed when its AVPs fill it exactly, it carries each AVP a strict client insists on once, and
it echoes what the request said (RFC 8506, 3.2; RFC 6733, 7.2 for answers with the E bit).
"""

from typing import Final

from librt.strings import read_i32_be, read_i64_be
from mypy_extensions import i64

from protocol.avp import HEADER_OCTETS
from protocol.codes import (
    AUTH_APPLICATION_ID,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_SERVICE_SPECIFIC_UNITS,
    CC_TIME,
    CC_TOTAL_OCTETS,
    CREDIT_CONTROL_APPLICATION,
    ERROR_FLAG,
    FINAL_UNIT_INDICATION,
    GRANTED_SERVICE_UNIT,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    ORIGIN_HOST,
    ORIGIN_REALM,
    RATING_GROUP,
    RESULT_CODE,
    SESSION_ID,
    VENDOR_FLAG,
)

NONE: Final = -1
U32: Final = 0xFFFFFFFF


class ServiceResult:
    """One MSCC of an answer; ``granted`` are units of any kind, NONE where nothing was granted."""

    def __init__(self) -> None:
        self.rating_group: i64 = NONE
        self.result_code: i64 = NONE
        self.granted: i64 = NONE
        self.final = False


class Answer:
    """An answer's content. ``fault`` says what is wrong with its form, "" where nothing is."""

    def __init__(self) -> None:
        self.fault = ""
        self.error = False
        self.result_code: i64 = NONE
        self.session_id = b""
        self.request_type: i64 = NONE
        self.request_number: i64 = NONE
        self.application: i64 = NONE
        self.origins: i64 = 0
        self.services: list[ServiceResult] = []


def read_number32(message: bytes, at: i64) -> i64:
    """The unsigned number in four octets."""
    return i64(read_i32_be(message, at)) & U32


def read_answer(message: bytes) -> Answer:
    """The content of a CCA; its header has been looked at before."""
    answer = Answer()
    answer.error = (message[4] & ERROR_FLAG) != 0
    at: i64 = HEADER_OCTETS
    end: i64 = len(message)
    while at < end:
        size = avp_octets(message, at, end)
        if size == 0:
            answer.fault = f"an AVP does not fit at octet {at}"
            return answer
        if not message[at + 4] & VENDOR_FLAG:
            _take_avp(message, at, size, answer)
        at += (size + 3) & ~3
    if not answer.fault:
        answer.fault = _form_fault(answer)
    return answer


def avp_octets(message: bytes, at: i64, end: i64) -> i64:
    """The length of the AVP at an offset; 0 where none fits."""
    if end - at < 8:
        return 0
    head = read_i64_be(message, at)
    size = head & 0xFFFFFF
    header: i64 = 12 if message[at + 4] & VENDOR_FLAG else 8
    if size < header or at + ((size + 3) & ~3) > end:
        return 0
    return size


def _take_avp(message: bytes, at: i64, size: i64, answer: Answer) -> None:
    code = read_number32(message, at)
    if code == SESSION_ID:
        if at != HEADER_OCTETS:
            answer.fault = "Session-Id is not the first AVP"
        answer.session_id = message[at + 8 : at + size]
    elif code == ORIGIN_HOST:
        answer.origins += 1
    elif code == ORIGIN_REALM:
        answer.origins += 100
    elif code == MULTIPLE_SERVICES_CREDIT_CONTROL:
        _take_service(message, at + 8, at + size, answer)
    elif code == RESULT_CODE:
        answer.result_code = _once(message, at, size, answer, answer.result_code, "Result-Code")
    elif code == CC_REQUEST_TYPE:
        answer.request_type = _once(message, at, size, answer, answer.request_type, "CC-Request-Type")
    elif code == CC_REQUEST_NUMBER:
        answer.request_number = _once(message, at, size, answer, answer.request_number, "CC-Request-Number")
    elif code == AUTH_APPLICATION_ID:
        answer.application = _once(message, at, size, answer, answer.application, "Auth-Application-Id")


def _once(message: bytes, at: i64, size: i64, answer: Answer, known: i64, name: str) -> i64:
    """The number of an AVP that may occur once."""
    if size != 12:
        answer.fault = f"{name} has {size} octets"
        return NONE
    if known != NONE:
        answer.fault = f"{name} occurs twice"
    return read_number32(message, at + 8)


def _take_service(message: bytes, start: i64, end: i64, answer: Answer) -> None:
    service = ServiceResult()
    at = start
    while at < end:
        size = avp_octets(message, at, end)
        if size == 0:
            answer.fault = f"an AVP does not fit at octet {at}"
            return
        code = read_number32(message, at)
        if message[at + 4] & VENDOR_FLAG:
            code = NONE
        if code == RATING_GROUP:
            service.rating_group = _once(message, at, size, answer, service.rating_group, "Rating-Group")
        elif code == RESULT_CODE:
            service.result_code = _once(message, at, size, answer, service.result_code, "Result-Code")
        elif code == GRANTED_SERVICE_UNIT:
            if service.granted != NONE:
                answer.fault = "Granted-Service-Unit occurs twice"
            service.granted = _granted(message, at + 8, at + size, answer)
        elif code == FINAL_UNIT_INDICATION:
            service.final = True
        at += (size + 3) & ~3
    answer.services.append(service)


def _granted(message: bytes, start: i64, end: i64, answer: Answer) -> i64:
    """The octets, seconds or service-specific units of a Granted-Service-Unit, 0 where it has none."""
    granted: i64 = 0
    at = start
    while at < end:
        size = avp_octets(message, at, end)
        if size == 0:
            answer.fault = f"an AVP does not fit at octet {at}"
            return 0
        code = read_number32(message, at)
        if code == CC_TIME:
            granted = _once(message, at, size, answer, NONE, "CC-Time")
        elif code == CC_TOTAL_OCTETS or code == CC_SERVICE_SPECIFIC_UNITS:  # noqa: PLR1714, SIM109  (boxes)
            if size != 16:
                name = "CC-Total-Octets" if code == CC_TOTAL_OCTETS else "CC-Service-Specific-Units"
                answer.fault = f"{name} has {size} octets"
                return 0
            granted = read_i64_be(message, at + 8)
        at += (size + 3) & ~3
    return granted


def _form_fault(answer: Answer) -> str:
    if answer.result_code == NONE:
        return "no Result-Code"
    if answer.origins != 101:
        return "Origin-Host and Origin-Realm are not there once each"
    if answer.error:
        return ""
    if answer.result_code // 1000 == 3:
        return f"Result-Code {answer.result_code} without the E bit"
    if not answer.session_id:
        return "no Session-Id"
    if answer.application != CREDIT_CONTROL_APPLICATION:
        return "Auth-Application-Id is not 4"
    if NONE in {answer.request_type, answer.request_number}:
        return "no CC-Request-Type or no CC-Request-Number"
    return ""
