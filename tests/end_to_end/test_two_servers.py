"""Two servers on one store: sessions move between them in the middle, books stay exact."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.balance.servers import DURABLE, ServerProcess, binary_of
from tests.end_to_end.gateways import gateway
from tests.end_to_end.recording_gateway import RecordingGateway
from tests.end_to_end.served import FIRST_MSISDN, account, books, load_payers, load_subscribers, serving
from tests.end_to_end.test_crash import answered, assert_exactly_once, short_lived, until_nothing_is_held
from tests.protocol import base_builder as base
from tests.protocol.ccr_builder import build_ccr, mscc
from tests.protocol.socket_driver import Client


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[ServerProcess]:
    """A durable Valkey that belongs to neither server."""
    store = ServerProcess(binary_of("valkey"), tmp_path / "store", *DURABLE)
    store.start()
    yield store
    store.stop()


async def test_sessions_move_between_servers(tmp_path: Path, shared: ServerProcess) -> None:
    """Gateways change the server again and again with requests under way; each octet is charged once."""
    directory = f'[records]\ndirectory = "{tmp_path}/cdr"\n'
    settings = short_lived(tmp_path).replace("[records]\n", directory)
    store = f"unix:{shared.socket_path}"
    with serving(tmp_path / "a", settings, store) as a, serving(tmp_path / "b", settings, store) as b:
        load_payers(a, 20, "1000.00")
        gateways = [
            RecordingGateway(0, [a.port, b.port], range(10), 1),
            RecordingGateway(1, [b.port, a.port], range(10, 20), 1),
        ]
        for each in gateways:
            each.start()
        for number in range(6):
            await answered(gateways, 150)
            gateways[number % 2].move()
        await answered(gateways, 150)
        for each in gateways:
            await each.vanish()
        assert [each.unexpected for each in gateways] == [[], []]
        await until_nothing_is_held(a)
        totals = books(b)
    sessions = [session for each in gateways for session in each.sessions]
    assert_exactly_once(sessions, tmp_path / "cdr", totals["EUR"]["debited_micros"])


async def test_one_account_is_spent_at_two_servers(tmp_path: Path, shared: ServerProcess) -> None:
    """Both servers sell one small account at the same time: never more than it holds is granted."""
    store = f"unix:{shared.socket_path}"
    settings = f'[records]\ndirectory = "{tmp_path}/cdr"\n'
    with serving(tmp_path / "a", settings, store) as a, serving(tmp_path / "b", settings, store) as b:
        load_subscribers(a, *(f"{FIRST_MSISDN + n},,family,payg,0.100000" for n in range(20)))
        async with gateway(a.port) as first, gateway(b.port) as second:
            granted = await asyncio.gather(*(sell(client, half) for half, client in enumerate((first, second))))
        assert sum(granted) == account(b, "family")["reserved_micros"] == 100_000
        assert books(a)["EUR"]["balance_micros"] == 100_000


async def sell(client: Client, half: int) -> int:
    """Open ten sessions at one server; how many octets were granted."""
    granted = 0
    for number in range(10):
        request = build_ccr(
            session_id=f"family;{half};{number}",
            msisdn=str(FIRST_MSISDN + 10 * half + number),
            mscc=[mscc(rating_group=1, requested=9_000)],
            end_to_end=half * 10 + number,
            origin_host=f"pgw{half}.example.net",
        )
        answer = await client.ask(request)
        assert base.result_code(answer) in {2001, 4012}
        for data in base.values(answer, 456):
            units = dict(base.avps(dict(base.avps(data)).get(431, b"")))
            granted += int.from_bytes(units.get(421, b""), "big")
    return granted
