"""The asyncio front over real sockets: TLS, limits, reconnects, stopping."""

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from pathlib import Path
from typing import cast

import pytest

from protocol.aio import DiameterListener
from protocol.encode import encode_answer
from protocol.messages import CreditControlAnswer, CreditControlRequest
from protocol.tls import server_context
from tests.protocol import base_builder as base
from tests.protocol.peer_driver import HOST, REALM
from tests.protocol.socket_driver import (
    Client,
    GrantingHandler,
    LateHandler,
    connect,
    listening,
    local_node,
    open_peer,
)

NODE = local_node()


def handler() -> GrantingHandler:
    """A handler that answers at once."""
    return GrantingHandler(NODE.identity)


async def settled(condition: object) -> None:
    """Wait until a condition holds; the test's own time limit ends a wait for what never comes."""
    assert callable(condition)
    while not condition():  # noqa: ASYNC110  (what is waited for has no event)
        await asyncio.sleep(0.005)


async def test_a_session_from_cer_to_dpr() -> None:
    """Requests are answered with their own identifiers, and the peer closes."""
    granting = handler()
    async with listening(NODE, granting) as (listener, port):
        client = await open_peer(port)
        cca = await client.ask(base.ccr(0, hop_by_hop=77))
        assert base.result_code(cca) == 2001
        assert cca[12:16] == (77).to_bytes(4, "big")
        assert base.result_code(await client.ask(base.dwr())) == 2001
        assert base.result_code(await client.ask(base.ccr(1, 3))) == 2001
        assert base.result_code(await client.ask(base.dpr())) == 2001
        await client.close()
        await settled(lambda: not listener.peers())

        traffic = listener.traffic()
        assert (traffic.cer_received, traffic.cea_sent) == (1, 1)
        assert (traffic.ccr_received, traffic.cca_sent) == (2, 2)
        assert (traffic.dwr_received, traffic.dwa_sent) == (1, 1)
        assert (traffic.dpr_received, traffic.dpa_sent) == (1, 1)


async def test_requests_of_one_segment_are_one_batch() -> None:
    """They are handed on together and answered in order."""
    granting = handler()
    async with listening(NODE, granting) as (_, port):
        client = await open_peer(port)
        client.send(*[base.ccr(number, 2, hop_by_hop=number) for number in range(20)])
        answers = [await client.receive() for _ in range(20)]
        assert [int.from_bytes(answer[12:16], "big") for answer in answers] == list(range(20))
        assert granting.reads == 1
        await client.close()


async def test_a_stream_of_single_octets_is_served() -> None:
    """Any split of segments."""
    async with listening(NODE, handler()) as (_, port):
        client = await connect(port)
        for octet in base.cer() + base.ccr():
            client.send(bytes([octet]))
            await asyncio.sleep(0)
        assert base.result_code(await client.receive()) == 2001
        assert base.command_of(await client.receive()) == base.CCR
        await client.close()


async def test_status_names_the_peers() -> None:
    """What a console shows."""
    async with listening(NODE, handler()) as (listener, port):
        client = await open_peer(port)
        await client.ask(base.ccr())
        (status,) = listener.peers()
        assert (status.origin_host, status.origin_realm) == ("pgw1.example.net", "example.net")
        assert (status.state, status.watchdog, status.secure) == ("open", "okay", False)
        assert (status.remote_address, status.requests, status.in_flight) == ("127.0.0.1", 1, 0)
        assert status.since_s < 60
        await client.close()


async def test_garbage_ends_its_connection_only() -> None:
    """The other peer goes on."""
    async with listening(NODE, handler()) as (_, port):
        good, bad = await open_peer(port), await open_peer(port, host=b"pgw2.example.net")
        assert base.result_code(await bad.ask(b"\1\0\0\3" + base.ccr()[4:])) == 5015
        assert await bad.receive() == b""
        assert base.result_code(await good.ask(base.ccr())) == 2001
        await good.close()
        await bad.close()


async def test_a_silent_connection_is_closed_by_its_timer() -> None:
    """The CER timeout runs on the loop's clock."""
    async with listening(local_node(capabilities_timeout_ms=50), handler()) as (listener, port):
        client = await connect(port)
        assert await client.receive() == b""
        await settled(lambda: not listener.peers())
        await client.close()


async def test_a_restarted_gateway_is_let_in_at_once() -> None:
    """Its Origin-State-Id has grown, and the half-open old socket is closed."""
    async with listening(NODE, handler()) as (_, port):
        old = await open_peer(port, base.avp(base.ORIGIN_STATE_ID, 1))
        new = await open_peer(port, base.avp(base.ORIGIN_STATE_ID, 2))
        assert await old.receive() == b""
        assert base.result_code(await new.ask(base.ccr())) == 2001
        await old.close()
        await new.close()


async def test_a_crashed_gateway_is_let_in_when_its_old_socket_stays_silent() -> None:
    """Without Origin-State-Id: the old connection is asked, and dropped after the probe's time."""
    async with listening(local_node(probe_timeout_ms=60), handler()) as (listener, port):
        old = await open_peer(port)
        new = await open_peer(port)
        assert base.command_of(await old.receive()) == base.DWR
        assert await old.receive() == b""
        assert base.result_code(await new.ask(base.ccr())) == 2001
        assert len(listener.peers()) == 1
        await old.close()
        await new.close()


async def test_a_reset_of_the_old_socket_lets_the_new_one_in() -> None:
    """What the kernel of a restarted machine answers to the probe."""
    async with listening(local_node(probe_timeout_ms=60_000), handler()) as (_, port):
        old = await open_peer(port)
        new = await connect(port)
        new.send(base.cer())
        await old.receive()
        raw = old.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        old.writer.transport.abort()
        assert base.result_code(await new.receive()) == 2001
        await new.close()


async def test_a_living_gateway_keeps_its_connection() -> None:
    """Its namesake gets 5012."""
    async with listening(NODE, handler()) as (_, port):
        old, new = await open_peer(port), await connect(port)
        new.send(base.cer())
        old.send(base.answer(await old.receive()))
        assert base.result_code(await new.receive()) == 5012
        assert await new.receive() == b""
        assert base.result_code(await old.ask(base.ccr())) == 2001
        await old.close()
        await new.close()


async def test_too_many_connections_are_refused() -> None:
    """And room that became free is used."""
    async with listening(NODE, handler(), max_connections=1) as (listener, port):
        first = await open_peer(port)
        second = await connect(port)
        assert await second.receive() == b""
        assert listener.refused_connections == 1
        await first.close()
        await settled(lambda: not listener.peers())
        third = await open_peer(port)
        for client in (second, third):
            await client.close()


async def test_stopping_says_dpr_and_lets_answers_in_flight_leave() -> None:
    """The DPA may come before the answer: the socket stays for it."""
    late = LateHandler(NODE.identity)
    listener = DiameterListener(NODE, late)
    _, port = await listener.start("127.0.0.1", 0)
    client = await open_peer(port)
    client.send(base.ccr())
    await settled(lambda: late.waiting)

    stopping = asyncio.create_task(listener.stop(grace_s=5))
    dpr = await client.receive()
    assert base.command_of(dpr) == base.DPR
    client.send(base.answer(dpr))
    await settled(lambda: listener.peers()[0].state == "closed")
    late.answer_all()
    assert base.command_of(await client.receive()) == base.CCR
    assert await client.receive() == b""
    await stopping
    await client.close()


async def test_stopping_ends_within_its_grace_time() -> None:
    """A peer that answers nothing and a handler that never answers do not keep the server."""
    late = LateHandler(NODE.identity)
    listener = DiameterListener(NODE, late)
    _, port = await listener.start("127.0.0.1", 0)
    client = await open_peer(port)
    client.send(base.ccr())
    await settled(lambda: late.waiting)
    await asyncio.wait_for(listener.stop(grace_s=0.05), 5)
    late.answer_all()
    await client.close()
    with pytest.raises(ConnectionRefusedError):
        await connect(port)


async def test_answers_for_a_peer_that_is_gone_are_dropped() -> None:
    """Silently."""
    late = LateHandler(NODE.identity)
    async with listening(NODE, late) as (listener, port):
        client = await open_peer(port)
        client.send(base.ccr())
        await settled(lambda: late.waiting)
        client.writer.transport.abort()
        await settled(lambda: not listener.peers())
        late.answer_all()


class LongHandler(GrantingHandler):
    """Gives long answers."""

    def answer(self, request: CreditControlRequest) -> bytes:
        """A CCA of about 32 KiB."""
        answer = CreditControlAnswer(2001)
        answer.error_message = "x" * 32_000
        return encode_answer(self.identity, request, answer)


async def test_a_peer_that_does_not_read_is_not_read_from() -> None:
    """What it can make us remember is bounded by what it asks while it may ask; then it is served again."""
    granting = LongHandler(NODE.identity)
    async with listening(NODE, granting) as (_, port):
        client = await open_peer(port)
        reading = cast("asyncio.Transport", client.writer.transport)
        reading.pause_reading()
        sent = 0
        while True:
            client.send(*[base.ccr(number, 2) for number in range(500)])
            sent += 500
            try:
                await asyncio.wait_for(client.writer.drain(), 0.3)
            except TimeoutError:
                break
            assert sent < 100_000
        handled = len(granting.seen)
        await asyncio.sleep(0.05)
        assert len(granting.seen) == handled < sent
        reading.resume_reading()
        for _ in range(handled + 1):
            assert base.command_of(await client.receive()) == base.CCR
        await client.close()


async def test_several_addresses_have_one_table() -> None:
    """A peer that comes by another address is the same peer."""
    async with listening(NODE, handler()) as (listener, port):
        _, other = await listener.start("127.0.0.1", 0)
        old = await open_peer(port, base.avp(base.ORIGIN_STATE_ID, 1))
        new = await open_peer(other, base.avp(base.ORIGIN_STATE_ID, 2))
        assert await old.receive() == b""
        await old.close()
        await new.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "server.crt", folder / "server.key"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(
        [*request, *subject, "-keyout", key, "-out", made], check=True, capture_output=True, timeout=60
    )
    return made, key


async def tls_client(port: int, authority: Path, own: tuple[Path, Path] | None = None) -> Client:
    """A connection over TLS that trusts one authority and may show a certificate."""
    context = ssl.create_default_context(cafile=str(authority))
    if own is not None:
        context.load_cert_chain(*own)
    return await connect(port, context)


async def test_tls_on_its_own_address(certificate: tuple[Path, Path]) -> None:
    """The session runs over TLS; a peer that insists on it in its CER is right here."""
    async with listening(NODE, handler()) as (listener, _):
        _, port = await listener.start("127.0.0.1", 0, server_context(*certificate))
        client = await tls_client(port, certificate[0])
        cea = await client.ask(base.cer(base.avp(base.INBAND_SECURITY_ID, 1)))
        assert base.result_code(cea) == 2001
        assert listener.peers()[0].secure
        assert base.result_code(await client.ask(base.ccr())) == 2001
        await client.close()


async def test_tls_asks_for_the_peers_certificate_when_authorities_are_set(
    certificate: tuple[Path, Path],
) -> None:
    """A peer without one is not heard."""
    async with listening(NODE, handler()) as (listener, _):
        _, port = await listener.start("127.0.0.1", 0, server_context(*certificate, certificate[0]))
        known = await tls_client(port, certificate[0], certificate)
        assert base.result_code(await known.ask(base.cer())) == 2001
        await known.close()

        unknown = await tls_client(port, certificate[0])
        assert await unknown.ask(base.cer()) == b""
        await unknown.close()


async def test_plain_octets_on_the_tls_address_are_no_peer(certificate: tuple[Path, Path]) -> None:
    """The handshake fails and nothing else happens."""
    async with listening(NODE, handler()) as (listener, _):
        _, port = await listener.start("127.0.0.1", 0, server_context(*certificate))
        client = await connect(port)
        client.send(base.cer())
        assert base.values(await client.receive() or base.dwr(), 268) == []
        assert listener.peers() == []
        await client.close()


async def test_the_cea_names_the_address_the_peer_came_to() -> None:
    """And the configured identity."""
    async with listening(NODE, handler()) as (_, port):
        client = await connect(port)
        cea = await client.ask(base.cer())
        assert base.values(cea, 257) == [b"\0\1\x7f\0\0\1"]
        assert (base.values(cea, 264), base.values(cea, 296)) == ([HOST], [REALM])
        await client.close()
