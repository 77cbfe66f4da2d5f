"""The shape of a request: what all requests of a client have alike, and where the rest of each stands.

A gateway sends the same AVPs again and again, in the same order and of the same lengths; what differs are
identities, numbers and amounts. A request that has, octet for octet, all that another good one of its length
had beside those is as good, and only they are read. Whatever differs elsewhere is read AVP after AVP.
"""

from typing import Final

from librt.strings import read_i64_be, read_i64_le
from mypy_extensions import i64, mypyc_attr

from protocol.avp_walk import is_ascii
from protocol.decode_groups import number_of_msisdn
from protocol.decode_services import take_requested, take_used
from protocol.messages import CreditControlRequest, MultipleServicesCreditControl
from protocol.unit_walk import MAX_UNITS, UnitWalk

TEXT: Final = 1
SERVICE: Final = 2
UNITS: Final = 3
REQUESTED: Final = 4
USED: Final = 5
TOTAL_OCTETS: Final = 6
INPUT_OCTETS: Final = 7
OUTPUT_OCTETS: Final = 8
SPECIFIC_UNITS: Final = 9
TIME: Final = 10
REQUEST_NUMBER: Final = 11
EVENT_TIMESTAMP: Final = 12
LOCATION: Final = 13
SESSION: Final = 14
MSISDN: Final = 15
IMSI: Final = 16
"""What is done at a step. Texts and identities must be ASCII here; other UTF-8 is read AVP after AVP."""

WORD: Final = 8
"""Octets that are compared at once: a run has no fewer."""

_PLACE: Final = 0xFFFFFF
"""A place in a message takes 24 bits, as its length does."""

_U32: Final = 0xFFFFFFFF


def run_of(at: int, end: int) -> bytes:
    """Octets that are alike, from where to where in the message, as eight octets."""
    return (at | end << 32).to_bytes(WORD, "little")


def step_of(kind: int, at: int, end: int) -> bytes:
    """A step: its kind, and from where to where its octets stand in the message, as eight octets."""
    return (kind | at << 8 | end << 32).to_bytes(WORD, "little")


@mypyc_attr(acyclic=True)
class Shape:
    """The shape of ``example``, a whole message that was read as ``request`` with ``services``.

    ``runs`` are the octets that all requests of this shape have alike; ``steps`` take the others, in order.
    What no step sets of a request and its services is alike.
    """

    def __init__(
        self,
        example: bytes,
        request: CreditControlRequest,
        services: list[MultipleServicesCreditControl],
        runs: bytes,
        steps: bytes,
    ) -> None:
        self.example = example
        self.request = request
        self.services = services
        self.runs = runs
        self.steps = steps

    def read(self, walk: UnitWalk, message: bytes, start: i64) -> CreditControlRequest | None:
        """The request at ``start`` without what its header says; None where it is not of this shape."""
        if not _is_alike(message, start, self.example, self.runs):
            return None
        request = self.request.copy_without_services()
        return request if self._take(walk, request, message, start) else None

    def _take(self, walk: UnitWalk, request: CreditControlRequest, message: bytes, start: i64) -> bool:
        """Go through the steps; false where one finds what it can not take."""
        steps = self.steps
        service: MultipleServicesCreditControl | None = None
        services: i64 = 0
        step_at: i64 = 0
        steps_end: i64 = len(steps)
        while step_at < steps_end:
            step = read_i64_le(steps, step_at)
            step_at += WORD
            kind = step & 0xFF
            at = (step >> 8 & _PLACE) + start
            if kind >= LOCATION:
                if not _take_octets(request, kind, message, at, (step >> 32) + start):
                    return False
            elif kind >= TIME:
                _take_number(walk, request, kind, read_i64_be(message, at - 4) & _U32)
            elif kind >= TOTAL_OCTETS:
                amount = read_i64_be(message, at)
                if amount < 0 or amount > MAX_UNITS:
                    return False
                _take_amount(walk, kind, amount)
            elif kind == UNITS:
                walk.begin_units()
            elif kind == SERVICE:
                service = self.services[services].copy_without_units()
                services += 1
                request.services.append(service)
            elif kind == TEXT:
                if not is_ascii(message, at, (step >> 32) + start):
                    return False
            elif service is not None:
                if kind == REQUESTED:
                    take_requested(walk, service)
                elif not take_used(walk, service):
                    return False
        return True


def _is_alike(message: bytes, start: i64, example: bytes, runs: bytes) -> bool:
    """Whether the message at ``start`` has in all runs what the example has."""
    run_at: i64 = 0
    runs_end: i64 = len(runs)
    while run_at < runs_end:
        run = read_i64_le(runs, run_at)
        run_at += WORD
        at = run & _U32
        last = (run >> 32) - WORD
        while at < last:
            if read_i64_le(message, start + at) != read_i64_le(example, at):
                return False
            at += WORD
        if read_i64_le(message, start + last) != read_i64_le(example, last):
            return False
    return True


def _take_amount(walk: UnitWalk, kind: i64, amount: i64) -> None:
    if kind == TOTAL_OCTETS:
        walk.total_octets = amount
    elif kind == INPUT_OCTETS:
        walk.input_octets = amount
    elif kind == OUTPUT_OCTETS:
        walk.output_octets = amount
    else:
        walk.specific_units = amount


def _take_number(walk: UnitWalk, request: CreditControlRequest, kind: i64, value: i64) -> None:
    if kind == REQUEST_NUMBER:
        request.request_number = value
    elif kind == EVENT_TIMESTAMP:
        request.event_timestamp = value
    else:
        walk.time_s = value


def _take_octets(request: CreditControlRequest, kind: i64, message: bytes, at: i64, end: i64) -> bool:
    """Take a location or an identity; false where that is no ASCII."""
    if kind == LOCATION:
        request.user_location = message[at:end]
        return True
    if not is_ascii(message, at, end):
        return False
    if kind == SESSION:
        request.session_id = message[at:end]
    elif kind == MSISDN:
        request.msisdn = number_of_msisdn(message, at, end)
    else:
        request.imsi = message[at:end]
    return True
