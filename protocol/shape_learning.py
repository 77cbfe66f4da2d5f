"""The shape of a good request: a second walk over it notes where requests of its shape may differ.

What the decoder does not look at may be anything, but a text has to be one. What decides how other octets are
read, or is the same in all requests of a client, is alike.
"""

from typing import Final

from mypy_extensions import i64

from protocol.avp import HEADER_OCTETS
from protocol.avp_walk import AvpWalk
from protocol.codes import (
    AUTH_APPLICATION_ID,
    CALLED_STATION_ID,
    CC_INPUT_OCTETS,
    CC_OUTPUT_OCTETS,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_SERVICE_SPECIFIC_UNITS,
    CC_TIME,
    CC_TOTAL_OCTETS,
    DESTINATION_HOST,
    DESTINATION_REALM,
    EVENT_TIMESTAMP,
    MULTIPLE_SERVICES_CREDIT_CONTROL,
    MULTIPLE_SERVICES_INDICATOR,
    ORIGIN_HOST,
    ORIGIN_REALM,
    ORIGIN_STATE_ID,
    RATING_GROUP,
    REQUESTED_ACTION,
    REQUESTED_SERVICE_UNIT,
    SERVICE_CONTEXT_ID,
    SERVICE_IDENTIFIER,
    SESSION_ID,
    SUBSCRIPTION_ID,
    SUBSCRIPTION_ID_DATA,
    SUBSCRIPTION_ID_TYPE,
    TERMINATION_CAUSE,
    USED_SERVICE_UNIT,
)
from protocol.decode_groups import (
    DEPTH_LIMIT,
    END_USER_E164,
    END_USER_IMSI,
    KEY_QOS_CLASS_IDENTIFIER,
    KEY_RAT_TYPE,
    KEY_SGSN_MCC_MNC,
    KEY_USER_LOCATION_INFO,
    number_of_msisdn,
)
from protocol.dictionary import EIGHT_OCTETS, GROUPED, UTF8
from protocol.messages import CreditControlRequest
from protocol.shape import EVENT_TIMESTAMP as TIMESTAMP
from protocol.shape import (
    IMSI,
    INPUT_OCTETS,
    LOCATION,
    MSISDN,
    OUTPUT_OCTETS,
    REQUEST_NUMBER,
    REQUESTED,
    SERVICE,
    SESSION,
    SPECIFIC_UNITS,
    TEXT,
    TIME,
    TOTAL_OCTETS,
    UNITS,
    USED,
    WORD,
    Shape,
    run_of,
    step_of,
)
from protocol.unit_walk import KEY_REPORTING_REASON

_COMMAND_STEPS: Final[dict[int, int]] = {
    SESSION_ID: SESSION,
    CC_REQUEST_NUMBER: REQUEST_NUMBER,
    EVENT_TIMESTAMP: TIMESTAMP,
}
_ALIKE: Final[set[int]] = {
    AUTH_APPLICATION_ID,
    CALLED_STATION_ID,
    CC_REQUEST_TYPE,
    DESTINATION_HOST,
    DESTINATION_REALM,
    KEY_QOS_CLASS_IDENTIFIER,
    KEY_RAT_TYPE,
    KEY_REPORTING_REASON,
    KEY_SGSN_MCC_MNC,
    MULTIPLE_SERVICES_INDICATOR,
    ORIGIN_HOST,
    ORIGIN_REALM,
    ORIGIN_STATE_ID,
    RATING_GROUP,
    REQUESTED_ACTION,
    SERVICE_CONTEXT_ID,
    SERVICE_IDENTIFIER,
    SUBSCRIPTION_ID_TYPE,
    TERMINATION_CAUSE,
}
"""What the decoder takes somewhere, and what shall be alike wherever it stands."""

_UNIT_STEPS: Final[dict[int, int]] = {
    CC_TIME: TIME,
    CC_TOTAL_OCTETS: TOTAL_OCTETS,
    CC_INPUT_OCTETS: INPUT_OCTETS,
    CC_OUTPUT_OCTETS: OUTPUT_OCTETS,
    CC_SERVICE_SPECIFIC_UNITS: SPECIFIC_UNITS,
}


def shape_of(walk: AvpWalk, request: CreditControlRequest, start: i64, end: i64) -> Shape:
    """The shape of the good request that ``walk`` has read from ``start`` to ``end``.

    Units at command level have no place in a shape.
    """
    learner = _Learner(walk, start)
    learner.command(start + HEADER_OCTETS, end)
    learner.alike_to(end)
    return Shape(
        walk.message[start:end],
        request.copy_without_services(),
        [service.copy_without_units() for service in request.services],
        b"".join(learner.runs),
        b"".join(learner.steps),
    )


class _Learner:
    """The walk, which finds nothing wrong any more, and what was noted. Places count from ``start``."""

    def __init__(self, walk: AvpWalk, start: i64) -> None:
        self.runs: list[bytes] = []
        self.steps: list[bytes] = []
        self._walk = walk
        self._start = start
        self._alike_from = start + HEADER_OCTETS
        self._has_msisdn = False
        self._has_imsi = False
        self._has_location = False

    def alike_to(self, at: i64) -> None:
        """Note that all up to here is alike, but for less than an AVP's header: that is padding at the end."""
        if at - self._alike_from >= WORD:
            self.runs.append(run_of(self._alike_from - self._start, at - self._start))

    def _differs(self, at: i64, end: i64) -> None:
        """Note that these octets may differ."""
        self.alike_to(at)
        self._alike_from = end

    def _step(self, kind: int, at: i64, end: i64) -> None:
        """Note a step that takes these octets, or none."""
        if end > at:
            self._differs(at, end)
        self.steps.append(step_of(kind, at - self._start, end - self._start))

    def command(self, at: i64, end: i64) -> None:
        """Walk over the command level."""
        walk = self._walk
        while at < end:
            at = walk.read(at, end)
            if walk.key in _COMMAND_STEPS:
                self._step(_COMMAND_STEPS[walk.key], walk.data_at, walk.data_end)
            elif walk.key == MULTIPLE_SERVICES_CREDIT_CONTROL:
                self._service(walk.data_at, walk.data_end)
            elif walk.key == SUBSCRIPTION_ID:
                self._subscription(walk.data_at, walk.data_end)
            else:
                self._other()

    def _service(self, at: i64, end: i64) -> None:
        walk = self._walk
        self._step(SERVICE, at, at)
        while at < end:
            at = walk.read(at, end)
            if walk.key == USED_SERVICE_UNIT:
                self._units(USED, walk.data_at, walk.data_end)
            elif walk.key == REQUESTED_SERVICE_UNIT:
                self._units(REQUESTED, walk.data_at, walk.data_end)
            else:
                self._other()

    def _units(self, kind: int, at: i64, end: i64) -> None:
        walk = self._walk
        self._step(UNITS, at, at)
        while at < end:
            at = walk.read(at, end)
            if walk.key in _UNIT_STEPS:
                self._step(_UNIT_STEPS[walk.key], walk.data_at, walk.data_end)
            elif walk.kind != EIGHT_OCTETS:  # also an amount that nobody reads is checked
                self._other()
        self._step(kind, end, end)

    def _subscription(self, at: i64, end: i64) -> None:
        walk = self._walk
        kind = self._subscription_kind(at, end)
        while at < end:
            at = walk.read(at, end)
            if walk.key == SUBSCRIPTION_ID_DATA:
                self._subscription_data(kind, walk.data_at, walk.data_end)
            else:
                self._other()

    def _subscription_kind(self, at: i64, end: i64) -> i64:
        walk = self._walk
        while walk.key != SUBSCRIPTION_ID_TYPE:
            at = walk.read(at, end)
        return walk.message[walk.data_end - 1]

    def _subscription_data(self, kind: i64, at: i64, end: i64) -> None:
        """Note an identity; of an MSISDN of one octet that octet decides whether it is one, so it is alike."""
        if kind == END_USER_E164 and not self._has_msisdn:
            self._has_msisdn = number_of_msisdn(self._walk.message, at, end) != b""
            if end - at > 1:
                self._step(MSISDN, at, end)
        elif kind == END_USER_IMSI and not self._has_imsi:
            self._has_imsi = at < end
            self._step(IMSI, at, end)
        else:
            self._step(TEXT, at, end)

    def _group(self, at: i64, end: i64, depth: i64) -> None:
        """Walk over a group as ``skim`` does."""
        walk = self._walk
        while at < end:
            at = walk.read(at, end)
            if walk.key == SUBSCRIPTION_ID:
                self._subscription(walk.data_at, walk.data_end)
            elif walk.kind == GROUPED:
                if depth < DEPTH_LIMIT:
                    self._group(walk.data_at, walk.data_end, depth + 1)
            elif walk.key == KEY_USER_LOCATION_INFO and not self._has_location:
                self._has_location = walk.data_at < walk.data_end
                self._step(LOCATION, walk.data_at, walk.data_end)
            else:
                self._other()

    def _other(self) -> None:
        """Note what may differ in the AVP just read, which is not one of the level it stands on."""
        walk = self._walk
        if walk.kind == GROUPED:
            self._group(walk.data_at, walk.data_end, 1)
        elif walk.key not in _ALIKE:
            if walk.kind == UTF8:
                self._step(TEXT, walk.data_at, walk.data_end)
            else:
                self._differs(walk.data_at, walk.data_end)
