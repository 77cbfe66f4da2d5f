"""The groups of a Credit-Control-Request that are about the subscriber and the service, not about units."""

from typing import Final

from librt.strings import read_i64_be
from mypy_extensions import i64

from protocol.avp_issues import invalid_value, missing, too_many
from protocol.avp_walk import KEY_3GPP, AvpWalk
from protocol.codes import CALLED_STATION_ID, SUBSCRIPTION_ID, SUBSCRIPTION_ID_DATA, SUBSCRIPTION_ID_TYPE
from protocol.dictionary import GROUPED
from protocol.messages import ABSENT, CreditControlRequest

END_USER_E164: Final = 0
END_USER_IMSI: Final = 1
END_USER_PRIVATE: Final = 4

DEPTH_LIMIT: Final = 16
"""Groups nested deeper than this are not looked into; TS 32.299 nests five deep."""

_PLUS: Final = 0x2B
KEY_SGSN_MCC_MNC: Final = 0x28AF00000012  # KEY_3GPP | SGSN_MCC_MNC, as are the next
KEY_RAT_TYPE: Final = 0x28AF00000015
KEY_USER_LOCATION_INFO: Final = 0x28AF00000016
KEY_QOS_CLASS_IDENTIFIER: Final = 0x28AF00000404


def read_subscription(walk: AvpWalk, request: CreditControlRequest, at: i64, end: i64) -> bool:
    """Read a Subscription-Id: E.164 and IMSI are kept, the first of each (RFC 8506, 8.46)."""
    message = walk.message
    kind: i64 = -1
    data_at: i64 = -1
    data_end: i64 = -1
    while at < end:
        start = at
        at = walk.read(at, end)
        if at < 0:
            return False
        if walk.key == SUBSCRIPTION_ID_TYPE:
            if kind >= 0:
                walk.issue = too_many(message, start)
                return False
            kind = read_i64_be(message, walk.data_at - 4) & 0xFFFFFFFF
            if kind > END_USER_PRIVATE:
                walk.issue = invalid_value(message, start, "is no type of subscription")
                return False
        elif walk.key == SUBSCRIPTION_ID_DATA:
            if data_at >= 0:
                walk.issue = too_many(message, start)
                return False
            data_at = walk.data_at
            data_end = walk.data_end
        elif walk.kind == GROUPED and not skim(walk, request, walk.data_at, walk.data_end, 1):
            return False
    if kind < 0 or data_at < 0:
        walk.issue = missing(SUBSCRIPTION_ID_TYPE if kind < 0 else SUBSCRIPTION_ID_DATA)
        return False
    if kind == END_USER_E164:
        if not request.msisdn:
            request.msisdn = number_of_msisdn(message, data_at, data_end)
    elif kind == END_USER_IMSI and not request.imsi:
        request.imsi = message[data_at:data_end]
    return True


def number_of_msisdn(message: bytes, at: i64, end: i64) -> bytes:
    """The digits of an E.164 number, which some clients send with a plus."""
    plus: i64 = 1 if at < end and message[at] == _PLUS else 0
    return message[at + plus : end]


def skim(walk: AvpWalk, request: CreditControlRequest, at: i64, end: i64, depth: i64) -> bool:
    """Check the members of a group, and read what charging needs of Service-Information (TS 32.299, 7.2)."""
    while at < end:
        at = walk.read(at, end)
        if at < 0:
            return False
        if walk.kind == GROUPED:
            if walk.key == SUBSCRIPTION_ID:
                if not read_subscription(walk, request, walk.data_at, walk.data_end):
                    return False
            elif depth < DEPTH_LIMIT and not skim(walk, request, walk.data_at, walk.data_end, depth + 1):
                return False
        elif walk.key >= KEY_3GPP:
            _read_of_3gpp(walk, request)
        elif walk.key == CALLED_STATION_ID and not request.called_station_id:
            walk.last_apn = request.called_station_id = walk.octets_like(walk.last_apn)
    return True


def _read_of_3gpp(walk: AvpWalk, request: CreditControlRequest) -> None:
    """Take what a price may depend on: the first network, location, access and class of quality named."""
    key = walk.key
    if key == KEY_RAT_TYPE:
        if request.rat_type == ABSENT and walk.data_end > walk.data_at:
            request.rat_type = walk.message[walk.data_end - 1]
    elif key == KEY_SGSN_MCC_MNC:
        if not request.serving_network:
            walk.last_network = request.serving_network = walk.octets_like(walk.last_network)
    elif key == KEY_USER_LOCATION_INFO:
        if not request.user_location:
            request.user_location = walk.message[walk.data_at : walk.data_end]
    elif key == KEY_QOS_CLASS_IDENTIFIER and request.qos_class == ABSENT:
        request.qos_class = read_i64_be(walk.message, walk.data_at - 4) & 0xFFFFFFFF
