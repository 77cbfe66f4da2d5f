"""What base-protocol requests must look like, as rows, and the check against them (RFC 6733, 5.3-5.5).

The faults are those of RFC 6733, 7.1.5; the first one is reported.
"""

from typing import Final, NamedTuple

from librt.strings import BytesWriter

from protocol import codes
from protocol.avp import HEADER_OCTETS, put_avp, put_vendor_avp
from protocol.cursor import AvpCursor
from protocol.dictionary import UNKNOWN, wire_type
from protocol.messages import Issue
from protocol.result_codes import (
    AVP_OCCURS_TOO_MANY_TIMES,
    AVP_UNSUPPORTED,
    INVALID_AVP_LENGTH,
    INVALID_AVP_VALUE,
    MISSING_AVP,
)


class Field(NamedTuple):
    """One AVP of a command: how often it may come and which lengths its data may have (none named: any).

    ``example`` is the data that Failed-AVP shows where the AVP is missing or too short.
    """

    name: str
    minimum: int
    maximum: int
    lengths: tuple[int, ...]
    example: bytes
    mandatory: bool = True


_ANY_NUMBER: Final = 1_000
_NUMBER: Final = ((4,), b"\0\0\0\0")
_OCTETS: Final = ((), b"")
_ADDRESS: Final = ((6, 18), bytes(6))

_ORIGIN: Final = {
    codes.ORIGIN_HOST: Field("Origin-Host", 1, 1, *_OCTETS),
    codes.ORIGIN_REALM: Field("Origin-Realm", 1, 1, *_OCTETS),
}

CAPABILITIES_EXCHANGE_FIELDS: Final = {
    **_ORIGIN,
    codes.HOST_IP_ADDRESS: Field("Host-IP-Address", 1, _ANY_NUMBER, *_ADDRESS),
    codes.VENDOR_ID: Field("Vendor-Id", 1, 1, *_NUMBER),
    codes.PRODUCT_NAME: Field("Product-Name", 1, 1, *_OCTETS, mandatory=False),
    codes.ORIGIN_STATE_ID: Field("Origin-State-Id", 0, 1, *_NUMBER),
    codes.SUPPORTED_VENDOR_ID: Field("Supported-Vendor-Id", 0, _ANY_NUMBER, *_NUMBER),
    codes.AUTH_APPLICATION_ID: Field("Auth-Application-Id", 0, _ANY_NUMBER, *_NUMBER),
    codes.INBAND_SECURITY_ID: Field("Inband-Security-Id", 0, _ANY_NUMBER, *_NUMBER),
    codes.ACCT_APPLICATION_ID: Field("Acct-Application-Id", 0, _ANY_NUMBER, *_NUMBER),
    codes.VENDOR_SPECIFIC_APPLICATION_ID: Field("Vendor-Specific-Application-Id", 0, _ANY_NUMBER, *_OCTETS),
    codes.FIRMWARE_REVISION: Field("Firmware-Revision", 0, 1, *_NUMBER, mandatory=False),
}

DEVICE_WATCHDOG_FIELDS: Final = {**_ORIGIN, codes.ORIGIN_STATE_ID: Field("Origin-State-Id", 0, 1, *_NUMBER)}

DISCONNECT_PEER_FIELDS: Final = {**_ORIGIN, codes.DISCONNECT_CAUSE: Field("Disconnect-Cause", 1, 1, *_NUMBER)}


class Found:
    """What a request holds: the data of each field that its grammar names, in order, and the first fault."""

    def __init__(self) -> None:
        self.values: dict[int, list[bytes]] = {}
        self.issue: Issue | None = None

    def first(self, code: int) -> bytes:
        """The data of the first AVP of that code, empty without one."""
        found = self.values.get(code)
        return found[0] if found else b""

    def numbers(self, code: int) -> list[int]:
        """The numbers of all AVPs of that code."""
        return [int.from_bytes(data, "big") for data in self.values.get(code, [])]


def check(message: bytes, fields: dict[int, Field]) -> Found:
    """Read a request against its grammar; what can be read is there even when there is a fault."""
    found = Found()
    cursor = AvpCursor(message, HEADER_OCTETS, len(message))
    while cursor.next():
        field = fields.get(cursor.code) if cursor.vendor == 0 else None
        issue = _unknown(cursor) if field is None else _take(cursor, field, fields, found)
        found.issue = found.issue or issue
    if cursor.malformed:
        found.issue = found.issue or _invalid_length(cursor, fields)
    for code, field in fields.items():
        if len(found.values.get(code, [])) < field.minimum:
            found.issue = found.issue or _missing(code, field)
    return found


def _take(cursor: AvpCursor, field: Field, fields: dict[int, Field], found: Found) -> Issue | None:
    if field.lengths and cursor.data_length not in field.lengths:
        return _invalid_length(cursor, fields)
    values = found.values.setdefault(cursor.code, [])
    if len(values) >= field.maximum:
        return Issue(AVP_OCCURS_TOO_MANY_TIMES, cursor.avp(), f"{field.name} occurs too many times")
    values.append(cursor.data())
    if cursor.code in (codes.ORIGIN_HOST, codes.ORIGIN_REALM) and not is_identity(values[0]):
        return Issue(INVALID_AVP_VALUE, cursor.avp(), f"{field.name} is not a name")
    return None


def is_identity(name: bytes) -> bool:
    """Tell whether octets can be a DiameterIdentity: visible ASCII, no more: clients are inventive."""
    return len(name) > 0 and all(0x21 <= octet <= 0x7E for octet in name)


def _unknown(cursor: AvpCursor) -> Issue | None:
    if not cursor.flags & codes.MANDATORY_FLAG or wire_type(cursor.vendor, cursor.code) != UNKNOWN:
        return None
    return Issue(AVP_UNSUPPORTED, cursor.avp(), f"AVP {cursor.code} of vendor {cursor.vendor} is not known")


def _missing(code: int, field: Field) -> Issue:
    out = BytesWriter()
    put_avp(out, code, codes.MANDATORY_FLAG if field.mandatory else 0, field.example)
    return Issue(MISSING_AVP, out.getvalue(), f"{field.name} is missing")


def _invalid_length(cursor: AvpCursor, fields: dict[int, Field]) -> Issue:
    """Show the AVP's header with a payload of the least size; what did not come of the header is zero."""
    header = cursor.message[cursor.start : min(cursor.start + 12, cursor.end)].ljust(12, b"\0")
    code, flags = int.from_bytes(header[:4], "big"), header[4]
    out = BytesWriter()
    if flags & codes.VENDOR_FLAG:
        put_vendor_avp(out, code, flags, int.from_bytes(header[8:], "big"), b"")
        name = f"AVP {code}"
    else:
        field = fields.get(code)
        put_avp(out, code, flags, field.example if field is not None else b"")
        name = field.name if field is not None else f"AVP {code}"
    return Issue(INVALID_AVP_LENGTH, out.getvalue(), f"{name}: {cursor.malformed or 'wrong length'}")
