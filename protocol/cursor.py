"""Stepping through AVPs one by one, for messages that are rare (RFC 6733, 4.1)."""

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp import AVP_HEADER_OCTETS, VENDOR_AVP_HEADER_OCTETS
from protocol.codes import VENDOR_FLAG


class AvpCursor:
    """Steps through the AVPs of ``message[position:end]``: a whole message from octet 20 on, or a group's data.

    After ``next()`` returned true, ``start`` is where the AVP begins; ``code``, ``flags``, ``vendor`` (0 where
    there is none), ``data_at`` and ``data_length`` describe it. ``next()`` returns false at the end, and at an
    AVP that can not be read: then ``malformed`` says why (it is empty at a clean end), ``start`` where.
    """

    def __init__(self, message: bytes, position: i64, end: i64) -> None:
        self.message = message
        self.position = position
        self.end = end
        if end > len(message):
            self.end = len(message)
        self.start: i64 = position
        self.code: i64 = 0
        self.flags: i64 = 0
        self.vendor: i64 = 0
        self.data_at: i64 = position
        self.data_length: i64 = 0
        self.malformed = ""

    def next(self) -> bool:
        """Step to the next AVP; false when there is none or it is malformed."""
        start = self.position
        self.start = start
        left = self.end - start
        if left <= 0 or self.malformed:
            return False
        if left < AVP_HEADER_OCTETS:
            return self._stop("header cut off")
        head = read_i64_be(self.message, start)
        length = head & 0xFFFFFF
        self.code = head >> 32 & 0xFFFFFFFF
        self.flags = head >> 24 & 0xFF
        self.vendor = 0
        header: i64 = VENDOR_AVP_HEADER_OCTETS if self.flags & VENDOR_FLAG else AVP_HEADER_OCTETS
        if length < header:
            return self._stop(f"length {length} is below its header")
        if length > left:
            return self._stop(f"length {length} where {left} octets are left")
        if header == VENDOR_AVP_HEADER_OCTETS:
            self.vendor = read_i64_be(self.message, start + 4) & 0xFFFFFFFF
        self.data_at = start + header
        self.data_length = length - header
        self.position = start + (length + 3 & ~3)
        return True

    def data(self) -> bytes:
        """The data of the AVP, without padding."""
        return self.message[self.data_at : self.data_at + self.data_length]

    def avp(self) -> bytes:
        """The whole AVP, zero-padded, as Failed-AVP or an echo takes it."""
        octets = self.message[self.start : self.data_at + self.data_length]
        return octets + bytes(-len(octets) & 3)

    def number32(self) -> i64:
        """The value of an AVP of 32 bits, unsigned; -1 where its data has another size."""
        if self.data_length != 4:
            return -1
        return read_i64_be(self.message, self.data_at - 4) & 0xFFFFFFFF

    def group(self) -> "AvpCursor":
        """A cursor over the members of this Grouped AVP."""
        return AvpCursor(self.message, self.data_at, self.data_at + self.data_length)

    def _stop(self, reason: str) -> bool:
        self.malformed = reason
        return False
