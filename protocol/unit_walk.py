"""The amounts in a Requested- or Used-Service-Unit (RFC 8506, 8.18 and 8.19)."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64, mypyc_attr

from protocol.avp_issues import invalid_value, too_many
from protocol.avp_walk import AvpWalk
from protocol.cardinality import ONCE_IN_UNITS, seen_bit
from protocol.codes import (
    CC_INPUT_OCTETS,
    CC_OUTPUT_OCTETS,
    CC_SERVICE_SPECIFIC_UNITS,
    CC_TIME,
    CC_TOTAL_OCTETS,
)
from protocol.decode_groups import skim
from protocol.dictionary import EIGHT_OCTETS, GROUPED
from protocol.messages import ABSENT, CreditControlRequest

MAX_UNITS: Final = 1 << 53
"""No report is believed beyond this (nine petabytes, or seconds): INVALID_AVP_VALUE. A request is cut to it."""

KEY_REPORTING_REASON: Final = 0x28AF00000368  # KEY_3GPP | REPORTING_REASON

FINAL: Final = 2
"""The Reporting-Reason of a service that ends (TS 32.299, 7.2.175)."""

_U32: Final = 0xFFFFFFFF


@mypyc_attr(acyclic=True)
class UnitWalk(AvpWalk):
    """A walk that holds the amounts of the unit group it read last; ABSENT where not sent."""

    def __init__(self) -> None:
        super().__init__()
        self.first_used_at: i64 = -1
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

    def begin_units(self) -> None:
        """Forget the amounts of the group before."""
        self.time_s = ABSENT
        self.total_octets = ABSENT
        self.input_octets = ABSENT
        self.output_octets = ABSENT
        self.specific_units = ABSENT
        self.reporting_reason = ABSENT

    def read_units(self, request: CreditControlRequest, reported: bool) -> bool:
        """Read the members of the group just come to; money and pools are checked for their form only."""
        self.begin_units()
        at = self.data_at
        end = self.data_end
        seen: i64 = 0
        while at < end:
            start = at
            at = self.read(at, end)
            if at < 0:
                return False
            bit = seen_bit(ONCE_IN_UNITS, b"", self.key)
            if seen & bit:
                self.issue = too_many(self.message, start)
                return False
            seen |= bit
            if self.kind == EIGHT_OCTETS:
                if not self._read_amount(start, reported):
                    return False
            elif self.key == CC_TIME:
                self.time_s = read_i64_be(self.message, self.data_at - 4) & _U32
            elif self.key == KEY_REPORTING_REASON:
                reason = read_i64_be(self.message, self.data_at - 4) & _U32
                self.reporting_reason = first_or_final(self.reporting_reason, reason)
            elif self.kind == GROUPED and not skim(self, request, self.data_at, self.data_end, 1):
                return False
        return True

    def _read_amount(self, start: i64, reported: bool) -> bool:
        """Read an amount of 64 bits; false where a report exceeds what can be."""
        key = self.key
        amount = read_i64_be(self.message, self.data_at)
        if amount < 0 or amount > MAX_UNITS:
            if reported:
                self.issue = invalid_value(self.message, start, "reports more than can be")
                return False
            amount = MAX_UNITS
        if key == CC_TOTAL_OCTETS:
            self.total_octets = amount
        elif key == CC_INPUT_OCTETS:
            self.input_octets = amount
        elif key == CC_OUTPUT_OCTETS:
            self.output_octets = amount
        elif key == CC_SERVICE_SPECIFIC_UNITS:
            self.specific_units = amount
        return True


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
