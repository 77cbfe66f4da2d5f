"""What is wrong with an AVP, as an Issue: Result-Code, what Failed-AVP holds, words (RFC 6733, 7.1 and 7.5).

Each function takes the message and where the AVP begins. They run for faulty requests only.
"""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp import AVP_HEADER_OCTETS, VENDOR_AVP_HEADER_OCTETS
from protocol.codes import MANDATORY_FLAG, VENDOR_FLAG
from protocol.dictionary import avp_name, minimum_octets, wire_type
from protocol.messages import Issue
from protocol.result_codes import (
    AVP_NOT_ALLOWED,
    AVP_OCCURS_TOO_MANY_TIMES,
    AVP_UNSUPPORTED,
    CONTRADICTING_AVPS,
    INVALID_AVP_BITS,
    INVALID_AVP_LENGTH,
    INVALID_AVP_VALUE,
    MISSING_AVP,
)

_LENGTH_BITS: Final = 0xFFFFFF


class _Header:
    """The header of an AVP, zero-extended where the octets end too early."""

    def __init__(self, message: bytes, at: i64, end: i64) -> None:
        octets = message[at : min(at + VENDOR_AVP_HEADER_OCTETS, end)] + bytes(VENDOR_AVP_HEADER_OCTETS)
        head = read_i64_be(octets, 0)
        self.code: i64 = head >> 32 & 0xFFFFFFFF
        self.flags: i64 = head >> 24 & 0xFF
        self.length: i64 = head & _LENGTH_BITS
        self.vendor: i64 = 0
        if self.flags & VENDOR_FLAG:
            self.vendor = read_i64_be(octets, 4) & 0xFFFFFFFF
        self.name = avp_name(self.vendor, self.code)


def copy_of(message: bytes, at: i64) -> bytes:
    """The octets of a whole AVP, with padding of zeros."""
    length = read_i64_be(message, at) & _LENGTH_BITS
    return message[at : at + length] + bytes(-length & 3)


def example_of(code: i64, flags: i64, vendor: i64) -> bytes:
    """An AVP of the fewest octets its type can have, zero-filled (RFC 6733, 7.5)."""
    size = minimum_octets(wire_type(vendor, code))
    head = AVP_HEADER_OCTETS
    vendor_octets = b""
    if flags & VENDOR_FLAG:
        head = VENDOR_AVP_HEADER_OCTETS
        vendor_octets = int(vendor).to_bytes(4, "big")
    length = head + size
    octets = int(code).to_bytes(4, "big") + int(flags << 24 | length).to_bytes(4, "big")
    return octets + vendor_octets + bytes(size + (-size & 3))


def invalid_length(message: bytes, at: i64, end: i64) -> Issue:
    """The length is below the header, past ``end``, or none that the type can have: 5014."""
    header = _Header(message, at, end)
    reason = f"{header.name} has an invalid length {header.length} at octet {at}"
    return Issue(INVALID_AVP_LENGTH, example_of(header.code, header.flags, header.vendor), reason)


def unsupported(message: bytes, at: i64, end: i64) -> Issue:
    """An AVP with the M flag that nobody here knows: 5001."""
    header = _Header(message, at, end)
    return Issue(AVP_UNSUPPORTED, copy_of(message, at), f"{header.name} is mandatory and not supported")


def invalid_flags(message: bytes, at: i64, end: i64) -> Issue:
    """A V flag where none belongs, or none where the definition has one: 3009."""
    header = _Header(message, at, end)
    reason = "with Vendor-Id 0" if header.flags & VENDOR_FLAG else "without the V flag of its definition"
    return Issue(INVALID_AVP_BITS, copy_of(message, at), f"{header.name} {reason}")


def invalid_value(message: bytes, at: i64, reason: str) -> Issue:
    """A value outside its enumeration, text that is no UTF-8, an amount beyond reason: 5004."""
    header = _Header(message, at, len(message))
    return Issue(INVALID_AVP_VALUE, copy_of(message, at), f"{header.name} {reason}")


def missing(code: i64) -> Issue:
    """A required AVP of the base protocol or of credit control is absent: 5005."""
    return Issue(MISSING_AVP, example_of(code, MANDATORY_FLAG, 0), f"{avp_name(0, code)} is missing")


def contradicting(message: bytes, at: i64, other_at: i64, reason: str) -> Issue:
    """Two AVPs that can not go together: 5007."""
    return Issue(CONTRADICTING_AVPS, copy_of(message, at) + copy_of(message, other_at), reason)


def not_allowed(message: bytes, at: i64) -> Issue:
    """An AVP that has no place in this command: 5008."""
    header = _Header(message, at, len(message))
    return Issue(AVP_NOT_ALLOWED, copy_of(message, at), f"{header.name} is not allowed here")


def too_many(message: bytes, at: i64) -> Issue:
    """The first surplus instance of an AVP: 5009."""
    header = _Header(message, at, len(message))
    return Issue(AVP_OCCURS_TOO_MANY_TIMES, copy_of(message, at), f"{header.name} occurs too many times")
