"""What Wireshark's dissector says of messages: captures written from octets, read by tshark."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

LINKTYPE_RAW = 101
WARNING = 0x600000
"""From this ``_ws.expert.severity`` on, Wireshark warns or calls it an error."""

_LARGEST_SEGMENT = 60_000
_CLIENT, _SERVER = b"\x0a\0\0\1", b"\x0a\0\0\2"
_SERVER_PORT = 3868


class Capture:
    """A capture file of TCP connections to a server, written segment by segment; ``link`` tells them apart."""

    def __init__(self) -> None:
        self.octets = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFF, LINKTYPE_RAW)
        self._sequences: dict[tuple[int, bool], int] = {}
        self._count = 0

    def to_server(self, payload: bytes, link: int = 0) -> None:
        """Add what a client sent."""
        self._add(payload, link, from_client=True)

    def to_client(self, payload: bytes, link: int = 0) -> None:
        """Add what the server sent."""
        self._add(payload, link, from_client=False)

    def _add(self, payload: bytes, link: int, *, from_client: bool) -> None:
        for at in range(0, len(payload), _LARGEST_SEGMENT):
            self._add_segment(payload[at : at + _LARGEST_SEGMENT], link, from_client=from_client)

    def _add_segment(self, payload: bytes, link: int, *, from_client: bool) -> None:
        ports = (40_000 + link, _SERVER_PORT) if from_client else (_SERVER_PORT, 40_000 + link)
        addresses = (_CLIENT, _SERVER) if from_client else (_SERVER, _CLIENT)
        sequence = self._sequences.get((link, from_client), 1)
        acknowledged = self._sequences.get((link, not from_client), 1)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 0x50, 0x18, 0xFFFF, 0, 0)
        size = 20 + len(tcp) + len(payload)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, self._count & 0xFFFF, 0, 64, 6, 0, *addresses)
        self.octets += struct.pack("<IIII", self._count, 0, size, size) + ip + tcp + payload
        self._sequences[link, from_client] = sequence + len(payload)
        self._count += 1


def tshark(capture: Capture, folder: Path, *arguments: str) -> str:
    """What tshark prints of a capture; skips the test where it is not installed."""
    program = shutil.which("tshark")
    if program is None:
        pytest.skip("tshark is not installed")
    path = folder / "messages.pcap"
    path.write_bytes(capture.octets)
    command = [program, "-r", str(path), "-d", f"tcp.port=={_SERVER_PORT},diameter", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout


def warnings(capture: Capture, folder: Path) -> str:
    """What Wireshark warns of in messages of the server: frame number and text of each, "" for nothing."""
    bad = f"ip.src == 10.0.0.2 && (_ws.malformed || _ws.expert.severity >= {WARNING})"
    return tshark(capture, folder, "-Y", bad, "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message")


def sent_commands(capture: Capture, folder: Path) -> list[str]:
    """The Command Codes of the messages that the server sent, as Wireshark understands them."""
    ours = ("-Y", "ip.src == 10.0.0.2 && diameter")
    return tshark(capture, folder, *ours, "-T", "fields", "-e", "diameter.cmd.code").replace(",", " ").split()
