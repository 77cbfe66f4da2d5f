"""The dictionary: generated, corrected, and sound."""

from protocol import avp_walk, codes, unit_walk
from protocol.cardinality import REQUIRED, REQUIRED_BITS, TOP_BIT
from protocol.dictionary import (
    ADDRESS,
    EIGHT_OCTETS,
    FOUR_OCTETS,
    GROUPED,
    OCTETS,
    UNKNOWN,
    UTF8,
    avp_name,
    wire_type,
)
from tests.protocol import generate_dictionary


def test_the_committed_table_is_what_the_script_writes() -> None:
    """Nobody edits the table by hand."""
    assert generate_dictionary.TARGET.read_text() == generate_dictionary.source()


def test_wire_types() -> None:
    """Samples of each type and vendor, and every correction."""
    assert [wire_type(0, code) for code in (263, 264, 416, 421, 456, 55)] == [
        UTF8, UTF8, FOUR_OCTETS, EIGHT_OCTETS, GROUPED, FOUR_OCTETS,
    ]  # fmt: skip
    assert [wire_type(10415, code) for code in (2, 11, 1263, 2708, 847, 873)] == [
        FOUR_OCTETS, OCTETS, OCTETS, UTF8, ADDRESS, GROUPED,
    ]  # fmt: skip
    assert [wire_type(0, code) for code in range(653, 670)].count(UNKNOWN) == 0
    assert wire_type(5535, 9010) == UTF8
    assert {wire_type(0, 9999), wire_type(10415, 9999), wire_type(9999, 1), wire_type(0, 0)} == {UNKNOWN}


def test_every_code_we_name_is_known() -> None:
    """What codes.py lists is in the tables, so none of it can be taken for an unknown AVP."""
    header = {"BASE_APPLICATION", "RELAY_APPLICATION", "CREDIT_CONTROL_APPLICATION", "VENDOR_3GPP"}
    header |= {"CAPABILITIES_EXCHANGE", "RE_AUTH", "CREDIT_CONTROL", "ABORT_SESSION", "DEVICE_WATCHDOG"}
    header |= {"DISCONNECT_PEER"}
    for name, code in vars(codes).items():
        if name.isupper() and not name.endswith("_FLAG") and name not in header:
            assert wire_type(0, code) != UNKNOWN or wire_type(10415, code) != UNKNOWN, name


def test_literals_equal_what_they_stand_for() -> None:
    """Constants that are literals for the compiler's sake agree with what they are made of."""
    assert avp_walk.KEY_3GPP == codes.VENDOR_3GPP << 32
    assert unit_walk.KEY_REPORTING_REASON == avp_walk.KEY_3GPP | codes.REPORTING_REASON
    assert sum(TOP_BIT >> place for place in range(1, len(REQUIRED) + 1)) == REQUIRED_BITS


def test_names() -> None:
    """An Error-Message calls an AVP by name and number."""
    assert avp_name(0, 415) == "CC-Request-Number (415)"
    assert avp_name(10415, 872) == "Reporting-Reason (872 of vendor 10415)"
    assert avp_name(9, 1) == "AVP (1 of vendor 9)"
