"""Locations as a tariff names them, from the octets that gateways send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.user_location import location_text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("8262f210000162f21000000101", b"26201-1-257"),  # TAI and ECGI, as Open5GS sends it
        ("0062f21012340101", b"26201-4660-257"),  # CGI
        ("0162f21012340101", b"26201-4660-257"),  # SAI
        ("0262f2101234ff", b"26201-4660"),  # RAI
        ("8062f2101234", b"26201-4660"),  # TAI
        ("8162f21000000101", b"26201--257"),  # ECGI
        ("801300621234", b"310260-4660"),  # an MNC of three digits
        ("", b""),
        ("82", b""),
        ("8262f2100001", b""),
        ("7762f21012340101", b""),
    ],
)
def test_location(octets: str, text: bytes) -> None:
    """Each kind of location gives network, area and cell; what is none gives nothing."""
    assert location_text(bytes.fromhex(octets)) == text


@given(st.binary(max_size=20))
def test_any_octets_give_a_text(octets: bytes) -> None:
    """Whatever a gateway sends, the text can stand in a key."""
    assert location_text(octets).isascii()
