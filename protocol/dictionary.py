"""What the dictionary knows of an AVP: its wire type, the octets its type needs, and its name."""

from typing import Final

from mypy_extensions import i64

from protocol.codes import VENDOR_3GPP
from protocol.dictionary_tables import BASE_TYPES, OTHER_VENDORS, TYPES_3GPP

UNKNOWN: Final = 0x2E  # .
OCTETS: Final = 0x6F  # o
GROUPED: Final = 0x67  # g
FOUR_OCTETS: Final = 0x34  # 4
EIGHT_OCTETS: Final = 0x38  # 8
UTF8: Final = 0x75  # u; identities too
ADDRESS: Final = 0x61  # a

AVP_NAMES: Final[dict[int, str]] = {
    1: "User-Name", 30: "Called-Station-Id", 50: "Acct-Multi-Session-Id", 55: "Event-Timestamp",
    257: "Host-IP-Address", 258: "Auth-Application-Id", 259: "Acct-Application-Id",
    260: "Vendor-Specific-Application-Id", 263: "Session-Id", 264: "Origin-Host", 265: "Supported-Vendor-Id",
    266: "Vendor-Id", 267: "Firmware-Revision", 268: "Result-Code", 269: "Product-Name",
    273: "Disconnect-Cause", 278: "Origin-State-Id", 279: "Failed-AVP", 281: "Error-Message",
    282: "Route-Record", 283: "Destination-Realm", 284: "Proxy-Info", 293: "Destination-Host",
    295: "Termination-Cause",
    296: "Origin-Realm", 299: "Inband-Security-Id", 411: "CC-Correlation-Id", 412: "CC-Input-Octets",
    413: "CC-Money", 414: "CC-Output-Octets", 415: "CC-Request-Number", 416: "CC-Request-Type",
    417: "CC-Service-Specific-Units", 419: "CC-Sub-Session-Id", 420: "CC-Time", 421: "CC-Total-Octets",
    430: "Final-Unit-Indication", 431: "Granted-Service-Unit", 432: "Rating-Group", 436: "Requested-Action",
    437: "Requested-Service-Unit", 439: "Service-Identifier", 443: "Subscription-Id",
    444: "Subscription-Id-Data", 446: "Used-Service-Unit", 448: "Validity-Time", 450: "Subscription-Id-Type",
    451: "Tariff-Time-Change", 452: "Tariff-Change-Usage", 455: "Multiple-Services-Indicator",
    456: "Multiple-Services-Credit-Control", 457: "G-S-U-Pool-Reference", 458: "User-Equipment-Info",
    459: "User-Equipment-Info-Type", 460: "User-Equipment-Info-Value", 461: "Service-Context-Id",
    653: "User-Equipment-Info-Extension", 669: "QoS-Final-Unit-Indication",
}  # fmt: skip
NAMES_3GPP: Final[dict[int, str]] = {
    2: "3GPP-Charging-Id", 3: "3GPP-PDP-Type", 18: "3GPP-SGSN-MCC-MNC", 21: "3GPP-RAT-Type",
    22: "3GPP-User-Location-Info", 847: "GGSN-Address", 868: "Time-Quota-Threshold",
    869: "Volume-Quota-Threshold", 870: "Trigger-Type", 871: "Quota-Holding-Time", 872: "Reporting-Reason",
    873: "Service-Information", 874: "PS-Information", 876: "IMS-Information", 881: "Quota-Consumption-Time",
    1016: "QoS-Information", 1226: "Unit-Quota-Threshold", 1227: "PDP-Address", 1228: "SGSN-Address",
    1264: "Trigger", 2000: "SMS-Information", 2055: "AoC-Request-Type",
}  # fmt: skip


def _other_types() -> dict[int, int]:
    """The wire types of AVPs of vendors other than 0 and 10415, by vendor and code."""
    types: dict[int, int] = {}
    for vendor, by_letter in OTHER_VENDORS.items():
        for letter, codes in by_letter.items():
            for code in codes.split():
                types[vendor << 32 | int(code)] = ord(letter)
    return types


_OTHER_TYPES: Final = _other_types()


def wire_type(vendor: i64, code: i64) -> i64:
    """The wire type of an AVP; UNKNOWN where the dictionary lacks it. Vendor 0 means none."""
    if vendor == 0:
        return BASE_TYPES[code] if code < len(BASE_TYPES) else UNKNOWN
    if vendor == VENDOR_3GPP:
        return TYPES_3GPP[code] if code < len(TYPES_3GPP) else UNKNOWN
    return _OTHER_TYPES.get(vendor << 32 | code, UNKNOWN)


def minimum_octets(kind: i64) -> i64:
    """The fewest octets of data that a wire type can have: what an example of it is filled with."""
    if kind == FOUR_OCTETS:
        return 4
    if kind == EIGHT_OCTETS:
        return 8
    if kind == ADDRESS:
        return 6
    return 0


def avp_name(vendor: i64, code: i64) -> str:
    """What an Error-Message calls an AVP: its name and code, or only its numbers."""
    if vendor == 0:
        name = AVP_NAMES.get(code, "AVP")
        return f"{name} ({code})"
    name = NAMES_3GPP.get(code, "AVP") if vendor == VENDOR_3GPP else "AVP"
    return f"{name} ({code} of vendor {vendor})"
