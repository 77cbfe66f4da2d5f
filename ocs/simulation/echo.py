"""The least that can answer a CCR: a Credit-Control-Answer of the usual size that charges nothing.

The floor that a measured server is compared with: the identifiers, the Session-Id, type and number are put
into ready octets, and nothing else of the request is read. HOT PATH: compiled.
"""

from typing import Final

from librt.strings import BytesWriter, read_i32_be, read_i64_be
from mypy_extensions import i64

from protocol.avp import (
    HEADER_OCTETS,
    begin_group,
    begin_message,
    end_group,
    finish_message,
    put_avp,
    put_number32,
    put_u32,
    put_u64,
)
from protocol.codes import (
    AUTH_APPLICATION_ID,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_TOTAL_OCTETS,
    CREDIT_CONTROL_APPLICATION,
    GRANTED_SERVICE_UNIT,
    MANDATORY_FLAG,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    ORIGIN_HOST,
    ORIGIN_REALM,
    PROXIABLE_FLAG,
    RATING_GROUP,
    RESULT_CODE,
    VALIDITY_TIME,
)
from protocol.framing import MessageFramer
from protocol.messages import TERMINATION_REQUEST
from protocol.result_codes import SUCCESS

CREDIT_CONTROL_REQUEST: Final = 0xC0000110
COMMAND_AND_FLAGS: Final = 0xE0FFFFFF
GRANT_OCTETS: Final = 10_000_000
VALIDITY_S: Final = 3600
MAX_OCTETS: Final = 65_536
BEFORE: Final = 4
"""A group that begins at 0 would be taken for a message."""


class CreditControlEcho:
    """One connection of an echoing server; ``others`` gets the messages that are no CCR."""

    def __init__(self, origin_host: bytes, origin_realm: bytes, rating_groups: i64) -> None:
        self.others: list[bytes] = []
        self.answered: i64 = 0
        self._framer = MessageFramer(MAX_OCTETS)
        self._origin = _origin_avps(origin_host, origin_realm)
        self._granting = _services(rating_groups, granting=True)
        self._closing = _services(rating_groups, granting=False)

    def receive(self, data: bytes) -> bytes:
        """The answers to the CCRs in these octets, joined for one write."""
        out = BytesWriter()
        self._framer.feed(data)
        while self._framer.next():
            message = self._framer.message()
            if i64(read_i32_be(message, 4)) & COMMAND_AND_FLAGS == CREDIT_CONTROL_REQUEST:
                self._answer(out, message)
                self.answered += 1
            else:
                self.others.append(message)
        return out.getvalue()

    def _answer(self, out: BytesWriter, message: bytes) -> None:
        first = (read_i64_be(message, HEADER_OCTETS) & 0xFFFFFF) + 3 & ~3
        session_id = message[HEADER_OCTETS : HEADER_OCTETS + first]
        kind: i64 = 0
        number: i64 = 0
        at = HEADER_OCTETS + first
        end: i64 = len(message)
        while at + 12 <= end:
            head = read_i64_be(message, at)
            code = head >> 32 & 0xFFFFFFFF
            if code == CC_REQUEST_TYPE:
                kind = i64(read_i32_be(message, at + 8)) & 0xFFFFFFFF
            elif code == CC_REQUEST_NUMBER:
                number = i64(read_i32_be(message, at + 8)) & 0xFFFFFFFF
                break
            at += ((head & 0xFFFFFF) + 3) & ~3
        services = self._closing if kind == TERMINATION_REQUEST else self._granting
        size = HEADER_OCTETS + first + i64(len(self._origin)) + 24 + i64(len(services))
        put_number32(out, 1 << 24 | size)
        put_number32(out, PROXIABLE_FLAG << 24 | CREDIT_CONTROL_REQUEST & 0xFFFFFF)
        out.write(message[8:HEADER_OCTETS])
        out.write(session_id)
        out.write(self._origin)
        put_u32(out, CC_REQUEST_TYPE, MANDATORY_FLAG, kind)
        put_u32(out, CC_REQUEST_NUMBER, MANDATORY_FLAG, number)
        out.write(services)


def _origin_avps(origin_host: bytes, origin_realm: bytes) -> bytes:
    out = BytesWriter()
    put_u32(out, RESULT_CODE, MANDATORY_FLAG, SUCCESS)
    put_avp(out, ORIGIN_HOST, MANDATORY_FLAG, origin_host)
    put_avp(out, ORIGIN_REALM, MANDATORY_FLAG, origin_realm)
    put_u32(out, AUTH_APPLICATION_ID, MANDATORY_FLAG, CREDIT_CONTROL_APPLICATION)
    return out.getvalue()


def _services(rating_groups: i64, *, granting: bool) -> bytes:
    """The MSCCs of an answer for the rating groups from 1 on."""
    out = BytesWriter()
    out.write(bytes(BEFORE))
    for rating_group in range(1, rating_groups + 1):
        service = begin_group(out, MULTIPLE_SERVICES_CREDIT_CONTROL, MANDATORY_FLAG)
        if granting:
            granted = begin_group(out, GRANTED_SERVICE_UNIT, MANDATORY_FLAG)
            put_u64(out, CC_TOTAL_OCTETS, MANDATORY_FLAG, GRANT_OCTETS)
            end_group(out, granted)
        put_u32(out, RATING_GROUP, MANDATORY_FLAG, rating_group)
        if granting:
            put_u32(out, VALIDITY_TIME, MANDATORY_FLAG, VALIDITY_S)
        put_u32(out, RESULT_CODE, MANDATORY_FLAG, SUCCESS)
        end_group(out, service)
    return out.getvalue()[BEFORE:]


def capabilities_answer(request: bytes, origin_host: bytes, origin_realm: bytes) -> bytes:
    """A success for a CER, DWR or DPR, as far as a generator looks at it."""
    out = begin_message(
        0,
        i64(read_i32_be(request, 4)) & 0xFFFFFF,
        0,
        i64(read_i32_be(request, 12)) & 0xFFFFFFFF,
        i64(read_i32_be(request, 16)) & 0xFFFFFFFF,
    )
    out.write(_origin_avps(origin_host, origin_realm))
    return finish_message(out)
