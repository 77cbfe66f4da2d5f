"""Texts of records: what JSON takes as it is needs no encoder, and is told from the rest."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocs.charging.record import is_plain

_ODD = [0, 9, 10, 31, 34, 92, 128, 255]


@given(st.binary(max_size=40))
@example(b"")
@example(b"\x7f" * 9)
def test_what_is_plain_is_what_json_writes_unchanged(value: bytes) -> None:
    """Octets are plain exactly where JSON's own encoder changes nothing but to add quotes."""
    text = value.decode("utf-8", "backslashreplace")
    unchanged = value.isascii() and json.dumps(text, ensure_ascii=False) == f'"{text}"'
    if b"\x7f" not in value:
        assert is_plain(value) == unchanged
    elif is_plain(value):
        assert unchanged


@pytest.mark.parametrize("size", range(1, 12))
def test_an_odd_octet_is_found_at_every_place(size: int) -> None:
    """Among plain octets one that is not is seen, wherever it stands."""
    assert is_plain(b"~" * size)
    for place in range(size):
        for odd in _ODD:
            value = bytearray(b" ~a0" * 3)[:size]
            value[place] = odd
            assert not is_plain(bytes(value))
