"""What every answer to a message can repeat of it, read leniently (RFC 6733, 6.2)."""

from protocol.avp import HEADER_OCTETS
from protocol.codes import (
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    DESTINATION_HOST,
    DESTINATION_REALM,
    ORIGIN_HOST,
    ORIGIN_REALM,
    PROXY_INFO,
    SESSION_ID,
)
from protocol.cursor import AvpCursor
from protocol.messages import CreditControlRequest


def proxy_info_of(message: bytes) -> bytes:
    """The Proxy-Info AVPs of a message, in order, up to where it can not be read any more."""
    found: list[bytes] = []
    cursor = AvpCursor(message, HEADER_OCTETS, len(message))
    while cursor.next():
        if cursor.code == PROXY_INFO and cursor.vendor == 0:
            found.append(cursor.avp())
    return b"".join(found)


def fill_echoed(message: bytes, request: CreditControlRequest) -> None:
    """Fill what an answer repeats and who asked, where the walk did not come to it because of a fault."""
    cursor = AvpCursor(message, HEADER_OCTETS, len(message))
    while cursor.next():
        if cursor.vendor == 0:
            _fill(cursor, request)
    request.proxy_info = proxy_info_of(message)


def _fill(cursor: AvpCursor, request: CreditControlRequest) -> None:
    """Take the first instance of what an answer repeats."""
    code = cursor.code
    if code == SESSION_ID:
        request.session_id = request.session_id or cursor.data()
    elif code == CC_REQUEST_TYPE:
        if request.request_type < 0:
            request.request_type = cursor.number32()
    elif code == CC_REQUEST_NUMBER:
        if request.request_number < 0:
            request.request_number = cursor.number32()
    elif code == ORIGIN_HOST:
        request.origin_host = request.origin_host or cursor.data()
    elif code == ORIGIN_REALM:
        request.origin_realm = request.origin_realm or cursor.data()
    elif code == DESTINATION_HOST:
        request.destination_host = request.destination_host or cursor.data()
    elif code == DESTINATION_REALM:
        request.destination_realm = request.destination_realm or cursor.data()
