"""The captured wire of an unmodified Open5GS SMF, played to a running server: results, grants, books."""

from pathlib import Path

import pytest

from tests.end_to_end.gateways import connected, tapped
from tests.end_to_end.served import Served, account, books, load_subscribers, serving
from tests.foreign.wireshark import sent_commands, warnings
from tests.protocol import base_builder as base
from tests.protocol.vectors import open5gs

LOCALDOMAIN = '[diameter]\norigin_host = "ocs.localdomain"\norigin_realm = "localdomain"\n'
BALANCES_MICROS = (10_000_000, 1_500_000, 0, 300_000, 5_000_000)
"""The fourth can pay exactly for what its session will report; the third for nothing."""

TERMINATE = b"\0\0\0\0"
SMOOTH = (2001, (2001, 1_000_000, b""))
OUTCOMES = [
    *(SMOOTH, SMOOTH, SMOOTH, (2001, None)),
    *(SMOOTH, (2001, (2001, 700_000, TERMINATE)), (2001, None)),
    (4012, None),
    *((2001, (2001, 300_000, TERMINATE)), (2001, (4012, -1, b"")), (2001, None)),
    *(SMOOTH, SMOOTH, SMOOTH, (2001, None)),
]
"""Of each CCR: the command's Result-Code, and the MSCC's with its granted octets and Final-Unit-Action."""

USED_OCTETS = (1_400_000, 1_100_000, 0, 300_000, 3_002)


def units_used(request: bytes) -> int:
    """Input and output octets that a request reports."""
    members = [each for data in base.values(request, 456) for each in base.avps(data)]
    units = [each for code, data in members if code == 446 for each in base.avps(data)]
    return sum(int.from_bytes(data, "big") for code, data in units if code in {412, 414})


def of_service(answer: bytes) -> tuple[int, int, bytes] | None:
    """Result-Code, granted octets (-1 for none) and Final-Unit-Action of an answer's MSCC."""
    found = base.values(answer, 456)
    if not found:
        return None
    members = dict(base.avps(found[0]))
    granted = dict(base.avps(members.get(431, b""))).get(421)
    final = dict(base.avps(members.get(430, b""))).get(449, b"")
    result = int.from_bytes(members[268], "big")
    return (result, -1 if granted is None else int.from_bytes(granted, "big"), final)


def load_captured(served: Served) -> None:
    """The subscribers of the capture, found by IMSI alone."""
    rows = [f",{999700000000001 + n},ue{n},payg,{money / 1e6:.6f}" for n, money in enumerate(BALANCES_MICROS)]
    load_subscribers(served, *rows)


@pytest.mark.foreign
async def test_captured_session_is_charged_exactly(tmp_path: Path) -> None:
    """From CER to DPR: each result and grant, each balance, and no word of Wireshark against any answer."""
    with serving(tmp_path / "data", LOCALDOMAIN) as served:
        load_captured(served)
        outcomes, answers = [], 0
        async with tapped(served.port) as tap, connected(tap.port) as smf:
            for name, octets in open5gs():
                if not name.startswith("C>S"):
                    continue
                if not base.is_request(octets):
                    smf.send(octets)
                    continue
                answer = await smf.ask(octets)
                answers += 1
                assert answer[8:20] == octets[8:20], name
                if "CCR" in name:
                    outcomes.append((base.result_code(answer), of_service(answer)))
                else:
                    assert base.result_code(answer) == 2001, name
            assert await smf.receive() == b""
        assert outcomes == OUTCOMES
        assert [account(served, f"ue{n}")["balance_micros"] for n in range(5)] == [
            balance - used for balance, used in zip(BALANCES_MICROS, USED_OCTETS, strict=True)
        ]
        totals = books(served)
        assert sum(USED_OCTETS) == sum(units_used(octets) for _, octets in open5gs())
        assert totals["EUR"]["debited_micros"] == sum(USED_OCTETS)
        assert totals["EUR"]["reserved_micros"] == totals["sessions"] == 0
        assert warnings(tap.capture, tmp_path) == ""
        assert len(sent_commands(tap.capture, tmp_path)) == answers
