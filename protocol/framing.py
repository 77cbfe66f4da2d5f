"""Cutting a stream of octets into Diameter messages (RFC 6733, 3)."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp import HEADER_OCTETS

_LENGTH_BITS: Final = 0xFFFFFF


class MessageFramer:
    """Cuts whole messages out of what a stream brings, however it was split or joined.

    ``feed`` it what came, then ask for the ``next`` message until there is none: it lies in ``data`` from
    ``start`` to ``end``.

    ``lost`` is true once a header carries a length below 20, over ``max_length`` or not a multiple of 4: where
    the next message begins can not be known then. ``lost_header`` holds the 20 octets of that header, to answer
    5015 to; whatever comes after it is dropped.
    """

    def __init__(self, max_length: i64) -> None:
        self.max_length = max_length
        self.lost = False
        self.lost_header = b""
        self.data = b""
        self.start: i64 = 0
        self.end: i64 = 0
        self._pieces: list[bytes] = []
        self._held: i64 = 0
        self._wanted: i64 = HEADER_OCTETS

    def feed(self, data: bytes) -> None:
        """Take what the stream brought, after all messages that were there before."""
        if self.lost:
            return
        if self._held:
            self._pieces.append(data)
            self._held += len(data)
            if self._held < self._wanted:
                return
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._held = 0
        self.data = data
        self.end = 0

    def next(self) -> bool:
        """Go to the next whole message; where there is none, what is left of ``data`` is held."""
        data = self.data
        at = self.end
        left: i64 = len(data) - at
        wanted: i64 = HEADER_OCTETS
        if left >= HEADER_OCTETS:
            length = read_i64_be(data, at) >> 32 & _LENGTH_BITS
            if length < HEADER_OCTETS or length & 3 or length > self.max_length:
                self.lost = True
                self.lost_header = data[at : at + HEADER_OCTETS]
                left = 0
            elif length <= left:
                self.start = at
                self.end = at + length
                return True
            wanted = length
        if left > 0:
            self._pieces.append(data[at:])
            self._held = left
            self._wanted = wanted
        self.data = b""
        self.end = 0
        return False

    def message(self) -> bytes:
        """The octets of the message just come to."""
        return self.data[self.start : self.end]
