"""The decision on a CER: is the peer let in, and if not, why (RFC 6733, 5.3). Pure."""

from typing import Final

from protocol.base_messages import CapabilitiesRequest
from protocol.codes import CREDIT_CONTROL_APPLICATION, RELAY_APPLICATION
from protocol.messages import Issue
from protocol.result_codes import NO_COMMON_APPLICATION, NO_COMMON_SECURITY, UNKNOWN_PEER

NO_INBAND_SECURITY: Final = 0
"""The Inband-Security-Id of a peer that goes on as the connection is (RFC 6733, 6.10)."""

_COMMON: Final = frozenset({CREDIT_CONTROL_APPLICATION, RELAY_APPLICATION})
"""Application 4, and a relay, which has every application in common with everybody (RFC 6733, 2.4)."""


def objection(request: CapabilitiesRequest, *, allowed: bool, secure: bool) -> Issue | None:
    """Judge a CER: None when the peer is welcome, else what the CEA says before the connection ends.

    ``allowed``: the peer is one of ours; ``secure``: the connection runs over TLS already. Application ids
    count wherever they stand: as Auth-, as Acct- or inside a Vendor-Specific-Application-Id (RFC 6733, 5.3).
    """
    if request.issue is not None:
        return request.issue
    if not allowed:
        return Issue(UNKNOWN_PEER, b"", "this Origin-Host may not connect from here")
    if not _COMMON & request.applications:
        return Issue(NO_COMMON_APPLICATION, b"", "only application 4 (credit control) is served")
    if not secure and request.inband_security and NO_INBAND_SECURITY not in request.inband_security:
        return Issue(NO_COMMON_SECURITY, b"", "TLS begins with the connection, on its own port")
    return None
