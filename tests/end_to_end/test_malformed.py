"""A tour of everything that can be wrong with a request, at a running server."""

import struct
from pathlib import Path

import pytest

from tests.end_to_end.gateways import gateway
from tests.end_to_end.served import books, load_payers, serving
from tests.foreign.wireshark import Capture, sent_commands, warnings
from tests.protocol import base_builder as base
from tests.protocol import test_decode_issues as faults
from tests.protocol.ccr_builder import build_ccr, mscc

SUBSCRIBER = "447700000000"
ECHOED = {279, 284}
"""Failed-AVP and Proxy-Info: what an answer gives back of its request as it was."""


def tour() -> list[tuple[bytes, set[int]]]:
    """Requests with the Result-Codes that may answer them; none ends its connection."""
    asked = [mscc(rating_group=1, requested=1000)]
    sound = build_ccr(mscc=asked, msisdn=SUBSCRIBER)
    found = [
        (octets, {code})
        for bad, code, _ in faults.EVERYWHERE.values()
        for octets in faults.placed(bad).values()
    ]
    found += [(octets, {5009}) for octets in faults.ONCE.values()]
    found += [(octets, {5004}) for octets, _ in faults.VALUES.values()]
    found += [
        (sound[:4] + b"\xc0\x00\x01\x11" + sound[8:], {3001}),
        (build_ccr(mscc=asked, application=5), {3007}),
        (build_ccr(mscc=asked, application=16777238), {3007}),
        (build_ccr(mscc=asked, flags=0xE0), {3008}),
        (build_ccr(mscc=asked, flags=0x80), {3008}),
        (b"\x02" + sound[1:], {5011}),
        (build_ccr(mscc=asked, destination_host="elsewhere.example.net"), {3002}),
        (build_ccr(mscc=asked, destination_realm="elsewhere.net"), {3003}),
        (build_ccr(mscc=asked, msisdn="999", imsi="888"), {5030}),
        (build_ccr(mscc=asked, msisdn=None, imsi=None), {5030}),
        (build_ccr(mscc=asked, service_context_id="version2.clci.ipc@vodafone.com"), {5031}),
        (build_ccr(mscc=asked, request_type=4, requested_action=0, msisdn=SUBSCRIBER), {5031}),
        (build_ccr(session_id="nobody;1", request_type=2, request_number=1, mscc=asked), {5002}),
        (build_ccr(session_id="nobody;2", request_type=3, request_number=1), {5002}),
    ]
    found += [(without(sound, {code}), {5005}) for code in faults.REQUIRED]
    found.append((build_ccr(mscc=asked, auth_application_id=5), {3007, 5004}))
    return found


def without(message: bytes, codes: set[int]) -> bytes:
    """A message without some of its AVPs."""
    kept = b""
    at = 20
    while at < len(message):
        code, length = struct.unpack_from(">II", message, at)
        end = at + (((length & 0xFFFFFF) + 3) & ~3)
        kept += b"" if code in codes else message[at:end]
        at = end
    assert at == len(message), message.hex()
    return message[:1] + (20 + len(kept)).to_bytes(3, "big") + message[4:20] + kept


@pytest.mark.foreign
async def test_every_fault_is_answered_and_charges_nothing(tmp_path: Path) -> None:
    """Each has its Result-Code, E bit and identifiers; the connection serves on; Wireshark finds no fault."""
    capture = Capture()
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "1.00")
        async with gateway(served.port) as client:
            for number, (request, codes) in enumerate(tour(), start=1):
                octets = request[:12] + struct.pack(">II", number, number) + request[20:]
                answer = await client.ask(octets)
                where = (number, codes, octets.hex(), answer.hex())
                assert base.result_code(answer) in codes, where
                assert answer[4] & 0x80 == 0, where
                assert (answer[4] & 0x20 != 0) == (base.result_code(answer) // 1000 == 3), where
                assert answer[8:20] == octets[8:20], where
                if codes != {3001}:  # a command that Wireshark does not know is the request's fault, too
                    capture.to_client(without(answer, ECHOED))
            assert base.result_code(await client.ask(base.dwr())) == 2001
        totals = books(served)
    assert (totals["EUR"]["balance_micros"], totals["EUR"]["reserved_micros"]) == (1_000_000, 0)
    assert totals["records"] == totals["sessions"] == 0
    assert warnings(capture, tmp_path) == ""
    assert len(sent_commands(capture, tmp_path)) == len(tour()) - 1
