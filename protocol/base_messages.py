"""The messages that peers exchange about themselves: CER, DWR, DPR and their answers (RFC 6733, 5.3-5.5).

Requests are read into values; a fault becomes an issue, never an exception.
"""

from ipaddress import IPv6Address, ip_address
from typing import Final

from librt.strings import BytesWriter, read_i32_be

from protocol import codes
from protocol.avp import begin_message, finish_message, put_avp, put_u32
from protocol.base_grammar import (
    CAPABILITIES_EXCHANGE_FIELDS,
    DEVICE_WATCHDOG_FIELDS,
    DISCONNECT_PEER_FIELDS,
    check,
)
from protocol.cursor import AvpCursor
from protocol.encode import encode_error, put_failure
from protocol.local_node import LocalNode
from protocol.messages import Issue
from protocol.result_codes import INVALID_AVP_VALUE, SUCCESS

_MANDATORY: Final = codes.MANDATORY_FLAG
_NO_VENDOR: Final = 0
_LAST_DISCONNECT_CAUSE: Final = 2


class CapabilitiesRequest:
    """A CER. ``applications`` are all ids it names, wherever; ``inband_security`` may be empty."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.origin_host = b""
        self.origin_realm = b""
        self.origin_state_id = 0
        self.product_name = b""
        self.applications: set[int] = set()
        self.inband_security: list[int] = []
        self.issue: Issue | None = None


def parse_cer(message: bytes) -> CapabilitiesRequest:
    """Read a CER (RFC 6733, 5.3.1)."""
    found = check(message, CAPABILITIES_EXCHANGE_FIELDS)
    request = CapabilitiesRequest(message)
    request.issue = found.issue
    request.origin_host = found.first(codes.ORIGIN_HOST)
    request.origin_realm = found.first(codes.ORIGIN_REALM)
    request.origin_state_id = int.from_bytes(found.first(codes.ORIGIN_STATE_ID), "big")
    request.product_name = found.first(codes.PRODUCT_NAME)
    request.inband_security = found.numbers(codes.INBAND_SECURITY_ID)
    request.applications.update(found.numbers(codes.AUTH_APPLICATION_ID))
    request.applications.update(found.numbers(codes.ACCT_APPLICATION_ID))
    for group in found.values.get(codes.VENDOR_SPECIFIC_APPLICATION_ID, []):
        request.applications.update(_applications_in(group))
    return request


def check_dwr(message: bytes) -> Issue | None:
    """Find what is wrong with a DWR (RFC 6733, 5.5.1)."""
    return check(message, DEVICE_WATCHDOG_FIELDS).issue


def check_dpr(message: bytes) -> Issue | None:
    """Find what is wrong with a DPR (RFC 6733, 5.4.1)."""
    found = check(message, DISCONNECT_PEER_FIELDS)
    if found.issue is None and found.numbers(codes.DISCONNECT_CAUSE)[0] > _LAST_DISCONNECT_CAUSE:
        out = BytesWriter()
        put_avp(out, codes.DISCONNECT_CAUSE, _MANDATORY, found.first(codes.DISCONNECT_CAUSE))
        return Issue(INVALID_AVP_VALUE, out.getvalue(), "Disconnect-Cause is not 0, 1 or 2")
    return found.issue


def encode_answer(node: LocalNode, message: bytes, issue: Issue | None) -> bytes:
    """Answer a DWR or DPR, with success unless there is an issue (RFC 6733, 5.4.2 and 5.5.2)."""
    out = _begin_answer(message, SUCCESS if issue is None else issue.result_code)
    out.write(node.identity.origin_avps)
    _put_issue(out, issue)
    if _command_of(message) == codes.DEVICE_WATCHDOG:
        put_u32(out, codes.ORIGIN_STATE_ID, _MANDATORY, node.identity.origin_state_id)
    return finish_message(out)


def encode_cea(node: LocalNode, local_address: str, message: bytes, issue: Issue | None) -> bytes:
    """Answer a CER (RFC 6733, 5.3.2), or with the E bit where the issue is a protocol error (RFC 6733, 7.2)."""
    if issue is not None and issue.result_code < 4000:
        return encode_error(node.identity, message, issue.result_code, issue.failed_avp, issue.error_message)
    out = _begin_answer(message, SUCCESS if issue is None else issue.result_code)
    out.write(node.identity.origin_avps)
    for address in node.host_ip_addresses or (local_address,):
        put_avp(out, codes.HOST_IP_ADDRESS, _MANDATORY, _address(address))
    put_u32(out, codes.VENDOR_ID, _MANDATORY, _NO_VENDOR)
    put_avp(out, codes.PRODUCT_NAME, 0, node.product_name)
    put_u32(out, codes.ORIGIN_STATE_ID, _MANDATORY, node.identity.origin_state_id)
    _put_issue(out, issue)
    put_u32(out, codes.SUPPORTED_VENDOR_ID, _MANDATORY, codes.VENDOR_3GPP)
    put_u32(out, codes.AUTH_APPLICATION_ID, _MANDATORY, codes.CREDIT_CONTROL_APPLICATION)
    return finish_message(out)


def encode_dwr(node: LocalNode, hop_by_hop: int) -> bytes:
    """Ask a peer for a sign of life (RFC 6733, 5.5.1)."""
    out = _begin_request(node, codes.DEVICE_WATCHDOG, hop_by_hop)
    put_u32(out, codes.ORIGIN_STATE_ID, _MANDATORY, node.identity.origin_state_id)
    return finish_message(out)


def encode_dpr(node: LocalNode, hop_by_hop: int, cause: int) -> bytes:
    """Tell a peer that we part from it (RFC 6733, 5.4.1)."""
    out = _begin_request(node, codes.DISCONNECT_PEER, hop_by_hop)
    put_u32(out, codes.DISCONNECT_CAUSE, _MANDATORY, cause)
    return finish_message(out)


def _applications_in(group: bytes) -> list[int]:
    """The application ids of a Vendor-Specific-Application-Id; its Vendor-Id means nothing (RFC 6733, 6.11)."""
    applications = []
    cursor = AvpCursor(group, 0, len(group))
    while cursor.next():
        if cursor.code in (codes.AUTH_APPLICATION_ID, codes.ACCT_APPLICATION_ID) and cursor.data_length == 4:
            applications.append(int(cursor.number32()))
    return applications


def _begin_request(node: LocalNode, command: int, hop_by_hop: int) -> BytesWriter:
    out = begin_message(codes.REQUEST_FLAG, command, codes.BASE_APPLICATION, hop_by_hop, node.next_end_to_end())
    out.write(node.identity.origin_avps)
    return out


def _begin_answer(message: bytes, result_code: int) -> BytesWriter:
    hop_by_hop, end_to_end = int(read_i32_be(message, 12)), int(read_i32_be(message, 16))
    out = begin_message(0, _command_of(message), codes.BASE_APPLICATION, hop_by_hop, end_to_end)
    put_u32(out, codes.RESULT_CODE, _MANDATORY, result_code)
    return out


def _command_of(message: bytes) -> int:
    return read_i32_be(message, 4) & 0xFFFFFF


def _put_issue(out: BytesWriter, issue: Issue | None) -> None:
    if issue is not None:
        put_failure(out, issue.failed_avp, issue.error_message)


def _address(text: str) -> bytes:
    """Pack an Address: the family, then the octets (RFC 6733, 4.3.1)."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return (b"\0\1" if address.version == 4 else b"\0\2") + address.packed
