"""What a request's header can get wrong (RFC 6733, 3 and 7.1.3)."""

from typing import Final, NamedTuple

from librt.strings import read_i32_be

from protocol.messages import Issue
from protocol.result_codes import (
    APPLICATION_UNSUPPORTED,
    COMMAND_UNSUPPORTED,
    INVALID_HDR_BITS,
    UNSUPPORTED_VERSION,
)

_PROXIABLE: Final = 0x40
_ERROR: Final = 0x20


class _Command(NamedTuple):
    name: str
    flags: int
    application: int


_COMMANDS: Final = {
    257: _Command("Capabilities-Exchange", 0, 0),
    272: _Command("Credit-Control", _PROXIABLE, 4),
    280: _Command("Device-Watchdog", 0, 0),
    282: _Command("Disconnect-Peer", 0, 0),
}


def header_problem(message: bytes) -> Issue | None:
    """Find the first fault in the header of a whole request, in the order of the Result-Codes' weight.

    The T flag, the reserved bits and the identifiers are never wrong.
    """
    if message[0] != 1:
        return Issue(UNSUPPORTED_VERSION, b"", f"version {message[0]} is not 1")
    flags = message[4]
    code = read_i32_be(message, 4) & 0xFFFFFF
    command = _COMMANDS.get(code)
    if flags & _ERROR:
        return Issue(INVALID_HDR_BITS, b"", "a request has the E bit")
    if command is None:
        return Issue(COMMAND_UNSUPPORTED, b"", f"command {code} is not served")
    if flags & _PROXIABLE != command.flags:
        wrong = "without" if command.flags else "with"
        return Issue(INVALID_HDR_BITS, b"", f"a {command.name} request {wrong} the P bit")
    application = read_i32_be(message, 8) & 0xFFFFFFFF
    if application != command.application:
        return Issue(
            APPLICATION_UNSUPPORTED, b"", f"application {application} is not served with {command.name}"
        )
    return None
