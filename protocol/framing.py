"""Cutting a stream of octets into Diameter messages (RFC 6733, 3)."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp import HEADER_OCTETS

_LENGTH_BITS: Final = 0xFFFFFF


class MessageFramer:
    """Cuts whole messages out of what a stream brings, however it was split or joined.

    ``lost`` is true once a header carries a length below 20, over ``max_length`` or not a multiple of 4: where
    the next message begins can not be known then. ``lost_header`` holds the 20 octets of that header, to answer
    5015 to; whatever comes after it is dropped.
    """

    def __init__(self, max_length: i64) -> None:
        self.max_length = max_length
        self.lost = False
        self.lost_header = b""
        self._pieces: list[bytes] = []
        self._held: i64 = 0
        self._wanted: i64 = HEADER_OCTETS

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that ``data`` completes, in order."""
        if self.lost:
            return []
        if self._held:
            self._pieces.append(data)
            self._held += len(data)
            if self._held < self._wanted:
                return []
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._held = 0
        return self._cut(data)

    def _cut(self, data: bytes) -> list[bytes]:
        """Cut the messages out of octets that begin with a header, and hold what is left of them."""
        messages: list[bytes] = []
        end: i64 = len(data)
        at: i64 = 0
        wanted: i64 = HEADER_OCTETS
        while end - at >= HEADER_OCTETS:
            length = read_i64_be(data, at) >> 32 & _LENGTH_BITS
            if length < HEADER_OCTETS or length & 3 or length > self.max_length:
                self.lost = True
                self.lost_header = data[at : at + HEADER_OCTETS]
                return messages
            if length > end - at:
                wanted = length
                break
            messages.append(data[at : at + length])
            at += length
        if at < end:
            self._pieces.append(data[at:])
            self._held = end - at
            self._wanted = wanted
        return messages
