"""freeDiameter connects, charges one session and parts: its dictionary's rules judge our answers."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.foreign import freediameter
from tests.protocol.socket_driver import GRANTED_OCTETS, GrantingHandler, listening, local_node

pytestmark = [
    pytest.mark.foreign,
    pytest.mark.skipif(bool(freediameter.missing()), reason=freediameter.missing() or "all is there"),
]

NODE = local_node()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> freediameter.FreeDiameterClient:
    """The client, compiled once."""
    made = freediameter.FreeDiameterClient(tmp_path_factory.mktemp("freediameter"))
    made.build()
    return made


async def run(command: list[str], folder: Path) -> tuple[int | None, str, str]:
    """Run the client to its end; give its status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode(), err.decode("utf-8", "replace")


@pytest.mark.parametrize("send_destination_host", [True, False])
async def test_a_session_with_freediameter(
    client: freediameter.FreeDiameterClient, send_destination_host: bool
) -> None:
    """CER, CCR-I, two CCR-U, CCR-T with Proxy-Info, DPR: no answer is dropped or wrong."""
    granting = GrantingHandler(NODE.identity)
    async with listening(NODE, granting) as (listener, port):
        command = client.command(port, updates=2, rating_group=7, send_destination_host=send_destination_host)
        status, out, err = await run(command, client.folder)

        assert status == 0, out + err
        answers = freediameter.answers(out)
        assert [(answer["type"], answer["number"]) for answer in answers] == [(1, 0), (2, 1), (2, 2), (3, 3)]
        assert {answer["result"] for answer in answers} == {2001}
        assert [answer["granted"] for answer in answers] == [GRANTED_OCTETS] * 3 + [-1]
        assert [request.services[0].rating_group for request in granting.seen] == [7] * 4
        assert {request.msisdn for request in granting.seen} == {b"491700000001"}
        traffic = listener.traffic()
        assert (traffic.cer_received, traffic.dpr_received, traffic.refused) == (1, 1, {})
