"""Refusing a CCR that nobody reads, because there is no room for it. HOT PATH: compiled.

Only the heads of its AVPs are stepped over, for what an error answer repeats (RFC 6733, 7.2: Session-Id and
Proxy-Info). A request in which that can not be found is left to the decoder, whose answer says what is wrong.
"""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64, mypyc_attr

from protocol.avp import AVP_HEADER_OCTETS, HEADER_OCTETS, begin_message, finish_message
from protocol.codes import (
    CC_REQUEST_TYPE,
    CREDIT_CONTROL,
    CREDIT_CONTROL_APPLICATION,
    ERROR_FLAG,
    PROXIABLE_FLAG,
    PROXY_INFO,
    SESSION_ID,
    VENDOR_FLAG,
)

_U32: Final = 0xFFFFFFFF
_LENGTH_BITS: Final = 0xFFFFFF


@mypyc_attr(acyclic=True)
class UnreadRequest:
    """What a refusal repeats of a CCR and counts: its Session-Id AVP, its Proxy-Info AVPs and its type."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.request_type: i64 = 0
        self.session_id = b""
        self.proxy_info = b""

    def find(self) -> bool:
        """Step over the AVPs; false where one is cut off, or the Session-Id or a known type is not there."""
        message = self.message
        end: i64 = len(message)
        at: i64 = HEADER_OCTETS
        while at < end:
            if end - at < AVP_HEADER_OCTETS:
                return False
            head = read_i64_be(message, at)
            length = head & _LENGTH_BITS
            following = at + (length + 3 & ~3)
            if length < AVP_HEADER_OCTETS or following > end:
                return False
            if not (head >> 24) & VENDOR_FLAG:
                self._take(head >> 32 & _U32, at, following, length)
            at = following
        return len(self.session_id) > AVP_HEADER_OCTETS and 1 <= self.request_type <= 4

    def _take(self, code: i64, at: i64, following: i64, length: i64) -> None:
        if code == CC_REQUEST_TYPE:
            if length == 12:
                self.request_type = read_i64_be(self.message, at + 4) & _U32
        elif code == SESSION_ID:
            if not self.session_id:
                self.session_id = self.message[at:following]
        elif code == PROXY_INFO:
            self.proxy_info += self.message[at:following]

    def answer(self, error_avps: bytes) -> bytes:
        """The answer-message with the E flag around what does not change: origin and Result-Code."""
        message = self.message
        out = begin_message(
            ERROR_FLAG | (read_i64_be(message, 0) >> 24 & PROXIABLE_FLAG),
            CREDIT_CONTROL,
            CREDIT_CONTROL_APPLICATION,
            read_i64_be(message, 8) & _U32,
            read_i64_be(message, 12) & _U32,
        )
        out.write(self.session_id)
        out.write(error_avps)
        if self.proxy_info:
            out.write(self.proxy_info)
        return finish_message(out)
