"""Multiple-Services-Credit-Control and the units in it (RFC 8506, 8.16 to 8.19; TS 32.299, 7.2)."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp_issues import invalid_value, not_allowed, too_many
from protocol.cardinality import ONCE_IN_SERVICE, ONCE_IN_SERVICE_3GPP, seen_bit
from protocol.codes import (
    GRANTED_SERVICE_UNIT,
    RATING_GROUP,
    REQUESTED_SERVICE_UNIT,
    SERVICE_IDENTIFIER,
    USED_SERVICE_UNIT,
)
from protocol.decode_groups import skim
from protocol.dictionary import GROUPED
from protocol.messages import ABSENT, CreditControlRequest, MultipleServicesCreditControl
from protocol.unit_walk import KEY_REPORTING_REASON, MAX_UNITS, UnitWalk, first_or_final, plus

_U32: Final = 0xFFFFFFFF
KEY_QOS_INFORMATION: Final = 0x28AF000003F8  # KEY_3GPP | QOS_INFORMATION


def read_service(walk: UnitWalk, request: CreditControlRequest, at: i64, end: i64) -> bool:
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
        elif key == KEY_REPORTING_REASON:
            reason = read_i64_be(walk.message, walk.data_at - 4) & _U32
            service.reporting_reason = first_or_final(service.reporting_reason, reason)
        elif key == GRANTED_SERVICE_UNIT:
            walk.issue = not_allowed(walk.message, start)
            return False
        elif walk.kind == GROUPED and not _read_group(walk, request, service):
            return False
    return True


def _read_group(walk: UnitWalk, request: CreditControlRequest, service: MultipleServicesCreditControl) -> bool:
    """Check another group of an MSCC; its QoS-Information says nothing of other MSCCs."""
    if walk.key != KEY_QOS_INFORMATION:
        return skim(walk, request, walk.data_at, walk.data_end, 1)
    of_session = request.qos_class
    request.qos_class = ABSENT
    fine = skim(walk, request, walk.data_at, walk.data_end, 1)
    service.qos_class = request.qos_class
    request.qos_class = of_session
    return fine


def read_requested(
    walk: UnitWalk, request: CreditControlRequest, service: MultipleServicesCreditControl
) -> bool:
    """Read the Requested-Service-Unit that the walk has just come to; an empty one is a request as well."""
    if not walk.read_units(request, False):
        return False
    take_requested(walk, service)
    return True


def take_requested(walk: UnitWalk, service: MultipleServicesCreditControl) -> None:
    """Take the amounts that were read as those requested."""
    service.requested = True
    octets = walk.octets()
    service.requested_octets = octets
    if octets > MAX_UNITS:
        service.requested_octets = MAX_UNITS
    service.requested_time_s = walk.time_s
    service.requested_specific_units = walk.specific_units


def read_used(
    walk: UnitWalk, request: CreditControlRequest, service: MultipleServicesCreditControl, start: i64
) -> bool:
    """Add the Used-Service-Unit that the walk has just come to, which begins at ``start``."""
    if walk.first_used_at < 0:
        walk.first_used_at = start
    if not walk.read_units(request, True):
        return False
    if not take_used(walk, service):
        walk.issue = invalid_value(walk.message, start, "reports more than can be")
        return False
    return True


def take_used(walk: UnitWalk, service: MultipleServicesCreditControl) -> bool:
    """Add the amounts that were read to those used; false where that is more than can be."""
    both = plus(walk.input_octets, walk.output_octets)
    if walk.total_octets >= 0 and walk.input_octets >= 0 and walk.output_octets >= 0:
        service.total_disagrees = service.total_disagrees or both != walk.total_octets
    service.used = True
    service.used_octets = plus(service.used_octets, walk.octets())
    service.used_input_octets = plus(service.used_input_octets, walk.input_octets)
    service.used_output_octets = plus(service.used_output_octets, walk.output_octets)
    service.used_time_s = plus(service.used_time_s, walk.time_s)
    service.used_specific_units = plus(service.used_specific_units, walk.specific_units)
    if walk.reporting_reason != ABSENT:
        service.reporting_reason = first_or_final(service.reporting_reason, walk.reporting_reason)
    return (
        service.used_octets <= MAX_UNITS
        and service.used_input_octets <= MAX_UNITS
        and service.used_output_octets <= MAX_UNITS
        and service.used_specific_units <= MAX_UNITS
    )
