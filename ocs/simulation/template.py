"""A request's octets, cut where one request differs from the next. HOT PATH: compiled."""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from protocol.avp import begin_message, finish_message
from protocol.codes import (
    CREDIT_CONTROL,
    CREDIT_CONTROL_APPLICATION,
    PROXIABLE_FLAG,
    REQUEST_FLAG,
)

HOP_BY_HOP: Final = 0
END_TO_END: Final = 1
SESSION_ID: Final = 2
REQUEST_NUMBER: Final = 3
EVENT_TIME: Final = 4
MSISDN: Final = 5
IMSI: Final = 6
CHARGING_ID: Final = 7
USED_TOTAL: Final = 8
USED_INPUT: Final = 9
USED_OUTPUT: Final = 10
USED_TIME: Final = 11


class RequestTemplate:
    """Octets before each field, then the octets after the last one.

    ``fields`` holds one field number per octet, ``places`` which of the rating groups (0..) it is about.
    """

    def __init__(self, pieces: list[bytes], fields: bytes, places: bytes) -> None:
        self.pieces = pieces
        self.fields = fields
        self.places = places


class TemplateBuilder:
    """Collects the AVPs of a request in ``out`` and remembers where its fields are."""

    def __init__(self) -> None:
        self.out: BytesWriter = begin_message(
            REQUEST_FLAG | PROXIABLE_FLAG, CREDIT_CONTROL, CREDIT_CONTROL_APPLICATION, 0, 0
        )
        self.starts: list[int] = [12, 16]
        self.sizes: list[int] = [4, 4]
        self.fields: list[int] = [HOP_BY_HOP, END_TO_END]
        self.places: list[int] = [0, 0]

    def mark(self, field: i64, size: i64, place: i64, before: i64 = 0) -> None:
        """The last ``size`` octets written (padding apart) are a field, behind ``before`` of its AVP."""
        padding = (4 - (before + size) % 4) % 4
        self.starts.append(len(self.out) - size - padding)
        self.sizes.append(size)
        self.fields.append(field)
        self.places.append(place)

    def finish(self) -> RequestTemplate:
        """The template, its message length put in."""
        message = finish_message(self.out)
        pieces: list[bytes] = []
        at = 0
        for start, size in zip(self.starts, self.sizes, strict=True):
            pieces.append(message[at:start])
            at = start + size
        pieces.append(message[at:])
        return RequestTemplate(pieces, bytes(self.fields), bytes(self.places))
