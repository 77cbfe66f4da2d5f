"""Writing Diameter octets: AVPs, groups and messages (RFC 6733, 3 and 4).

The functions append to a ``BytesWriter`` and pad to four octets. A group is opened, its members are appended,
and it is closed: its length is put in afterwards, nothing is copied. Numbers are taken modulo their width.
"""

from typing import Final

from librt.strings import BytesWriter, write_i32_be, write_i64_be
from mypy_extensions import i32, i64, u8

from protocol.codes import VENDOR_FLAG

HEADER_OCTETS: Final = 20
AVP_HEADER_OCTETS: Final = 8
VENDOR_AVP_HEADER_OCTETS: Final = 12
MAX_LENGTH: Final = 0xFFFFFF

_U32: Final = 0xFFFFFFFF
_SIGN32: Final = 0x80000000


def put_number32(out: BytesWriter, value: i64) -> None:
    """Append the low 32 bits of a number."""
    low = value & _U32
    if low >= _SIGN32:
        low -= 0x100000000
    write_i32_be(out, i32(low))


def put_header(out: BytesWriter, code: i64, flags: i64, length: i64) -> None:
    """Append the eight octets that every AVP starts with."""
    high = code & _U32
    if high >= _SIGN32:
        high -= 0x100000000
    write_i64_be(out, high << 32 | (flags & 0xFF) << 24 | length & MAX_LENGTH)


def put_avp(out: BytesWriter, code: i64, flags: i64, data: bytes) -> None:
    """Append an AVP without Vendor-Id; ``flags`` are MANDATORY_FLAG and the like."""
    size: i64 = len(data)
    put_header(out, code, flags, size + AVP_HEADER_OCTETS)
    out.write(data)
    while size & 3:
        out.append(u8(0))
        size += 1


def put_vendor_avp(out: BytesWriter, code: i64, flags: i64, vendor: i64, data: bytes) -> None:
    """Append an AVP with a Vendor-Id; the V flag is added here."""
    size: i64 = len(data)
    put_header(out, code, flags | VENDOR_FLAG, size + VENDOR_AVP_HEADER_OCTETS)
    put_number32(out, vendor)
    out.write(data)
    while size & 3:
        out.append(u8(0))
        size += 1


def put_u32(out: BytesWriter, code: i64, flags: i64, value: i64) -> None:
    """Append an AVP of type Unsigned32, Integer32, Enumerated or Time."""
    put_header(out, code, flags, 12)
    put_number32(out, value)


def put_u64(out: BytesWriter, code: i64, flags: i64, value: i64) -> None:
    """Append an AVP of type Unsigned64 or Integer64."""
    put_header(out, code, flags, 16)
    write_i64_be(out, value)


def put_vendor_u32(out: BytesWriter, code: i64, flags: i64, vendor: i64, value: i64) -> None:
    """Append a 32-bit AVP with a Vendor-Id; the V flag is added here."""
    put_header(out, code, flags | VENDOR_FLAG, 16)
    put_number32(out, vendor)
    put_number32(out, value)


def begin_group(out: BytesWriter, code: i64, flags: i64) -> i64:
    """Open a Grouped AVP without Vendor-Id; give what is returned to ``end_group``."""
    start: i64 = len(out)
    put_header(out, code, flags, 0)
    return start


def begin_vendor_group(out: BytesWriter, code: i64, flags: i64, vendor: i64) -> i64:
    """Open a Grouped AVP with a Vendor-Id; give what is returned to ``end_group``."""
    start: i64 = len(out)
    put_header(out, code, flags | VENDOR_FLAG, 0)
    put_number32(out, vendor)
    return start


def end_group(out: BytesWriter, start: i64) -> None:
    """Close the Grouped AVP that was opened at ``start``: put its length in."""
    _put_length(out, start + 5, len(out) - start)


def begin_message(flags: i64, command: i64, application: i64, hop_by_hop: i64, end_to_end: i64) -> BytesWriter:
    """A writer that holds the header of a message; ``finish_message`` puts the length in."""
    out = BytesWriter()
    write_i64_be(out, 0x01 << 56 | (flags & 0xFF) << 24 | command & MAX_LENGTH)
    put_number32(out, application)
    put_number32(out, hop_by_hop)
    put_number32(out, end_to_end)
    return out


def finish_message(out: BytesWriter) -> bytes:
    """The octets of the message that ``begin_message`` began."""
    _put_length(out, 1, len(out))
    return out.getvalue()


def build_message(
    flags: i64, command: i64, application: i64, hop_by_hop: i64, end_to_end: i64, body: bytes
) -> bytes:
    """A whole message around AVPs that are already octets."""
    out = begin_message(flags, command, application, hop_by_hop, end_to_end)
    out.write(body)
    return finish_message(out)


def _put_length(out: BytesWriter, at: i64, length: i64) -> None:
    """Put a 24-bit length where it belongs: octet 5 of an AVP, octet 1 of a message."""
    out[at] = u8(length >> 16 & 0xFF)
    out[at + 1] = u8(length >> 8 & 0xFF)
    out[at + 2] = u8(length & 0xFF)
