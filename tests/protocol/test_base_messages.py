"""CER, DWR and DPR with their faults, and what is answered (RFC 6733, 5.3-5.5 and 7.1.5)."""

import pytest

from protocol.base_messages import check_dpr, check_dwr, parse_cer
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, REALM, STARTED_S, Driver


def vendor_specific(*applications: bytes) -> bytes:
    """A Vendor-Specific-Application-Id of 3GPP."""
    return base.avp(base.VENDOR_SPECIFIC, base.avp(base.VENDOR_ID, 10415) + b"".join(applications))


def test_a_cer_gives_its_names_and_every_application_id() -> None:
    """Ids count as Auth-, as Acct- and inside a Vendor-Specific-Application-Id."""
    acct = base.avp(base.ACCT_APPLICATION_ID, 3)
    inside = vendor_specific(base.avp(base.AUTH_APPLICATION_ID, 16777238))
    state, security = base.avp(base.ORIGIN_STATE_ID, 77), base.avp(base.INBAND_SECURITY_ID, 0)

    request = parse_cer(base.cer(acct, inside, state, security))

    assert request.issue is None
    assert (request.origin_host, request.origin_realm) == (base.GATEWAY, base.REALM)
    assert request.applications == {4, 3, 16777238}
    assert request.origin_state_id == 77
    assert request.inband_security == [0]
    assert request.product_name == b"test"


ORIGIN, REST = base.origin(), base.ADDRESS + base.VENDOR + base.PRODUCT
UNKNOWN = base.avp(9999, b"1234")
FAULTS = [
    ("no Origin-Host", base.avp(296, b"r") + REST, 5005, (264, b"")),
    ("no Origin-Realm", base.avp(264, b"h") + REST, 5005, (296, b"")),
    ("no Host-IP-Address", ORIGIN + base.VENDOR + base.PRODUCT, 5005, (257, bytes(6))),
    ("no Vendor-Id", ORIGIN + base.ADDRESS + base.PRODUCT, 5005, (266, bytes(4))),
    ("no Product-Name", ORIGIN + base.ADDRESS + base.VENDOR, 5005, (269, b"")),
    ("nothing", b"", 5005, (264, b"")),
    ("two Origin-Hosts", ORIGIN + base.avp(264, b"second") + REST, 5009, (264, b"second")),
    ("empty Origin-Host", base.avp(264, b"") + base.avp(296, b"r") + REST, 5004, (264, b"")),
    ("blank in Origin-Host", base.avp(264, b"a b") + base.avp(296, b"r") + REST, 5004, (264, b"a b")),
    ("short Vendor-Id", ORIGIN + base.ADDRESS + base.avp(266, b"\0\0") + base.PRODUCT, 5014, (266, bytes(4))),
    ("long Host-IP-Address", ORIGIN + base.avp(257, bytes(7)) + REST, 5014, (257, bytes(6))),
    ("unknown AVP with M", ORIGIN + REST + UNKNOWN, 5001, (9999, b"1234")),
    ("unknown vendor AVP with M", ORIGIN + REST + base.avp(1, 5, vendor=99999), 5001, (1, b"\0\0\0\5")),
    ("AVP past the end", ORIGIN + REST + b"\0\0\1\x0a\x40\0\0\x20\0\0\0\0", 5014, (266, bytes(4))),
    ("AVP under its header", ORIGIN + REST + b"\0\0\1\x0a\x40\0\0\7", 5014, (266, bytes(4))),
    ("AVP header cut off", ORIGIN + REST + b"\0\0\1\x0a", 5014, (266, bytes(4))),
]


@pytest.mark.parametrize(("octets", "code", "failed"), [row[1:] for row in FAULTS], ids=[r[0] for r in FAULTS])
def test_a_fault_of_a_cer_is_named_and_shown(octets: bytes, code: int, failed: tuple[int, bytes]) -> None:
    """Result-Code and Failed-AVP of RFC 6733, 7.1.5."""
    issue = parse_cer(base.message(base.CER, octets)).issue

    assert issue is not None
    assert issue.result_code == code
    assert base.avps(issue.failed_avp) == [failed]
    assert issue.error_message


@pytest.mark.parametrize(
    "octets",
    [
        base.avp(9999, b"1234", flags=0),
        base.avp(1, b"user"),
        base.avp(2, b"1234", vendor=10415),
        base.avp(266, b"any", vendor=10415, flags=0),
        base.avp(265, 10415) + base.avp(265, 5535),
        base.avp(257, b"\0\2" + bytes(16)),
        base.avp(264, b"")[:0],
    ],
)
def test_what_is_no_fault_of_a_cer(octets: bytes) -> None:
    """Unknown AVPs without M, known ones where they are not needed, and repeated ones that may be."""
    assert parse_cer(base.cer(octets)).issue is None


def test_every_truncation_of_a_cer_is_read_without_an_exception() -> None:
    """Whatever the octets are, there is a request and mostly an issue."""
    whole = base.cer(vendor_specific(base.GY))
    for length in range(20, len(whole)):
        parse_cer(whole[:length])
        check_dwr(whole[:length])
        check_dpr(whole[:length])


@pytest.mark.parametrize(("cause", "code"), [(0, None), (1, None), (2, None), (3, 5004)])
def test_a_dpr_names_one_of_three_causes(cause: int, code: int | None) -> None:
    """RFC 6733, 5.4.3."""
    issue = check_dpr(base.dpr(cause))
    assert (issue.result_code if issue else None) == code


def test_a_dpr_without_a_cause_lacks_something() -> None:
    """5005 with a zero Disconnect-Cause."""
    issue = check_dpr(base.message(base.DPR, base.origin()))
    assert issue is not None
    assert issue.result_code == 5005
    assert base.avps(issue.failed_avp) == [(273, bytes(4))]


def test_the_cea_holds_what_a_strict_peer_insists_on() -> None:
    """RFC 6733, 5.3.2; only application 4 is advertised."""
    cea = Driver().connect().ask(base.cer())

    assert cea[:1] == b"\1"
    assert cea[4] == 0
    assert cea[12:20] == base.cer()[12:20]
    assert [code for code, _ in base.avps(cea[20:])] == [268, 264, 296, 257, 266, 269, 278, 265, 258]
    assert base.values(cea, 264) == [HOST]
    assert base.values(cea, 296) == [REALM]
    assert base.values(cea, 257) == [b"\0\1\x7f\0\0\1"]
    assert base.values(cea, 278) == [STARTED_S.to_bytes(4, "big")]
    assert base.values(cea, 265) == [(10415).to_bytes(4, "big")]
    assert base.values(cea, 258) == [b"\0\0\0\4"]


def test_the_cea_names_the_configured_addresses() -> None:
    """IPv4, IPv6 and IPv4 mapped into IPv6."""
    driver = Driver(host_ip_addresses=("10.0.0.1", "2001:db8::1", "::ffff:10.0.0.2"))
    cea = driver.connect().ask(base.cer())
    v6 = b"\0\2\x20\1\x0d\xb8" + bytes(11) + b"\1"
    assert base.values(cea, 257) == [b"\0\1\x0a\0\0\1", v6, b"\0\1\x0a\0\0\2"]
