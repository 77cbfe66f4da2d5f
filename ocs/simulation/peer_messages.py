"""The base protocol as a gateway speaks it: CER, DWR, DPR and its answers (RFC 6733, 5.3-5.5)."""

import ipaddress

from librt.strings import BytesWriter

from protocol import codes
from protocol.avp import AVP_HEADER_OCTETS, HEADER_OCTETS, build_message, put_avp, put_u32
from protocol.codes import MANDATORY_FLAG, REQUEST_FLAG, VENDOR_3GPP
from protocol.result_codes import SUCCESS

PRODUCT_NAME = b"ocs simulate"
REBOOTING = 0


class PeerMessages:
    """Builds one gateway's base messages; ``started_s`` is its Origin-State-Id."""

    def __init__(self, origin_host: str, realm: str, started_s: int) -> None:
        self._origin = BytesWriter()
        put_avp(self._origin, codes.ORIGIN_HOST, MANDATORY_FLAG, origin_host.encode())
        put_avp(self._origin, codes.ORIGIN_REALM, MANDATORY_FLAG, realm.encode())
        self._started_s = started_s
        self._sequence = 0

    def capabilities_request(self, local_address: str) -> bytes:
        """The CER, with Gy (application 4) and the address of the socket."""
        address = ipaddress.ip_address(local_address)
        family = b"\0\x01" if address.version == 4 else b"\0\x02"
        body = self._begin()
        put_avp(body, codes.HOST_IP_ADDRESS, MANDATORY_FLAG, family + address.packed)
        put_u32(body, codes.VENDOR_ID, MANDATORY_FLAG, VENDOR_3GPP)
        put_avp(body, codes.PRODUCT_NAME, 0, PRODUCT_NAME)
        put_u32(body, codes.ORIGIN_STATE_ID, MANDATORY_FLAG, self._started_s)
        put_u32(body, codes.SUPPORTED_VENDOR_ID, MANDATORY_FLAG, VENDOR_3GPP)
        put_u32(body, codes.AUTH_APPLICATION_ID, MANDATORY_FLAG, codes.CREDIT_CONTROL_APPLICATION)
        return self._request(codes.CAPABILITIES_EXCHANGE, body)

    def watchdog_request(self) -> bytes:
        """The DWR."""
        body = self._begin()
        put_u32(body, codes.ORIGIN_STATE_ID, MANDATORY_FLAG, self._started_s)
        return self._request(codes.DEVICE_WATCHDOG, body)

    def disconnect_request(self) -> bytes:
        """The DPR of a gateway that goes away."""
        body = self._begin()
        put_u32(body, codes.DISCONNECT_CAUSE, MANDATORY_FLAG, REBOOTING)
        return self._request(codes.DISCONNECT_PEER, body)

    def answer_to(self, request: bytes) -> bytes:
        """A success for the server's DWR or DPR."""
        body = BytesWriter()
        put_u32(body, codes.RESULT_CODE, MANDATORY_FLAG, SUCCESS)
        body.write(self._origin.getvalue())
        hop_by_hop, end_to_end = int.from_bytes(request[12:16]), int.from_bytes(request[16:20])
        return build_message(
            0, command_of(request), codes.BASE_APPLICATION, hop_by_hop, end_to_end, body.getvalue()
        )

    def _begin(self) -> BytesWriter:
        body = BytesWriter()
        body.write(self._origin.getvalue())
        return body

    def _request(self, command: int, body: BytesWriter) -> bytes:
        self._sequence += 1
        end_to_end = (self._started_s & 0xFFF) << 20 | 0xF0000 | self._sequence & 0xFFFF
        octets = body.getvalue()
        return build_message(REQUEST_FLAG, command, codes.BASE_APPLICATION, self._sequence, end_to_end, octets)


def command_of(message: bytes) -> int:
    """The Command-Code of a whole message."""
    return int.from_bytes(message[5:8])


def is_request(message: bytes) -> bool:
    """Whether the R flag is set."""
    return bool(message[4] & REQUEST_FLAG)


def result_code_of(message: bytes) -> int:
    """The first Result-Code of an answer, 0 where there is none."""
    at = HEADER_OCTETS
    while at + AVP_HEADER_OCTETS <= len(message):
        size = int.from_bytes(message[at + 5 : at + 8])
        if int.from_bytes(message[at : at + 4]) == codes.RESULT_CODE and size == AVP_HEADER_OCTETS + 4:
            return int.from_bytes(message[at + 8 : at + 12])
        at += max(size + 3 & ~3, AVP_HEADER_OCTETS)
    return 0
