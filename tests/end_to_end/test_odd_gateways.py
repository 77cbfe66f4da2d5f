"""Gateways that are odd, slow, deaf or gone, at a running server."""

import asyncio
import resource
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.gateways import connected, gateway
from tests.end_to_end.served import FIRST_MSISDN, account, books, load_payers, serving
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import avp, build_ccr, group, mscc
from tests.protocol.socket_driver import Client

PAYER = str(FIRST_MSISDN)


def opening(number: int, subscriber: int = 0) -> bytes:
    """A CCR-I that asks for a thousand octets."""
    return build_ccr(
        session_id=f"odd;{number}",
        msisdn=str(FIRST_MSISDN + subscriber),
        mscc=[mscc(rating_group=1, requested=1000)],
        hop_by_hop=number,
        end_to_end=number,
    )


async def charge(client: Client, session_id: str = "fine;1") -> None:
    """A whole session of a thousand octets, each answer right."""
    for number, kind in enumerate((1, 2, 3)):
        units = mscc(rating_group=1, requested=1000 if kind < 3 else None, used=500 if kind > 1 else None)
        octets = build_ccr(
            session_id=session_id, msisdn=PAYER, request_type=kind, request_number=number, mscc=[units],
            end_to_end=900_000_000 + number,
        )  # fmt: skip
        assert base.result_code(await client.ask(octets)) == 2001


async def test_octet_by_octet(tmp_path: Path) -> None:
    """A stream cut into single octets is served like any other."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "1.00")
        async with connected(served.port) as client:
            for octets in (base.cer(), opening(1)):
                for at in range(len(octets)):
                    client.send(octets[at : at + 1])
                    await asyncio.sleep(0)
                assert base.result_code(await client.receive()) == 2001


async def test_gateway_without_sums_or_numbers_in_order(tmp_path: Path) -> None:
    """Empty RSUs, usage above the grant, and a CCR-T with its last CCR-U's number: all charged, once."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "100.00")
        async with gateway(served.port) as client:
            for kind, number, requested, used in (
                (1, 0, True, None),
                (2, 1, True, 20_000_000),
                (3, 1, None, 7),
            ):
                services = [mscc(rating_group=group, requested=requested, used=used) for group in (1, 2)]
                octets = build_ccr(
                    msisdn=PAYER, request_type=kind, request_number=number, mscc=services, end_to_end=10 * kind
                )
                for _ in range(2):
                    answer = await client.ask(octets)
                    assert base.result_code(answer) == 2001
                    assert len(base.values(answer, 456)) == (2 if kind < 3 else 0)
        assert account(served, PAYER)["balance_micros"] == 100_000_000 - 2 * 20_000_007
        assert books(served)["EUR"]["reserved_micros"] == 0


async def test_request_of_a_strange_client(tmp_path: Path) -> None:
    """No Subscription-Id, no MSCC, an unknown context, a large Proxy-Info: refused, with all a client needs."""
    proxy = group(284, [avp(280, b"proxy.example.net"), avp(33, bytes(range(256)) * 4)])
    octets = build_ccr(
        msisdn=None, imsi=None, service_context_id="version2.clci.ipc@vodafone.com", proxy_info=[proxy]
    )
    with serving(tmp_path / "data") as served:
        async with gateway(served.port) as client:
            answer = await client.ask(octets)
    assert base.result_code(answer) in {5030, 5031}
    assert answer[4] == 0x40
    assert answer[20:24] == (263).to_bytes(4, "big")
    for code in (263, 416, 415, 258, 284):
        assert base.values(answer, code) == base.values(octets, code), code
    assert base.values(answer, 264) == [b"ocs.example.net"]


async def test_crashed_gateway_comes_back(tmp_path: Path) -> None:
    """Its old connection is still open here, and deaf: the new one is served soon, and sessions go on."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "1.00")
        async with gateway(served.port) as dead:
            assert base.result_code(await dead.ask(opening(1))) == 2001
            async with connected(served.port) as client:
                began_s = time.monotonic()
                assert base.result_code(await client.ask(base.cer())) == 2001
                assert time.monotonic() - began_s < 20
                update = build_ccr(
                    session_id="odd;1", request_type=2, request_number=1, end_to_end=77,
                    mscc=[mscc(rating_group=1, requested=1000, used=1000)],
                )  # fmt: skip
                assert base.result_code(await client.ask(update)) == 2001
        assert account(served, PAYER)["balance_micros"] == 1_000_000 - 1000


async def test_restarted_gateway_is_let_in_at_once(tmp_path: Path) -> None:
    """A larger Origin-State-Id proves the restart; the old connection is closed."""
    with serving(tmp_path / "data") as served:
        async with (
            gateway(served.port, base.avp(278, 1)) as dead,
            gateway(served.port, base.avp(278, 2)) as new,
        ):
            assert await dead.receive() == b""
            assert base.result_code(await new.ask(base.dwr())) == 2001


async def test_deaf_gateway_holds_up_nobody(tmp_path: Path) -> None:
    """Who sends for ever and reads nothing is not read any more in the end; others are served."""
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "100.00")
        async with gateway(served.port, host=b"deaf.example.net") as deaf, gateway(served.port) as client:
            deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]  # the only way not to read
            before = resident_octets(served.process_id)
            sent = 0
            while sent < 64 << 20:
                deaf.send(*(base.dwr(), opening(1)) * 100)
                sent += 100 * len(base.dwr() + opening(1))
                try:
                    await asyncio.wait_for(deaf.writer.drain(), 2)
                except TimeoutError:
                    break
            assert sent < 64 << 20
            assert resident_octets(served.process_id) - before < 50_000_000
            await charge(client)
            deaf.writer.transport.abort()
        assert books(served)["EUR"]["debited_micros"] == 1000


def resident_octets(process_id: int) -> int:
    """The resident memory of a process."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


async def test_too_much_in_flight_is_shed_at_once(tmp_path: Path) -> None:
    """Over the bound: 3004 with the E bit; what was admitted is served, and so are repeats of the others."""
    requests = {number: opening(number, number % 50) for number in range(3000)}
    with serving(tmp_path / "data", "[limits]\nrequests_in_flight = 64\n") as served:
        load_payers(served, 50, "1000.00")
        async with gateway(served.port) as client:
            client.send(*requests.values())
            codes: Counter[int] = Counter()
            served_numbers = set()
            for _ in requests:
                answer = await client.receive()
                code = base.result_code(answer)
                codes[code] += 1
                assert answer[4] == (0x60 if code == 3004 else 0x40)
                if code == 2001:
                    served_numbers.add(int.from_bytes(answer[12:16], "big"))
            assert set(codes) == {2001, 3004}
            assert len(served_numbers) == codes[2001] >= 64
            refused = next(number for number in requests if number not in served_numbers)
            assert base.result_code(await client.ask(requests[refused])) == 2001
        totals = books(served)
    assert totals["sessions"] == codes[2001] + 1
    assert totals["EUR"]["reserved_micros"] == 1000 * totals["sessions"]


async def test_many_idle_connections(tmp_path: Path) -> None:
    """Hundreds that say nothing, and as many gateways that only connect, leave room for one that works."""
    idle = 600
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 3 * idle:
        if hard < 3 * idle:
            pytest.skip("too few open files are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (3 * idle, hard))
    with serving(tmp_path / "data") as served:
        load_payers(served, 1, "1.00")
        clients = [Client(*await asyncio.open_connection("127.0.0.1", served.port)) for _ in range(2 * idle)]
        for number, client in enumerate(clients[:idle]):
            assert base.result_code(await client.ask(base.cer(host=b"idle%d.example.net" % number))) == 2001
        async with gateway(served.port) as client:
            await charge(client)
        for client in clients:
            client.writer.transport.abort()
            await client.close()
