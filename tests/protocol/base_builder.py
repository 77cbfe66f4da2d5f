"""Base-protocol messages for tests, packed with struct and nothing of the code under test."""

import struct

from tests.protocol import ccr_builder

CER, DWR, DPR, CCR = 257, 280, 282, 272
ORIGIN_HOST, ORIGIN_REALM, HOST_IP_ADDRESS, VENDOR_ID, PRODUCT_NAME = 264, 296, 257, 266, 269
ORIGIN_STATE_ID, AUTH_APPLICATION_ID, ACCT_APPLICATION_ID, VENDOR_SPECIFIC = 278, 258, 259, 260
INBAND_SECURITY_ID, RESULT_CODE, FAILED_AVP, DISCONNECT_CAUSE, ERROR_MESSAGE = 299, 268, 279, 273, 281

GATEWAY, REALM = b"pgw1.example.net", b"example.net"


def avp(code: int, data: bytes | int, flags: int = 0x40, vendor: int = 0) -> bytes:
    """One AVP with its padding; a number becomes 32 bits."""
    octets = struct.pack(">I", data) if isinstance(data, int) else data
    return ccr_builder.avp(code, octets, flags=flags, vendor=vendor)


def message(
    command: int,
    *avps: bytes,
    flags: int = 0x80,
    application: int = 0,
    hop_by_hop: int = 7,
    end_to_end: int = 9,
) -> bytes:
    """A whole message; the version is 1."""
    return ccr_builder.message(
        b"".join(avps),
        command=command,
        flags=flags,
        application=application,
        hop_by_hop=hop_by_hop,
        end_to_end=end_to_end,
    )


def origin(host: bytes = GATEWAY, realm: bytes = REALM) -> bytes:
    """Origin-Host and Origin-Realm."""
    return avp(ORIGIN_HOST, host) + avp(ORIGIN_REALM, realm)


ADDRESS = avp(HOST_IP_ADDRESS, b"\0\1\x7f\0\0\1")
VENDOR = avp(VENDOR_ID, 0)
PRODUCT = avp(PRODUCT_NAME, b"test", flags=0)
GY = avp(AUTH_APPLICATION_ID, 4)


def cer(*extra: bytes, host: bytes = GATEWAY, realm: bytes = REALM, applications: bytes = GY) -> bytes:
    """A CER that is welcome."""
    return message(CER, origin(host, realm), ADDRESS, VENDOR, PRODUCT, applications, *extra)


def dwr(hop_by_hop: int = 8) -> bytes:
    """A DWR."""
    return message(DWR, origin(), hop_by_hop=hop_by_hop)


def dpr(cause: int = 0) -> bytes:
    """A DPR."""
    return message(DPR, origin(), avp(DISCONNECT_CAUSE, cause))


def answer(request: bytes, result_code: int = 2001) -> bytes:
    """The answer of a peer to a DWR or DPR of ours."""
    command, hop_by_hop = struct.unpack(">I4xI", request[4:16])
    return message(command & 0xFFFFFF, avp(RESULT_CODE, result_code), origin(), flags=0, hop_by_hop=hop_by_hop)


def split(octets: bytes) -> list[bytes]:
    """Cut a stream into whole messages."""
    messages = []
    while octets:
        length = int.from_bytes(octets[1:4], "big")
        messages.append(octets[:length])
        octets = octets[length:]
    return messages


def command_of(octets: bytes) -> int:
    """The Command Code of a message."""
    return int.from_bytes(octets[5:8], "big")


def is_request(octets: bytes) -> bool:
    """Whether the R bit is set."""
    return octets[4] & 0x80 != 0


def avps(octets: bytes) -> list[tuple[int, bytes]]:
    """The (code, data) of the AVPs in a group, in order; vendors are not told apart."""
    found = []
    at = 0
    while at < len(octets):
        code, flags_length = struct.unpack_from(">II", octets, at)
        length = flags_length & 0xFFFFFF
        head = 12 if flags_length >> 31 else 8
        assert length >= head
        found.append((code, octets[at + head : at + length]))
        at += (length + 3) & ~3
    assert at == len(octets)
    return found


def values(octets: bytes, code: int) -> list[bytes]:
    """The data of every AVP with that code at the top of a message."""
    return [data for found, data in avps(octets[20:]) if found == code]


def result_code(octets: bytes) -> int:
    """The Result-Code of an answer, 0 without one."""
    found = values(octets, RESULT_CODE)
    return int.from_bytes(found[0], "big") if found else 0


def ccr(
    number: int = 0,
    request_type: int = 1,
    *,
    destination_host: bytes = b"",
    destination_realm: bytes = REALM,
    application: int = 4,
    flags: int = 0xC0,
    hop_by_hop: int = 21,
) -> bytes:
    """A CCR with one MSCC of rating group 10."""
    units = avp(437, b"") if request_type == 1 else avp(446, avp(421, (1000).to_bytes(8, "big")))
    destination = avp(283, destination_realm) + (avp(293, destination_host) if destination_host else b"")
    return message(
        CCR,
        avp(263, b"pgw1.example.net;1;2"),
        origin(),
        destination,
        GY,
        avp(461, b"32251@3gpp.org"),
        avp(416, request_type),
        avp(415, number),
        avp(443, avp(450, 0) + avp(444, b"491700000001")),
        avp(456, units + avp(432, 10)),
        flags=flags,
        application=application,
        hop_by_hop=hop_by_hop,
    )
