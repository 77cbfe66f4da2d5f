"""The captured wire of an unmodified Open5GS SMF, played to a listener over TCP from CER to DPR."""

from pathlib import Path
from typing import NamedTuple

from tests.protocol import base_builder as base
from tests.protocol.socket_driver import GrantingHandler, connect, listening, local_node

CAPTURE = Path(__file__).parent.parent / "vectors" / "open5gs-gy.hex"
NODE = local_node(b"ocs.localdomain", b"localdomain")


class Captured(NamedTuple):
    """One message of the capture."""

    from_gateway: bool
    name: str
    octets: bytes


def captured() -> list[Captured]:
    """Every message, in order."""
    lines = [line.split() for line in CAPTURE.read_text().splitlines() if line.strip()]
    return [Captured(way == "C>S", name, bytes.fromhex(octets)) for _, way, name, octets in lines]


async def test_every_request_of_the_smf_is_answered_as_it_wants() -> None:
    """The same identifiers back, 2001, and the AVPs without which freeDiameter would drop the answer."""
    granting = GrantingHandler(NODE.identity)
    async with listening(NODE, granting) as (listener, port):
        client = await connect(port)
        requests = [message for message in captured() if message.from_gateway]
        for message in requests:
            if not base.is_request(message.octets):
                client.send(message.octets)
                continue
            answer = await client.ask(message.octets)
            assert base.command_of(answer) == base.command_of(message.octets), message.name
            assert answer[4] == message.octets[4] & 0x40, message.name
            assert answer[8:20] == message.octets[8:20], message.name
            assert base.result_code(answer) == 2001, message.name
            assert base.values(answer, 264) == [b"ocs.localdomain"]
            assert base.values(answer, 296) == [b"localdomain"]
            for code in (263, 416, 415):
                assert base.values(answer, code) == base.values(message.octets, code), message.name
        assert [status.state for status in listener.peers()] == ["closing"]
        await client.close()
        assert len(granting.seen) == 15
        assert {request.imsi for request in granting.seen} == {b"99970000000000%d" % n for n in range(1, 6)}


async def test_the_whole_capture_in_one_write() -> None:
    """Segments joined: the CEA first, and an answer to every request."""
    async with listening(NODE, GrantingHandler(NODE.identity)) as (_, port):
        requests = [message.octets for message in captured() if message.from_gateway]
        client = await connect(port)
        client.send(*requests)
        asked = [octets[8:20] for octets in requests if base.is_request(octets)]
        answered = [(await client.receive())[8:20] for _ in asked]
        assert answered[0] == asked[0]
        assert sorted(answered) == sorted(asked)
        await client.close()


async def test_only_application_4_is_offered_to_a_smf_that_also_speaks_gx() -> None:
    """Or its Gx requests would come here."""
    async with listening(NODE, GrantingHandler(NODE.identity)) as (_, port):
        client = await connect(port)
        cea = await client.ask(captured()[0].octets)
        assert base.values(cea, 258) == [b"\0\0\0\4"]
        assert base.values(cea, 260) == base.values(cea, 259) == []
        await client.close()
