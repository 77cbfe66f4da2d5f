"""Reading one AVP after another, each checked against the dictionary (RFC 6733, 4.1 and 7.1)."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64, mypyc_attr

from protocol.avp_issues import invalid_flags, invalid_length, invalid_value, unsupported
from protocol.codes import VENDOR_3GPP
from protocol.dictionary import EIGHT_OCTETS, FOUR_OCTETS, UNKNOWN, UTF8, wire_type
from protocol.dictionary_tables import BASE_TYPES, TYPES_3GPP
from protocol.messages import Issue

KEY_3GPP: Final = 0x28AF00000000  # VENDOR_3GPP << 32, as a literal that compiled code puts in place
KEY_OTHER_VENDOR: Final = -1

_V_BIT: Final = 0x80000000
_M_BIT: Final = 0x40000000
_U32: Final = 0xFFFFFFFF
_SEVEN_HIGH_BITS: Final = 0x80808080808080
_LAST_BASE_CODE: Final = 700
_BASE_CODES: Final[i64] = len(BASE_TYPES)
_CODES_3GPP: Final[i64] = len(TYPES_3GPP)


@mypyc_attr(acyclic=True)
class AvpWalk:
    """Reads AVPs of one message. ``read`` fills the other attributes; the first fault ends the walk.

    ``last_apn`` and ``last_network`` are what the message, or one before it, told last.

    ``key`` is the code of an AVP without Vendor-Id, KEY_3GPP | code of one of 3GPP, KEY_OTHER_VENDOR of others.
    """

    def __init__(self) -> None:
        self.message = b""
        self.key: i64 = 0
        self.kind: i64 = 0
        self.data_at: i64 = 0
        self.data_end: i64 = 0
        self.issue: Issue | None = None
        self.last_apn = b""
        self.last_network = b""

    def octets_like(self, known: bytes) -> bytes:
        """The data of the AVP just read: the object that is known already where it holds the same."""
        octets = self.message[self.data_at : self.data_end]
        return known if octets == known else octets

    def read(self, at: i64, end: i64) -> i64:  # noqa: C901 - a branch per rule; a call per AVP would cost
        """Read the AVP at ``at``; where the next one begins, or -1 after ``issue`` was set."""
        message = self.message
        left = end - at
        if left < 8:
            return self._invalid_length(at, end)
        head = read_i64_be(message, at)
        length = head & 0xFFFFFF
        code = head >> 32 & _U32
        if length > left:
            return self._invalid_length(at, end)
        kind: i64 = UNKNOWN
        if head & _V_BIT:
            if length < 12:
                return self._invalid_length(at, end)
            data_at = at + 12
            vendor = read_i64_be(message, at + 4) & _U32
            if vendor == VENDOR_3GPP:
                self.key = KEY_3GPP | code
                if code < _CODES_3GPP:
                    kind = TYPES_3GPP[code]
            elif vendor == 0:
                self.issue = invalid_flags(message, at, end)
                return -1
            else:
                self.key = KEY_OTHER_VENDOR
                kind = wire_type(vendor, code)
        else:
            if length < 8:
                return self._invalid_length(at, end)
            data_at = at + 8
            self.key = code
            if code < _BASE_CODES:
                kind = BASE_TYPES[code]
        data_end = at + length
        self.kind = kind
        self.data_at = data_at
        self.data_end = data_end
        if kind == FOUR_OCTETS:
            if data_end - data_at != 4:
                return self._invalid_length(at, end)
        elif kind == UTF8:
            if not is_ascii(message, data_at, data_end) and not is_utf8(message[data_at:data_end]):
                self.issue = invalid_value(message, at, "is not UTF-8")
                return -1
        elif kind == EIGHT_OCTETS:
            if data_end - data_at != 8:
                return self._invalid_length(at, end)
        elif kind == UNKNOWN and not self._may_be_ignored(at, end, head):
            return -1
        return at + (length + 3 & -4)

    def _invalid_length(self, at: i64, end: i64) -> i64:
        self.issue = invalid_length(self.message, at, end)
        return -1

    def _may_be_ignored(self, at: i64, end: i64, head: i64) -> bool:
        """Whether an unknown AVP may be skipped; sets ``issue`` where not.

        One of 3GPP's that lacks its V flag is an INVALID_AVP_BITS. Below code 700 it may as well be an AVP of
        the IETF that is newer than our dictionary, so there only the M flag makes it wrong.
        """
        mandatory = head & _M_BIT != 0
        code = head >> 32 & _U32
        of_3gpp = head & _V_BIT == 0 and wire_type(VENDOR_3GPP, code) != UNKNOWN
        if of_3gpp and (mandatory or code >= _LAST_BASE_CODE):
            self.issue = invalid_flags(self.message, at, end)
            return False
        if mandatory:
            self.issue = unsupported(self.message, at, end)
            return False
        return True


def is_ascii(message: bytes, at: i64, end: i64) -> bool:
    """Whether no octet has its top bit set; eight octets must precede ``at``, as an AVP header does."""
    while at + 8 <= end:
        word = read_i64_be(message, at)
        if word < 0 or word & _SEVEN_HIGH_BITS:
            return False
        at += 8
    if at == end:
        return True
    return read_i64_be(message, end - 8) & _SEVEN_HIGH_BITS >> (at + 7 - end << 3) == 0


def is_utf8(octets: bytes) -> bool:
    """Whether the octets are UTF-8."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
