"""A Credit-Control-Request from its octets, in one pass (RFC 8506, 3.1; RFC 6733, 7).

AVPs may come in any order, and the M and P flags of known AVPs mean nothing. What is wrong is a value, never an
exception: the first fault becomes ``request.issue``. What an answer echoes is filled in wherever it stands.
"""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64, mypyc_attr

from protocol.avp import HEADER_OCTETS
from protocol.avp_issues import contradicting, invalid_value, missing, not_allowed, too_many
from protocol.cardinality import (
    ONCE_IN_COMMAND,
    ONCE_IN_COMMAND_3GPP,
    REQUIRED,
    REQUIRED_BITS,
    TOP_BIT,
    seen_bit,
)
from protocol.codes import (
    AUTH_APPLICATION_ID,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CREDIT_CONTROL_APPLICATION,
    EVENT_TIMESTAMP,
    GRANTED_SERVICE_UNIT,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    MULTIPLE_SERVICES_INDICATOR,
    ORIGIN_STATE_ID,
    PROXY_INFO,
    REQUESTED_ACTION,
    REQUESTED_SERVICE_UNIT,
    SERVICE_IDENTIFIER,
    SUBSCRIPTION_ID,
    TERMINATION_CAUSE,
    USED_SERVICE_UNIT,
)
from protocol.decode_groups import read_subscription, skim
from protocol.decode_services import read_requested, read_service, read_used
from protocol.decode_texts import TextWalk
from protocol.dictionary import FOUR_OCTETS, GROUPED
from protocol.echo import fill_echoed, proxy_info_of
from protocol.messages import (
    ABSENT,
    EVENT_REQUEST,
    INITIAL_REQUEST,
    CreditControlRequest,
    Issue,
    MultipleServicesCreditControl,
)
from protocol.result_codes import APPLICATION_UNSUPPORTED, INVALID_MESSAGE_LENGTH
from protocol.shape import Shape
from protocol.shape_learning import shape_of

SHAPES_LEARNT: Final = 64
"""So many shapes are learnt of one connection: those of a relay, whose clients are many, seldom come again."""

NOWHERE: Final = -1
PRICE_ENQUIRY: Final = 3

_U32: Final = 0xFFFFFFFF


def decode_request(message: bytes) -> CreditControlRequest:
    """The request in the octets of one whole CCR, of which no connection is known."""
    return RequestDecoder(0).decode(message, 0, len(message))


@mypyc_attr(acyclic=True)
class RequestDecoder(TextWalk):
    """Reads the requests of one connection, and keeps where AVPs stand that later checks may have to show.

    ``seen`` has the bits of the AVPs of the command level that were read. ``shapes`` has, by length, the shapes
    learnt from requests before, up to ``most_shapes``; a request that is of one of them is read by that.
    """

    def __init__(self, most_shapes: i64 = SHAPES_LEARNT) -> None:
        super().__init__()
        self.seen: i64 = 0
        self.shapes: dict[int, list[Shape]] = {}
        self._to_learn = most_shapes
        self.has_proxy_info = False
        self.command_units: MultipleServicesCreditControl | None = None
        self.command_service_identifier: i64 = ABSENT
        self.service_at: i64 = NOWHERE
        self.command_used_at: i64 = NOWHERE
        self.type_at: i64 = NOWHERE
        self.action_at: i64 = NOWHERE

    def decode(self, octets: bytes, start: i64, end: i64) -> CreditControlRequest:
        """The request in the octets of one whole CCR, which others may lie beside.

        Never raises; the peer connection checks the header.
        """
        shapes = self.shapes.get(end - start)
        if shapes is not None:
            for shape in shapes:
                alike = shape.read(self, octets, start)
                if alike is not None:
                    _read_header(alike, octets, start)
                    return alike
        request = CreditControlRequest()
        if end - start < HEADER_OCTETS:
            request.issue = Issue(INVALID_MESSAGE_LENGTH, b"", f"{end - start} octets are no message")
            return request
        _read_header(request, octets, start)
        self._begin(octets, request)
        if self.read_command(start + HEADER_OCTETS, end):
            self.check()
        if self.issue is not None:
            if start > 0:  # an issue names places in the message alone
                return self.decode(octets[start:end], 0, end - start)
            request.issue = self.issue
            fill_echoed(octets[start:end], request)
        elif self.has_proxy_info:
            request.proxy_info = proxy_info_of(octets[start:end])
        elif self._to_learn > 0:
            self._learn(request, start, end)
        self.message = b""
        return request

    def _learn(self, request: CreditControlRequest, start: i64, end: i64) -> None:
        """Remember the shape of a good request of a session, where a shape can tell all that is in it."""
        if self.command_units is not None or request.request_type == EVENT_REQUEST:
            return
        self._to_learn -= 1
        self.shapes.setdefault(end - start, []).append(shape_of(self, request, start, end))

    def _begin(self, octets: bytes, request: CreditControlRequest) -> None:
        self.message = octets
        self.issue = None
        self.first_used_at = NOWHERE
        self.request = request
        self.seen = 0
        self.has_proxy_info = False
        self.command_units = None
        self.command_service_identifier = ABSENT
        self.service_at = NOWHERE
        self.command_used_at = NOWHERE
        self.type_at = NOWHERE
        self.action_at = NOWHERE

    def read_command(self, at: i64, end: i64) -> bool:
        """Read all AVPs at command level; false after a fault."""
        while at < end:
            start = at
            at = self.read(at, end)
            if at < 0:
                return False
            bit = seen_bit(ONCE_IN_COMMAND, ONCE_IN_COMMAND_3GPP, self.key)
            if self.seen & bit:
                self.issue = too_many(self.message, start)
                return False
            self.seen |= bit
            if self.kind == GROUPED:
                if not self._read_group(start):
                    return False
            elif self.kind == FOUR_OCTETS:
                if not self._read_number(start):
                    return False
            else:
                self.read_octets()
        return True

    def _read_number(self, start: i64) -> bool:
        """Take a number of the command level; false where its value can not be."""
        key = self.key
        request = self.request
        value = read_i64_be(self.message, self.data_at - 4) & _U32
        if key == CC_REQUEST_TYPE:
            self.type_at = start
            request.request_type = value
            if value < INITIAL_REQUEST or value > EVENT_REQUEST:
                return self._invalid(start, "is no type of request")
        elif key == CC_REQUEST_NUMBER:
            request.request_number = value
        elif key == AUTH_APPLICATION_ID:
            if value != CREDIT_CONTROL_APPLICATION:
                self.issue = Issue(APPLICATION_UNSUPPORTED, b"", f"Auth-Application-Id is {value}, not 4")
                return False
        elif key == EVENT_TIMESTAMP:
            request.event_timestamp = value
        elif key == REQUESTED_ACTION:
            self.action_at = start
            request.requested_action = value
        elif key == MULTIPLE_SERVICES_INDICATOR:
            request.multiple_services_indicator = value
            if value > 1:
                return self._invalid(start, "is neither 0 nor 1")
        elif key == ORIGIN_STATE_ID:
            request.origin_state_id = value
        elif key == TERMINATION_CAUSE:
            request.termination_cause = value
        elif key == SERVICE_IDENTIFIER:
            self.command_service_identifier = value
        return True

    def _read_group(self, start: i64) -> bool:
        """Take a group of the command level; false after a fault."""
        key = self.key
        request = self.request
        if key == MULTIPLE_SERVICES_CREDIT_CONTROL:
            if self.service_at == NOWHERE:
                self.service_at = start
            return read_service(self, request, self.data_at, self.data_end)
        if key == SUBSCRIPTION_ID:
            return read_subscription(self, request, self.data_at, self.data_end)
        if key == REQUESTED_SERVICE_UNIT:
            return read_requested(self, request, self._units())
        if key == USED_SERVICE_UNIT:
            if self.command_used_at == NOWHERE:
                self.command_used_at = start
            return read_used(self, request, self._units(), start)
        if key == GRANTED_SERVICE_UNIT:
            self.issue = not_allowed(self.message, start)
            return False
        if key == PROXY_INFO:
            self.has_proxy_info = True
        return skim(self, request, self.data_at, self.data_end, 1)

    def _units(self) -> MultipleServicesCreditControl:
        """What collects the units that stand at command level."""
        units = self.command_units
        if units is None:
            units = MultipleServicesCreditControl()
            self.command_units = units
        return units

    def check(self) -> None:
        """Check what can be told only when all AVPs are known; the fault becomes the walk's issue."""
        request = self.request
        if self.seen & REQUIRED_BITS != REQUIRED_BITS:
            self.issue = self._first_missing()
        elif request.request_type == EVENT_REQUEST:
            self._check_event()
        else:
            request.requested_action = ABSENT
        if self.command_units is not None and self.issue is None:
            self._join_command_units(self.command_units)

    def _first_missing(self) -> Issue:
        """The issue of the first required AVP that is not there."""
        for place, code in enumerate(REQUIRED, start=1):
            if self.seen & TOP_BIT >> i64(place) == 0:
                return missing(code)
        raise AssertionError("nothing is missing")

    def _check_event(self) -> None:
        """An event says what is to be done, and reports nothing used (RFC 8506, 6)."""
        if self.action_at == NOWHERE:
            self.issue = missing(REQUESTED_ACTION)
        elif self.request.requested_action > PRICE_ENQUIRY:
            self._invalid(self.action_at, "is no action")
        elif self.first_used_at != NOWHERE:
            reason = "an EVENT_REQUEST can not report Used-Service-Unit"
            self.issue = contradicting(self.message, self.type_at, self.first_used_at, reason)

    def _join_command_units(self, units: MultipleServicesCreditControl) -> None:
        """Make units at command level the one service of a request that has no MSCC (RFC 8506, 5.1.1)."""
        request = self.request
        if self.service_at == NOWHERE:
            units.service_identifier = self.command_service_identifier
            request.services.append(units)
            request.units_at_command_level = True
        elif self.command_used_at != NOWHERE:
            reason = "Used-Service-Unit at command level beside Multiple-Services-Credit-Control"
            self.issue = contradicting(self.message, self.command_used_at, self.service_at, reason)

    def _invalid(self, start: i64, reason: str) -> bool:
        self.issue = invalid_value(self.message, start, reason)
        return False


def _read_header(request: CreditControlRequest, octets: bytes, start: i64) -> None:
    """Take what the header says that an answer repeats."""
    request.flags = octets[start + 4]
    request.hop_by_hop = read_i64_be(octets, start + 8) & _U32
    request.end_to_end = read_i64_be(octets, start + 12) & _U32
