"""SIGTERM under load, and SIGHUP with catalogues good and bad."""

import asyncio
import signal
import time
from pathlib import Path

from tests.end_to_end.gateways import gateway
from tests.end_to_end.served import FIRST_MSISDN, ROOT, Served, account, books, load_payers, serving
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import build_ccr, mscc
from tests.protocol.socket_driver import Client

SENT = 400


def opening(number: int, name: str = "stop") -> bytes:
    """A CCR-I of one of a hundred subscribers."""
    return build_ccr(
        session_id=f"{name};{number}",
        msisdn=str(FIRST_MSISDN + number % 100),
        mscc=[mscc(rating_group=1, requested=1000)],
        hop_by_hop=number,
        end_to_end=number,
    )


async def until_end(client: Client) -> list[bytes]:
    """All messages up to the end of the stream; a DPR is answered."""
    messages = []
    while message := await client.receive():
        messages.append(message)
        if base.is_request(message) and base.command_of(message) == base.DPR:
            client.send(base.answer(message))
    return messages


async def test_stop_under_load_answers_what_was_accepted(tmp_path: Path) -> None:
    """A DPR with cause REBOOTING to each peer, an answer to each request, exit code 0, books without a gap."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 100, "1000.00")
        async with gateway(served.port) as first, gateway(served.port, host=b"pgw2.example.net") as idle:
            first.send(*(opening(number) for number in range(SENT)))
            began = await first.receive()
            served.signal(signal.SIGTERM)
            messages, quiet = await asyncio.gather(until_end(first), until_end(idle))
            assert await asyncio.to_thread(served.wait) == 0
    requests = [base.command_of(message) for message in (*messages, *quiet) if base.is_request(message)]
    assert requests == [base.DPR, base.DPR]
    answers = [message for message in [began, *messages] if base.command_of(message) == base.CCR]
    assert len(answers) == SENT
    assert {base.result_code(message) for message in answers} <= {2001, 3004}


def log_has(served: Served, words: str) -> bool:
    """Wait until the log says something."""
    end_s = time.monotonic() + 20
    while time.monotonic() < end_s:
        if words in served.log:
            return True
        time.sleep(0.02)
    return False


async def test_reload_takes_good_catalogues_only(tmp_path: Path) -> None:
    """After SIGHUP a good catalogue's price holds for what is granted next; a broken one changes nothing."""
    example = (ROOT / "config/examples/small_mvno/catalogue.yaml").read_text()
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(example)
    with serving(tmp_path / "data", f'[catalogue]\npath = "{catalogue}"\n') as served:
        load_payers(served, 1, "10.00")
        async with gateway(served.port) as client:
            assert base.result_code(await client.ask(opening(0))) == 2001
            balances = [await charged(client, served, 1)]
            catalogue.write_text(example.replace("price: 1.00 EUR", "price: 2.00 EUR"))
            served.signal(signal.SIGHUP)
            assert await asyncio.to_thread(log_has, served, "catalogue reloaded")
            balances.append(await charged(client, served, 2))
            catalogue.write_text(example.replace("price: 1.00 EUR per 1 MB", "price: cheap", 1) + "plan: []\n")
            served.signal(signal.SIGHUP)
            assert await asyncio.to_thread(log_has, served, "the catalogue was not reloaded")
            balances.append(await charged(client, served, 3))
        assert balances == [10_000_000 - 1000, 10_000_000 - 2000, 10_000_000 - 4000]
        assert books(served)["sessions"] == 1


async def charged(client: Client, served: Served, number: int) -> int:
    """The balance after a CCR-U of a thousand octets."""
    units = mscc(rating_group=1, requested=1000, used=1000)
    request = build_ccr(
        session_id="stop;0", request_type=2, request_number=number, mscc=[units], end_to_end=100 + number
    )
    answer = await client.ask(request)
    assert base.result_code(answer) == 2001
    balance: int = account(served, str(FIRST_MSISDN))["balance_micros"]
    return balance
