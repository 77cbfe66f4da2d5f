"""Multiple-Services-Credit-Control and the units in it (RFC 8506, 8.16 to 8.19; TS 32.299, 7.2)."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp_issues import invalid_value, not_allowed, too_many
from protocol.avp_walk import KEY_3GPP, AvpWalk
from protocol.cardinality import ONCE_IN_SERVICE, ONCE_IN_SERVICE_3GPP, ONCE_IN_UNITS, seen_bit
from protocol.codes import (
    CC_INPUT_OCTETS,
    CC_OUTPUT_OCTETS,
    CC_SERVICE_SPECIFIC_UNITS,
    CC_TIME,
    CC_TOTAL_OCTETS,
    GRANTED_SERVICE_UNIT,
    RATING_GROUP,
    REPORTING_REASON,
    REQUESTED_SERVICE_UNIT,
    SERVICE_IDENTIFIER,
    USED_SERVICE_UNIT,
)
from protocol.decode_groups import skim
from protocol.dictionary import GROUPED
from protocol.messages import ABSENT, CreditControlRequest, MultipleServicesCreditControl

MAX_UNITS: Final = 1 << 53
"""No report is believed beyond this (nine petabytes, or seconds): INVALID_AVP_VALUE. A request is cut to it."""

FINAL: Final = 2

_REPORTING_REASON: Final = KEY_3GPP | REPORTING_REASON
_U32: Final = 0xFFFFFFFF


class Units:
    """The amounts of one Requested- or Used-Service-Unit; ABSENT where not sent."""

    def __init__(self) -> None:
        self.time_s: i64 = ABSENT
        self.total_octets: i64 = ABSENT
        self.input_octets: i64 = ABSENT
        self.output_octets: i64 = ABSENT
        self.specific_units: i64 = ABSENT
        self.reporting_reason: i64 = ABSENT

    def octets(self) -> i64:
        """CC-Total-Octets where sent, else input + output, else ABSENT."""
        if self.total_octets >= 0:
            return self.total_octets
        return plus(self.input_octets, self.output_octets)


def plus(amount: i64, more: i64) -> i64:
    """The sum of two amounts either of which may be ABSENT."""
    if amount < 0:
        return more
    if more < 0:
        return amount
    return amount + more


def first_or_final(reason: i64, another: i64) -> i64:
    """Of two Reporting-Reasons the one to keep: FINAL where it occurs, else the first that was sent."""
    return another if reason == ABSENT or another == FINAL else reason


def read_service(walk: AvpWalk, request: CreditControlRequest, at: i64, end: i64) -> bool:
    """Read an MSCC into a new entry of ``request.services``."""
    service = MultipleServicesCreditControl()
    request.services.append(service)
    seen: i64 = 0
    while at < end:
        start = at
        at = walk.read(at, end)
        if at < 0:
            return False
        key = walk.key
        bit = seen_bit(ONCE_IN_SERVICE, ONCE_IN_SERVICE_3GPP, key)
        if seen & bit:
            walk.issue = too_many(walk.message, start)
            return False
        seen |= bit
        if key == USED_SERVICE_UNIT:
            if not read_used(walk, request, service, start):
                return False
        elif key == REQUESTED_SERVICE_UNIT:
            if not read_requested(walk, request, service):
                return False
        elif key == RATING_GROUP:
            service.rating_group = read_i64_be(walk.message, walk.data_at - 4) & _U32
        elif key == SERVICE_IDENTIFIER:
            if service.service_identifier == ABSENT:
                service.service_identifier = read_i64_be(walk.message, walk.data_at - 4) & _U32
        elif key == _REPORTING_REASON:
            reason = read_i64_be(walk.message, walk.data_at - 4) & _U32
            service.reporting_reason = first_or_final(service.reporting_reason, reason)
        elif key == GRANTED_SERVICE_UNIT:
            walk.issue = not_allowed(walk.message, start)
            return False
        elif walk.kind == GROUPED and not skim(walk, request, walk.data_at, walk.data_end, 1):
            return False
    return True


def read_requested(
    walk: AvpWalk, request: CreditControlRequest, service: MultipleServicesCreditControl
) -> bool:
    """Read the Requested-Service-Unit that the walk has just come to; an empty one is a request as well."""
    units = Units()
    if not _read_units(walk, request, units, False):
        return False
    service.requested = True
    service.requested_octets = min(units.octets(), MAX_UNITS)
    service.requested_time_s = units.time_s
    service.requested_specific_units = units.specific_units
    return True


def read_used(
    walk: AvpWalk, request: CreditControlRequest, service: MultipleServicesCreditControl, start: i64
) -> bool:
    """Add the Used-Service-Unit that the walk has just come to, which begins at ``start``."""
    if walk.first_used_at < 0:
        walk.first_used_at = start
    units = Units()
    if not _read_units(walk, request, units, True):
        return False
    both = plus(units.input_octets, units.output_octets)
    if units.total_octets >= 0 and units.input_octets >= 0 and units.output_octets >= 0:
        service.total_disagrees = service.total_disagrees or both != units.total_octets
    service.used = True
    service.used_octets = plus(service.used_octets, units.octets())
    service.used_input_octets = plus(service.used_input_octets, units.input_octets)
    service.used_output_octets = plus(service.used_output_octets, units.output_octets)
    service.used_time_s = plus(service.used_time_s, units.time_s)
    service.used_specific_units = plus(service.used_specific_units, units.specific_units)
    if units.reporting_reason != ABSENT:
        service.reporting_reason = first_or_final(service.reporting_reason, units.reporting_reason)
    if (
        service.used_octets > MAX_UNITS
        or service.used_input_octets > MAX_UNITS
        or service.used_output_octets > MAX_UNITS
        or service.used_specific_units > MAX_UNITS
    ):
        walk.issue = invalid_value(walk.message, start, "reports more than can be")
        return False
    return True


def _read_units(walk: AvpWalk, request: CreditControlRequest, units: Units, reported: bool) -> bool:
    """Read the members of a unit group; money and pools are checked for their form and not read."""
    message = walk.message
    at = walk.data_at
    end = walk.data_end
    seen: i64 = 0
    while at < end:
        start = at
        at = walk.read(at, end)
        if at < 0:
            return False
        key = walk.key
        bit = seen_bit(ONCE_IN_UNITS, b"", key)
        if seen & bit:
            walk.issue = too_many(message, start)
            return False
        seen |= bit
        if key == CC_TIME:
            units.time_s = read_i64_be(message, walk.data_at - 4) & _U32
        elif key in (CC_TOTAL_OCTETS, CC_INPUT_OCTETS, CC_OUTPUT_OCTETS, CC_SERVICE_SPECIFIC_UNITS):
            amount = read_i64_be(message, walk.data_at)
            if amount < 0 or amount > MAX_UNITS:
                if reported:
                    walk.issue = invalid_value(message, start, "reports more than can be")
                    return False
                amount = MAX_UNITS
            if key == CC_TOTAL_OCTETS:
                units.total_octets = amount
            elif key == CC_INPUT_OCTETS:
                units.input_octets = amount
            elif key == CC_OUTPUT_OCTETS:
                units.output_octets = amount
            else:
                units.specific_units = amount
        elif key == _REPORTING_REASON:
            reason = read_i64_be(message, walk.data_at - 4) & _U32
            units.reporting_reason = first_or_final(units.reporting_reason, reason)
        elif walk.kind == GROUPED and not skim(walk, request, walk.data_at, walk.data_end, 1):
            return False
    return True
