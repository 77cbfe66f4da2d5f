"""Which AVPs of a Credit-Control-Request must be there and which may be there only once (RFC 8506, 3.1 and 8).

A table is indexed by AVP code and gives the AVP's place in a set of those seen; 0 means that it may repeat. The
grammars are RFC 8506's with what TS 32.299, 6.4.2 adds.
"""

from typing import Final

from mypy_extensions import i64

from protocol.avp_walk import KEY_3GPP
from protocol.codes import (
    ACCT_MULTI_SESSION_ID,
    AOC_REQUEST_TYPE,
    AUTH_APPLICATION_ID,
    CC_CORRELATION_ID,
    CC_INPUT_OCTETS,
    CC_MONEY,
    CC_OUTPUT_OCTETS,
    CC_REQUEST_NUMBER,
    CC_REQUEST_TYPE,
    CC_SERVICE_SPECIFIC_UNITS,
    CC_SUB_SESSION_ID,
    CC_TIME,
    CC_TOTAL_OCTETS,
    DESTINATION_HOST,
    DESTINATION_REALM,
    EVENT_TIMESTAMP,
    FINAL_UNIT_INDICATION,
    MULTIPLE_SERVICES_INDICATOR,
    ORIGIN_HOST,
    ORIGIN_REALM,
    ORIGIN_STATE_ID,
    QOS_FINAL_UNIT_INDICATION,
    QUOTA_CONSUMPTION_TIME,
    QUOTA_HOLDING_TIME,
    RATING_GROUP,
    REQUESTED_ACTION,
    REQUESTED_SERVICE_UNIT,
    RESULT_CODE,
    SERVICE_CONTEXT_ID,
    SERVICE_IDENTIFIER,
    SERVICE_INFORMATION,
    SESSION_ID,
    TARIFF_CHANGE_USAGE,
    TERMINATION_CAUSE,
    TIME_QUOTA_THRESHOLD,
    UNIT_QUOTA_THRESHOLD,
    USER_EQUIPMENT_INFO,
    USER_EQUIPMENT_INFO_EXTENSION,
    USER_NAME,
    VALIDITY_TIME,
    VOLUME_QUOTA_THRESHOLD,
)

REQUIRED: Final = (
    SESSION_ID,
    ORIGIN_HOST,
    ORIGIN_REALM,
    DESTINATION_REALM,
    AUTH_APPLICATION_ID,
    SERVICE_CONTEXT_ID,
    CC_REQUEST_TYPE,
    CC_REQUEST_NUMBER,
)
"""What a request can not do without, in the order of its grammar; they have the places 1, 2, 3 ..."""

TOP_BIT: Final = 0x2000000000000000
"""Place 0 of a set. Compiled code takes a literal 1 before << for 32 bits, so sets are filled from the top."""

REQUIRED_BITS: Final = 0x1FE0000000000000

_FIRST_3GPP_PLACE: Final = 40


def _places(codes: tuple[int, ...], first: int) -> bytes:
    """The table that gives these codes the places from ``first`` on, in order."""
    table = bytearray(max(codes) + 1)
    for place, code in enumerate(codes, start=first):
        table[code] = place
    return bytes(table)


ONCE_IN_COMMAND: Final = _places(
    (
        *REQUIRED,
        DESTINATION_HOST,
        USER_NAME,
        CC_SUB_SESSION_ID,
        ACCT_MULTI_SESSION_ID,
        ORIGIN_STATE_ID,
        EVENT_TIMESTAMP,
        SERVICE_IDENTIFIER,
        TERMINATION_CAUSE,
        REQUESTED_SERVICE_UNIT,
        REQUESTED_ACTION,
        MULTIPLE_SERVICES_INDICATOR,
        CC_CORRELATION_ID,
        USER_EQUIPMENT_INFO,
        USER_EQUIPMENT_INFO_EXTENSION,
    ),
    1,
)
ONCE_IN_COMMAND_3GPP: Final = _places((SERVICE_INFORMATION, AOC_REQUEST_TYPE), _FIRST_3GPP_PLACE)

ONCE_IN_SERVICE: Final = _places(
    (
        REQUESTED_SERVICE_UNIT,
        RATING_GROUP,
        TARIFF_CHANGE_USAGE,
        VALIDITY_TIME,
        RESULT_CODE,
        FINAL_UNIT_INDICATION,
        QOS_FINAL_UNIT_INDICATION,
    ),
    1,
)
ONCE_IN_SERVICE_3GPP: Final = _places(
    (
        TIME_QUOTA_THRESHOLD,
        VOLUME_QUOTA_THRESHOLD,
        UNIT_QUOTA_THRESHOLD,
        QUOTA_HOLDING_TIME,
        QUOTA_CONSUMPTION_TIME,
    ),
    _FIRST_3GPP_PLACE,
)

ONCE_IN_UNITS: Final = _places(
    (
        CC_TIME,
        CC_MONEY,
        CC_TOTAL_OCTETS,
        CC_INPUT_OCTETS,
        CC_OUTPUT_OCTETS,
        CC_SERVICE_SPECIFIC_UNITS,
        TARIFF_CHANGE_USAGE,
    ),
    1,
)


def seen_bit(base: bytes, of_3gpp: bytes, key: i64) -> i64:
    """The bit of an AVP in the set of those seen, by its key of the walk; 0 where it may repeat."""
    table = base
    if key >= KEY_3GPP:
        table = of_3gpp
        key -= KEY_3GPP
    if key < 0 or key >= len(table):
        return 0
    place: i64 = table[key]
    if place == 0:
        return 0
    return TOP_BIT >> place
