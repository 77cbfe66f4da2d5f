"""Foreign stacks charge sessions at a running server, and Wireshark has no word against its answers."""

import asyncio
from pathlib import Path

import pytest

from tests.end_to_end.gateways import tapped
from tests.end_to_end.served import account, books, load_subscribers, serving
from tests.foreign import freediameter, python_diameter
from tests.foreign.wireshark import sent_commands, warnings

pytestmark = pytest.mark.foreign

PAYER = f"{python_diameter.MSISDN},,payer,payg,10.00"


async def test_python_diameter_charges_a_session(tmp_path: Path) -> None:
    """Its node is granted what it asks for, and pays for exactly what it reports."""
    with serving(tmp_path / "data") as served:
        load_subscribers(served, PAYER)
        async with tapped(served.port) as tap:
            answers = await asyncio.to_thread(python_diameter.charge, tap.port)
        parts = [answer.multiple_services_credit_control for answer in answers]
        assert [answer.result_code for answer in answers] == [2001] * 3
        assert [part[0].granted_service_unit.cc_total_octets for part in parts if part] == [5000, 5000]
        assert account(served, "payer")["balance_micros"] == 10_000_000 - 2 * python_diameter.USED_OCTETS
        assert books(served)["EUR"]["reserved_micros"] == 0
        assert sent_commands(tap.capture, tmp_path) == ["257", "272", "272", "272", "282"]
        assert warnings(tap.capture, tmp_path) == ""


@pytest.mark.skipif(bool(freediameter.missing()), reason=freediameter.missing() or "all is there")
async def test_freediameter_charges_a_session(tmp_path: Path) -> None:
    """No answer breaks its dictionary's rules, both Proxy-Info come back, and the books are right."""
    client = freediameter.FreeDiameterClient(tmp_path)
    client.build()
    with serving(tmp_path / "data") as served:
        load_subscribers(served, PAYER)
        async with tapped(served.port) as tap:
            command = client.command(tap.port, updates=3, rating_group=7)
            process = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=tmp_path
            )
            out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, out + err
        answers = freediameter.answers(out.decode())
        assert [answer["result"] for answer in answers] == [2001] * 5
        assert [answer["granted"] for answer in answers] == [1_000_000] * 4 + [-1]
        assert account(served, "payer")["balance_micros"] == 10_000_000 - 4 * 1000
        assert books(served)["EUR"]["reserved_micros"] == 0
        assert sent_commands(tap.capture, tmp_path).count("272") == 5
        assert warnings(tap.capture, tmp_path) == ""
