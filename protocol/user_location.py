"""Where a subscriber is, as text, from 3GPP-User-Location-Info (TS 29.061, 16.4.7.2; TS 29.274, 8.21)."""

from __future__ import annotations

from typing import Final

_CGI: Final = 0
_SAI: Final = 1
_RAI: Final = 2
_TAI: Final = 128
_ECGI: Final = 129
_TAI_AND_ECGI: Final = 130
_OCTETS: Final = {_CGI: 8, _SAI: 8, _RAI: 7, _TAI: 6, _ECGI: 8, _TAI_AND_ECGI: 13}


def location_text(octets: bytes) -> bytes:
    """``26201-4660-257``: MCC and MNC, area (LAC or TAC) and cell in decimal digits, as far as they are told.

    An ECGI without area is ``26201--257``. Octets of another kind, or too few, give the empty text.
    """
    kind = octets[0] if octets else -1
    if len(octets) < _OCTETS.get(kind, len(octets) + 1):
        return b""
    network = _network(octets[1:4])
    if kind == _ECGI:
        return b"%s--%d" % (network, _cell(octets[4:8]))
    area = int.from_bytes(octets[4:6], "big")
    if kind == _TAI_AND_ECGI:
        return b"%s-%d-%d" % (network, area, _cell(octets[9:13]))
    if kind in {_CGI, _SAI}:
        return b"%s-%d-%d" % (network, area, int.from_bytes(octets[6:8], "big"))
    return b"%s-%d" % (network, area)


def _network(octets: bytes) -> bytes:
    """MCC and MNC from three octets: digits in nibbles, the third digit of the MNC may be a filler (F)."""
    first, second, third = octets
    digits = [first & 15, first >> 4, second & 15, third & 15, third >> 4]
    if second >> 4 != 15:
        digits.append(second >> 4)
    return "".join(f"{digit:x}" for digit in digits).encode()


def _cell(octets: bytes) -> int:
    """An E-UTRAN cell identity: 28 bits."""
    return int.from_bytes(octets, "big") & 0x0FFFFFFF
